"""Owns the events of version 1.

A field with a default may be left out; the default is the event's own for ever. In an update, a field that
is left out (`UNSET`) stays as it was.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType, field

from pjai_wire.fields import (
    Avatar,
    Description,
    Document,
    Id,
    Importance,
    Instant,
    MemoryTier,
    MemoryType,
    MessageText,
    Name,
    Personality,
    PersonalityLike,
    PersonaName,
    PersonaSettings,
    PersonaSettingsLike,
    Role,
    Sentiment,
    Vector,
    Weight,
    Word,
    WordsLike,
    check_vector,
)
from pjai_wire.ids import now_ms
from pjai_wire.query import Identifier


class Event(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Something that happened."""

    at: Instant = field(default_factory=now_ms)
    """When it happened; the daemon fills in the present where it is left out."""


class ActorRefused(Event, frozen=True, kw_only=True):
    """An actor was refused what its declaration does not name."""

    id: Id
    """The actor's name in the audit trail."""
    wanted: Identifier
    """The method or the event."""


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
    """A persona ends, with its memories, conversations and workflows."""

    id: Id


class MemoryEntityCreated(Event, frozen=True, kw_only=True):
    """A persona remembers something."""

    id: Id
    persona_id: Id
    type: MemoryType
    name: Name
    content: Document = field(default_factory=dict)
    summary: Description = ""
    tags: WordsLike = ()
    importance: Importance = 50
    last_accessed_at: Instant | None = None
    """`at` where it is left out."""
    embedding: Vector | None = None
    embedding_model: Word | None = None
    memory_tier: MemoryTier = "hot"
    metadata: Document = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_vector(self.embedding, self.embedding_model)


class MemoryEntityUpdated(Event, frozen=True, kw_only=True):
    """A memory's fields change; its version counts up by one."""

    id: Id
    type: MemoryType | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    content: Document | UnsetType = UNSET
    summary: Description | UnsetType = UNSET
    tags: WordsLike | UnsetType = UNSET
    importance: Importance | UnsetType = UNSET
    embedding: Vector | UnsetType | None = UNSET
    embedding_model: Word | UnsetType | None = UNSET
    memory_tier: MemoryTier | UnsetType = UNSET

    def __post_init__(self) -> None:
        check_vector(self.embedding, self.embedding_model)


class MemoryEntityAccessed(Event, frozen=True, kw_only=True):
    """A memory was of use."""

    id: Id


class MemoryEntityLinked(Event, frozen=True, kw_only=True):
    """A connection from one memory to another is made."""

    id: Id
    from_id: Id
    to_id: Id
    kind: Word = "related"
    weight: Weight = 1.0


class MemoryEntityUnlinked(Event, frozen=True, kw_only=True):
    """A connection between memories ends."""

    id: Id


class MemoryEntityDeleted(Event, frozen=True, kw_only=True):
    """A memory is deleted and its connections end; the row stays, with `deletedAt`."""

    id: Id


class ConversationStarted(Event, frozen=True, kw_only=True):
    """A conversation begins, without messages."""

    id: Id
    persona_id: Id
    session_id: Id | None = None
    summary: Description = ""
    sentiment: Sentiment | None = None
    topics: WordsLike = ()
    importance: Importance = 50


class ConversationMessageAdded(Event, frozen=True, kw_only=True):
    """A message is added at the end of a conversation."""

    id: Id
    conversation_id: Id
    role: Role
    content: MessageText
    metadata: Document = field(default_factory=dict)


class ConversationUpdated(Event, frozen=True, kw_only=True):
    """A conversation's fields change."""

    id: Id
    summary: Description | UnsetType = UNSET
    sentiment: Sentiment | UnsetType | None = UNSET
    topics: WordsLike | UnsetType = UNSET
    importance: Importance | UnsetType = UNSET


class ConversationArchived(Event, frozen=True, kw_only=True):
    """A conversation is put away."""

    id: Id


class ConversationUnarchived(Event, frozen=True, kw_only=True):
    """A conversation is taken out again."""

    id: Id


class ConversationDeleted(Event, frozen=True, kw_only=True):
    """A conversation ends, with its messages."""

    id: Id


class WorkflowSaved(Event, frozen=True, kw_only=True):
    """A workflow is made, or replaced as a whole."""

    id: Id
    name: Name
    description: Description = ""
    persona_id: Id | None = None
    definition: Document = field(default_factory=dict)
    is_template: bool = False
    is_public: bool = False
    tags: WordsLike = ()


class WorkflowExecuted(Event, frozen=True, kw_only=True):
    """A workflow ran."""

    id: Id


class WorkflowDeleted(Event, frozen=True, kw_only=True):
    """A workflow ends."""

    id: Id


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
