"""Owns the events about actors."""

from __future__ import annotations

from typing import ClassVar

from pjai_wire.events.v1.base import Event
from pjai_wire.fields import Id
from pjai_wire.query import Identifier


class ActorRefused(Event, frozen=True, kw_only=True):
    """An actor was refused what its declaration does not name."""

    daemon_only: ClassVar[bool] = True

    id: Id
    """The actor's name in the audit trail."""
    wanted: Identifier
    """The method or the event."""


class EmbedderReturned(Event, frozen=True, kw_only=True):
    """Texts can be embedded again, and watched searches that went without are run again."""

    daemon_only: ClassVar[bool] = True

    id: Id
    """The actor's name in the audit trail."""
