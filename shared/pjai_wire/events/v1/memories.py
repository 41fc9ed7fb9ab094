"""Owns the events of memories, and of the links between them."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, UnsetType, field

from pjai_wire.events.v1.base import Event
from pjai_wire.fields import (
    ContentHash,
    Description,
    DictionaryVersion,
    Document,
    Id,
    Ids,
    Importance,
    Instant,
    MemoryTier,
    MemoryType,
    Name,
    TierReason,
    Vector,
    Weight,
    Word,
    WordsLike,
    check_vector,
)


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
    content_hash: ContentHash | None = None

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
    reason: Literal["orphaned"] | None = None
    """Why, where the memory steward says so: one of its ends was gone."""


class MemoryEntityDeleted(Event, frozen=True, kw_only=True):
    """A memory is deleted and its connections end; the row stays, with `deletedAt`."""

    id: Id


class MemoryPinned(Event, frozen=True, kw_only=True):
    """A memory is to stay hot and never to expire."""

    id: Id


class MemoryUnpinned(Event, frozen=True, kw_only=True):
    """A memory is like others again."""

    id: Id


class MemoriesTiered(Event, frozen=True, kw_only=True):
    """Memories of a persona move to a tier; to them that is no change that counts up a version."""

    id: Id
    """The persona's."""
    ids: Ids
    tier: MemoryTier
    reason: TierReason


class MemoriesDeleted(Event, frozen=True, kw_only=True):
    """Memories of a persona are deleted together, as by `MemoryEntityDeleted`."""

    id: Id
    """The persona's."""
    ids: Ids
    reason: Literal["persona_deleted"]


class MemoriesExpired(Event, frozen=True, kw_only=True):
    """Memories of a persona, not accessed for long, are deleted as by `MemoryEntityDeleted`."""

    id: Id
    """The persona's."""
    ids: Ids
    reason: Literal["retention"]
    before: Instant
    """None of them was accessed since."""


class MemoriesPurged(Event, frozen=True, kw_only=True):
    """Deleted memories of a persona, which may be gone itself, lose their rows."""

    id: Id
    """The persona's."""
    ids: Ids
    reason: Literal["deleted_long_ago"]
    before: Instant
    """All of them were deleted earlier."""


class MemoriesPacked(Event, frozen=True, kw_only=True):
    """Contents of a persona's memories, which are seldom read, are stored compressed; they read as before."""

    id: Id
    """The persona's."""
    ids: Ids
    dictionary: DictionaryVersion
    reason: Literal["seldom_read"]


class MemoriesLeftPlain(Event, frozen=True, kw_only=True):
    """Contents of a persona's memories were found not to shrink, and stay as they are until they change."""

    id: Id
    """The persona's."""
    ids: Ids
    dictionary: DictionaryVersion
    reason: Literal["would_not_shrink"]
