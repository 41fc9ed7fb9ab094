"""Owns the methods of the memory steward: what is remembered through it, and how far its own work is.

They are answered by the actor `memory`, where one runs.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from pjai_wire import limits
from pjai_wire.fields import (
    Description,
    Document,
    Id,
    Importance,
    Instant,
    MemoryType,
    Name,
    Vector,
    Weight,
    Word,
    WordsLike,
    check_vector,
)
from pjai_wire.methods.method import Method, Nothing, Params, Result, Scope


class MemorySource(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a memory comes from."""

    kind: Literal["event", "message"]
    id: Id


class MemoryRememberParams(Params, frozen=True, kw_only=True):
    """What a persona is to remember."""

    persona_id: Id
    type: MemoryType
    name: Name
    content: Document = field(default_factory=dict)
    summary: Description = ""
    tags: WordsLike = ()
    importance: Importance = 50
    embedding: Vector | None = None
    embedding_model: Word | None = None
    metadata: Document = field(default_factory=dict)
    id: Id | UnsetType = UNSET
    """The memory's own, where its maker has one for it."""
    source: MemorySource | UnsetType = UNSET
    """Kept as `metadata.source`."""

    def __post_init__(self) -> None:
        check_vector(self.embedding, self.embedding_model)


class MemoryRememberResult(Result, frozen=True, kw_only=True):
    """The memory, which the persona may have had already."""

    id: str
    seq: int
    is_new: bool
    """Otherwise the persona remembers the same by this id, and was reminded of it."""
    redactions: int
    """How much was taken out, by the persona's policy."""


class MemoryRememberAllParams(Params, frozen=True, kw_only=True):
    """What personas are to remember, all of it or nothing."""

    memories: Annotated[
        tuple[MemoryRememberParams, ...], Meta(min_length=1, max_length=limits.REMEMBERED_AT_ONCE_MAX)
    ]


class MemoryRemembered(Result, frozen=True, kw_only=True):
    """One of the memories, which its persona may have had already."""

    id: str
    is_new: bool
    redactions: int


class MemoryRememberAllResult(Result, frozen=True, kw_only=True):
    """The memories, in the order in which they came."""

    seq: int
    memories: tuple[MemoryRemembered, ...]


class MemoryParams(Params, frozen=True, kw_only=True):
    """Which memory."""

    id: Id


class MemoryConnectParams(Params, frozen=True, kw_only=True):
    """Which memories, of one persona."""

    from_id: Id
    to_id: Id
    kind: Word = "related"
    weight: Weight = 1.0


class MemoryResult(Result, frozen=True, kw_only=True):
    """It is done."""

    id: str
    """Of the memory, or of the connection."""
    seq: int


class MemoryTendParams(Params, frozen=True, kw_only=True):
    """Whose memories to look at."""

    persona_id: Id | UnsetType = UNSET
    """Left out, they are those of all personas."""


class MemoryTendResult(Result, frozen=True, kw_only=True):
    """A pass, once it is over."""

    seen: int
    """Memories that it looked at one by one."""
    moved: int
    """Those of them that moved to another tier."""


class MemoryCleanResult(Result, frozen=True, kw_only=True):
    """A clean-up, once it is over."""

    expired: int
    """Memories that were deleted, as nobody had accessed them for as long as their persona keeps them."""
    purged: int
    """Rows of deleted memories that went."""
    archived: int
    """Conversations that were put away."""
    unlinked: int
    """Connections without an end that went."""


class MemoryStatusResult(Result, frozen=True, kw_only=True):
    """How far the steward's own work is, since its process began."""

    is_at_work: bool
    """A pass over some personas is under way."""
    persona_id: str | None
    """Whose memories it looks at."""
    passes: int
    """The present one among them."""
    seen: int
    """Memories that the present pass, or else the last one, looked at one by one."""
    moved: int
    """Those of them that moved to another tier."""
    began_at: Instant | None
    """When the present pass, or else the last one, began."""
    ended_at: Instant | None
    """When the last pass ended."""
    is_cleaning: bool
    """A clean-up is under way."""
    expired: int
    """These are as in a clean-up's result, of all of them and the present one."""
    purged: int
    archived: int
    unlinked: int
    cleaned_at: Instant | None
    """When the last clean-up that is over began."""
    to_pack: int
    """Contents that are to be tried in the present pass of compression; 0 where none is under way."""
    packed: int
    """Contents that were compressed."""
    left_plain: int
    """Contents that would not shrink."""
    settings: dict[str, int]
    """Those in force, by the ids of their rows in `system_config`."""
    ignored: tuple[str, ...]
    """Of these rows the ones whose value is not one that the setting may have."""


MEMORY_REMEMBER = Method(
    "memory.remember", MemoryRememberParams, MemoryRememberResult, needs=Scope.WRITE, repeatable=False
)
MEMORY_REMEMBER_ALL = Method(
    "memory.remember_all",
    MemoryRememberAllParams,
    MemoryRememberAllResult,
    needs=Scope.WRITE,
    repeatable=False,
)
MEMORY_TOUCH = Method("memory.touch", MemoryParams, MemoryResult, needs=Scope.WRITE, repeatable=False)
MEMORY_CONNECT = Method(
    "memory.connect", MemoryConnectParams, MemoryResult, needs=Scope.WRITE, repeatable=False
)
MEMORY_PIN = Method("memory.pin", MemoryParams, MemoryResult, needs=Scope.WRITE, repeatable=False)
MEMORY_UNPIN = Method("memory.unpin", MemoryParams, MemoryResult, needs=Scope.WRITE, repeatable=False)
MEMORY_FORGET = Method("memory.forget", MemoryParams, MemoryResult, needs=Scope.WRITE, repeatable=False)
MEMORY_TEND = Method("memory.tend", MemoryTendParams, MemoryTendResult, needs=Scope.WRITE, repeatable=False)
MEMORY_CLEAN = Method("memory.clean", Nothing, MemoryCleanResult, needs=Scope.WRITE, repeatable=False)
MEMORY_STATUS = Method("memory.status", Nothing, MemoryStatusResult, needs=Scope.READ, repeatable=True)
