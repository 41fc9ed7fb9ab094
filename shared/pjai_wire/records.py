"""Owns the records: what each table holds, its columns in the order in which rows travel.

A row travels as an array in column order. New columns are added at the end, with a default; behind them stand
those that are answered on request only.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from pjai_wire.fields import (
    Amount,
    Avatar,
    ClientName,
    ContentHash,
    Count,
    Description,
    DictionaryData,
    DictionaryVersion,
    Document,
    Id,
    Importance,
    IndexColumns,
    IndexState,
    Instant,
    MemoryTier,
    MemoryType,
    MessageText,
    Name,
    Personality,
    PersonaName,
    PersonaSettings,
    Resolution,
    Role,
    Sealed,
    Sentiment,
    Vector,
    Version,
    Weight,
    Word,
    Words,
)
from pjai_wire.measures import Measures


class Record(Struct, frozen=True, kw_only=True, rename="camel", array_like=True, gc=False):
    """A row of a table.

    Rows are trees, so the garbage collector, which looks for cycles, need not look at each of thousands.
    """


class Persona(Record, frozen=True, kw_only=True):
    """An assistant's character, owner of memories and conversations."""

    id: Id
    name: PersonaName
    description: Description
    avatar: Avatar | None
    personality: Personality
    settings: PersonaSettings
    memory_config: Document
    is_active: bool
    last_used_at: Instant | None
    usage_count: Count
    created_at: Instant
    updated_at: Instant
    version: Version


class PersonaSecrets(Record, frozen=True, kw_only=True):
    """What a persona keeps to itself, sealed; its id is the persona's."""

    id: Id
    private_memory: Annotated[Sealed | None, Meta(extra={"binary": True})]
    api_keys: Annotated[Sealed | None, Meta(extra={"binary": True})]
    updated_at: Instant


class MemoryEntity(Record, frozen=True, kw_only=True):
    """Something that a persona remembers."""

    id: Id
    persona_id: Id
    type: MemoryType
    name: Name
    content: Document
    summary: Description
    tags: Words
    importance: Importance
    last_accessed_at: Instant
    created_at: Instant
    updated_at: Instant
    embedding_model: Word | None
    memory_tier: MemoryTier
    compression_applied: bool
    connection_count: Count
    metadata: Document
    version: Version
    deleted_at: Instant | None
    pinned: bool = False
    """Never demoted and never expired."""
    embedding: Annotated[Vector | None, Meta(extra={"on_request": True})] = None
    """Answered when `select` names it; otherwise None."""
    content_hash: Annotated[ContentHash | None, Meta(extra={"on_request": True})] = None
    """Of type, name, summary and content as they were remembered; None once one of them has changed."""
    compression_dictionary: Annotated[Count | None, Meta(extra={"on_request": True})] = None
    """With which `content` was packed, or found not to shrink; 0 where it is too short to be worth it, None
    where nobody tried since it changed."""


class MemoryLink(Record, frozen=True, kw_only=True):
    """A connection from one memory to another."""

    id: Id
    from_id: Id
    to_id: Id
    kind: Word
    weight: Weight
    created_at: Instant


class ConversationMessage(Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """A message as it stands inside its conversation."""

    id: Id
    role: Role
    content: MessageText
    sent_at: Instant
    metadata: Document


class Conversation(Record, frozen=True, kw_only=True):
    """A conversation with its messages, oldest first."""

    id: Id
    persona_id: Id
    session_id: Id | None
    summary: Description
    sentiment: Sentiment | None
    topics: Words
    importance: Importance
    is_archived: bool
    archived_at: Instant | None
    message_count: Count
    created_at: Instant
    updated_at: Instant
    messages: Annotated[tuple[ConversationMessage, ...], Meta(extra={"gathered": True})] = ()
    """Gathered from the table `messages`; `omit` leaves them out."""


class Message(Record, frozen=True, kw_only=True):
    """A message as a row of its own."""

    id: Id
    conversation_id: Id
    position: Count
    role: Role
    content: MessageText
    sent_at: Instant
    metadata: Document


class Workflow(Record, frozen=True, kw_only=True):
    """A saved sequence of steps."""

    id: Id
    name: Name
    description: Description
    persona_id: Id | None
    definition: Document
    is_template: bool
    is_public: bool
    tags: Words
    execution_count: Count
    last_executed_at: Instant | None
    created_at: Instant
    updated_at: Instant


class Plugin(Record, frozen=True, kw_only=True):
    """An installed plugin and its manifest."""

    id: Id
    name: Name
    version: Word
    manifest: Document
    is_enabled: bool
    installed_at: Instant
    updated_at: Instant


class SystemConfig(Record, frozen=True, kw_only=True):
    """A setting that every client on every machine shares; its id is its name."""

    id: Id
    value: Any
    updated_at: Instant


class UserPreference(Record, frozen=True, kw_only=True):
    """A preference of the user's; its id is its name."""

    id: Id
    value: Any
    updated_at: Instant


class Warning(Record, frozen=True, kw_only=True):  # noqa: A001 # what it is
    """Something that needs somebody's care; it goes when that is over."""

    id: Id
    kind: Word
    persona_id: Id | None
    value: float
    allowed: float
    raised_at: Instant


class Dictionary(Record, frozen=True, kw_only=True):
    """What contents of memories have in common, for packing them."""

    id: Id
    version: DictionaryVersion
    size: Count
    """Of its data, in bytes."""
    samples: Count
    """How many contents it was trained on."""
    saved: Weight
    """Which part of the samples' bytes it saved."""
    trained_at: Instant
    data: Annotated[DictionaryData, Meta(extra={"on_request": True})] = b""
    """Answered when `select` names it; it has parts of contents in it."""


class Index(Record, frozen=True, kw_only=True):
    """An index that was thought of automatically, and what became of it."""

    id: Id
    of_table: Word
    on_columns: IndexColumns
    state: IndexState
    reason: Description
    """Why it is in that state."""
    shapes: Words
    predicted_gain: Amount
    bytes_estimated: Count
    scanned_before: Amount
    us_before: Amount
    bytes: Count | None
    took_ms: Count | None
    time_gain: Amount | None
    rows_gain: Amount | None
    proposed_at: Instant
    created_at: Instant | None
    last_used_at: Instant | None
    updated_at: Instant


class ClientDocument(Record, frozen=True, kw_only=True):
    """State of one client's own, such as its window's; never in the shared log."""

    id: Id
    client: ClientName
    name: ClientName
    value: Document
    updated_at: Instant


class MetricPoint(Record, frozen=True, kw_only=True):
    """What the daemon measured in a second, a minute or an hour; of this machine alone, never in the log."""

    id: Id
    """The resolution, a slash, and the instant."""
    resolution: Resolution
    at: Instant
    """When the span began."""
    values: Measures
