"""Owns the methods of the persona actor: create, update, activate and so on, secrets, insights.

As in the events, type checkers let a plain mapping stand where a structured field is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from msgspec import UNSET, Struct, UnsetType, field

from pjai_wire.fields import (
    ApiKeys,
    Avatar,
    Description,
    Document,
    Id,
    Instant,
    Manner,
    Personality,
    PersonalityLike,
    PersonaName,
    PersonaSettings,
    PersonaSettingsLike,
    PrivacyLevel,
    PrivateMemory,
    RetentionDays,
    SanitiserPolicy,
    Words,
)
from pjai_wire.methods.method import Method, Params, Result, Scope

PersonaSecret = Literal["privateMemory", "apiKeys"]
"""What a persona keeps to itself."""


class PersonaParams(Params, frozen=True, kw_only=True):
    """Which persona."""

    id: Id


class PersonaCreateParams(Params, frozen=True, kw_only=True):
    """What the persona is to be."""

    name: PersonaName
    id: Id | UnsetType = UNSET
    """By default a new one."""
    description: Description = ""
    avatar: Avatar | None = None
    personality: PersonalityLike = field(default_factory=Personality)
    settings: PersonaSettingsLike = field(default_factory=PersonaSettings)
    memory_config: Document = field(default_factory=dict)


class PersonalityChange(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What of a personality changes."""

    traits: Words | UnsetType = UNSET
    temperament: Manner | UnsetType = UNSET
    communication_style: Manner | UnsetType = UNSET


class PersonaSettingsChange(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What of a persona's settings changes."""

    memory_retention: RetentionDays | UnsetType = UNSET
    privacy_level: PrivacyLevel | UnsetType = UNSET
    auto_learn: bool | UnsetType = UNSET
    sanitiser: SanitiserPolicy | UnsetType | None = UNSET


if TYPE_CHECKING:
    PersonalityChangeLike = PersonalityChange | Mapping[str, object]
    PersonaSettingsChangeLike = PersonaSettingsChange | Mapping[str, object]
else:
    PersonalityChangeLike = PersonalityChange
    PersonaSettingsChangeLike = PersonaSettingsChange


class PersonaUpdateParams(Params, frozen=True, kw_only=True):
    """What changes; personality and settings field by field."""

    id: Id
    name: PersonaName | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    avatar: Avatar | UnsetType | None = UNSET
    personality: PersonalityChangeLike | UnsetType = UNSET
    settings: PersonaSettingsChangeLike | UnsetType = UNSET
    memory_config: Document | UnsetType = UNSET


class PersonaDuplicateParams(Params, frozen=True, kw_only=True):
    """What to make another of."""

    id: Id
    name: PersonaName | UnsetType = UNSET
    """By default that of the first with a number, such as `Ada (2)`."""
    with_memories: bool = False


class PersonaSetSecretsParams(Params, frozen=True, kw_only=True):
    """Secrets; null removes one, and what is left out stays."""

    id: Id
    private_memory: PrivateMemory | UnsetType | None = UNSET
    api_keys: ApiKeys | UnsetType | None = UNSET
    """All of them, each by its name."""


class PersonaRevealParams(Params, frozen=True, kw_only=True):
    """Which secret."""

    id: Id
    secret: PersonaSecret


class PersonaChanged(Result, frozen=True, kw_only=True):
    """It is durable, and every query shows it."""

    id: str
    seq: int
    """What a live query has `reached` when it shows it."""


class PersonaDuplicated(Result, frozen=True, kw_only=True):
    """The other persona."""

    id: str
    name: str
    memories: int
    """How many were copied."""
    links: int
    """How many connections between these."""
    seq: int


class PersonaRevealed(Result, frozen=True, kw_only=True):
    """The secret that was asked for; the other is null."""

    private_memory: str | None = None
    api_keys: dict[str, str] | None = None
    seq: int
    """Of the event on the audit trail that says that it was told."""


AgeName = Literal["day", "week", "month", "quarter", "year", "older"]


class AgeBucket(Result, frozen=True, kw_only=True):
    """Memories of about one age."""

    name: AgeName
    """Up to which age, the bucket before left out: 1, 7, 30, 91, 365 days, or more."""
    memories: int


class PersonaInsights(Result, frozen=True, kw_only=True):
    """A persona's memories as a whole, those that are deleted left out."""

    id: str
    at: Instant
    """The instant from which ages and days are counted back."""
    memories: int
    by_type: dict[str, int]
    """Of each type that occurs."""
    by_tier: dict[str, int]
    """Of each tier that occurs."""
    importance_average: float | None
    """None where there is no memory."""
    ages: tuple[AgeBucket, ...]
    """The youngest first."""
    growth: tuple[int, ...]
    """Memories made in each of the last 30 days of 24 hours, the oldest first."""
    conversations: int
    links: int
    log_bytes: int
    """What the log holds of it: the arguments of all events about it."""
    log_bytes_lately: int
    """Of these, what was recorded today and on the 29 days before, UTC."""


PERSONA_CREATE = Method(
    "persona.create", PersonaCreateParams, PersonaChanged, needs=Scope.WRITE, repeatable=False
)
PERSONA_UPDATE = Method(
    "persona.update", PersonaUpdateParams, PersonaChanged, needs=Scope.WRITE, repeatable=False
)
PERSONA_ACTIVATE = Method(
    "persona.activate", PersonaParams, PersonaChanged, needs=Scope.WRITE, repeatable=False
)
PERSONA_DEACTIVATE = Method(
    "persona.deactivate", PersonaParams, PersonaChanged, needs=Scope.WRITE, repeatable=False
)
PERSONA_TOUCH = Method("persona.touch", PersonaParams, PersonaChanged, needs=Scope.WRITE, repeatable=False)
PERSONA_DUPLICATE = Method(
    "persona.duplicate", PersonaDuplicateParams, PersonaDuplicated, needs=Scope.WRITE, repeatable=False
)
PERSONA_DELETE = Method("persona.delete", PersonaParams, PersonaChanged, needs=Scope.WRITE, repeatable=False)
PERSONA_SET_SECRETS = Method(
    "persona.set_secrets", PersonaSetSecretsParams, PersonaChanged, needs=Scope.SECRETS, repeatable=False
)
PERSONA_REVEAL = Method(
    "persona.reveal", PersonaRevealParams, PersonaRevealed, needs=Scope.SECRETS, repeatable=False
)
PERSONA_INSIGHTS = Method(
    "persona.insights", PersonaParams, PersonaInsights, needs=Scope.READ, repeatable=True
)
