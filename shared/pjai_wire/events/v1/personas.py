"""Owns the events of personas."""

from __future__ import annotations

from typing import ClassVar

from msgspec import UNSET, UnsetType, field

from pjai_wire.events.v1.base import Event
from pjai_wire.fields import (
    Avatar,
    ClientName,
    Description,
    Document,
    Id,
    Personality,
    PersonalityLike,
    PersonaName,
    PersonaSettings,
    PersonaSettingsLike,
    Sealed,
)
from pjai_wire.query import Identifier


class PersonaCreated(Event, frozen=True, kw_only=True):
    """A persona begins, inactive."""

    id: Id
    name: PersonaName
    description: Description = ""
    avatar: Avatar | None = None
    personality: PersonalityLike = field(default_factory=Personality)
    settings: PersonaSettingsLike = field(default_factory=PersonaSettings)
    memory_config: Document = field(default_factory=dict)


class PersonaUpdated(Event, frozen=True, kw_only=True):
    """A persona's fields change."""

    id: Id
    name: PersonaName | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    avatar: Avatar | UnsetType | None = UNSET
    personality: PersonalityLike | UnsetType = UNSET
    settings: PersonaSettingsLike | UnsetType = UNSET
    memory_config: Document | UnsetType = UNSET


class PersonaActivated(Event, frozen=True, kw_only=True):
    """A persona becomes the active one."""

    id: Id


class PersonaDeactivated(Event, frozen=True, kw_only=True):
    """A persona is the active one no longer."""

    id: Id


class PersonaUsed(Event, frozen=True, kw_only=True):
    """A persona served its user."""

    id: Id


class PersonaDeleted(Event, frozen=True, kw_only=True):
    """A persona ends, with its memories, conversations, workflows and secrets."""

    id: Id


class PersonaSecretsSet(Event, frozen=True, kw_only=True):
    """A persona's secrets change; they come sealed, and the audit trail withholds them all the same."""

    withheld: ClassVar[bool] = True

    id: Id
    private_memory: Sealed | UnsetType | None = UNSET
    api_keys: Sealed | UnsetType | None = UNSET


class PersonaSecretRevealed(Event, frozen=True, kw_only=True):
    """A persona's secret was told to somebody."""

    daemon_only: ClassVar[bool] = True

    id: Id
    column: Identifier
    client: ClientName
    """To whom: the name in its hello."""
