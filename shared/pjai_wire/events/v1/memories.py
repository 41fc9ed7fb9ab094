"""Owns the events of memories, and of the links between them."""

from __future__ import annotations

from msgspec import UNSET, UnsetType, field

from pjai_wire.events.v1.base import Event
from pjai_wire.fields import (
    Description,
    Document,
    Id,
    Importance,
    Instant,
    MemoryTier,
    MemoryType,
    Name,
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
