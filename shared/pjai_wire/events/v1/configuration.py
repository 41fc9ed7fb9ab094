"""Owns the events of plugins, of the system's configuration and of preferences."""

from __future__ import annotations

from typing import Any

from msgspec import field

from pjai_wire.events.v1.base import Event
from pjai_wire.fields import Document, Id, Name, Word


class PluginInstalled(Event, frozen=True, kw_only=True):
    """A plugin is installed, or replaced by another version of it."""

    id: Id
    name: Name
    version: Word
    manifest: Document = field(default_factory=dict)
    is_enabled: bool = True


class PluginEnabled(Event, frozen=True, kw_only=True):
    """A plugin is switched on."""

    id: Id


class PluginDisabled(Event, frozen=True, kw_only=True):
    """A plugin is switched off."""

    id: Id


class PluginRemoved(Event, frozen=True, kw_only=True):
    """A plugin is removed."""

    id: Id


class SystemConfigSet(Event, frozen=True, kw_only=True):
    """A shared setting takes a value."""

    id: Id
    value: Any


class SystemConfigRemoved(Event, frozen=True, kw_only=True):
    """A shared setting goes."""

    id: Id


class UserPreferenceSet(Event, frozen=True, kw_only=True):
    """A preference takes a value."""

    id: Id
    value: Any


class UserPreferenceRemoved(Event, frozen=True, kw_only=True):
    """A preference goes."""

    id: Id
