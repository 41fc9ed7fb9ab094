"""Owns the methods about what is stored: storage, persona_figures."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from pjai_wire.fields import Count, Id, Instant, MemoryTier, MemoryType
from pjai_wire.methods.method import Method, Params, Result, Scope


class StorageParams(Params, frozen=True, kw_only=True):
    """From where on to add up the log."""

    after: Count = 0
    """A seq."""
    since: Instant | UnsetType = UNSET
    """Or what was recorded from this instant on, if that is later."""


class LogGrowth(Result, frozen=True, kw_only=True):
    """What was recorded of a persona on a day."""

    persona_id: str | None
    """Null for what concerns no persona."""
    day: int
    """Since the epoch, UTC."""
    bytes: int
    """Of the events' arguments."""


class StorageResult(Result, frozen=True, kw_only=True):
    """How much is stored, and of whom."""

    seq: int
    """Up to where the log was added up; ask on from there until it is the head."""
    head: int
    """The log's last."""
    growth: list[LogGrowth]
    database_bytes: int
    """Of all tables and indexes, as all that follow at `measuredAt`."""
    index_bytes: int
    packed_bytes: int
    """Of up to 1,000 packed contents of memories."""
    unpacked_bytes: int
    """Of the same contents as they were given."""
    measured_at: Instant
    """At most an hour ago."""


class PersonaFiguresParams(Params, frozen=True, kw_only=True):
    """Of whom, and from when on ages are counted back."""

    persona_id: Id
    at: Instant
    since: Instant
    """From when on what the log has of it counts as recent."""


class MemoryFigures(Result, frozen=True, kw_only=True):
    """Memories of one type, tier and age."""

    type: MemoryType
    tier: MemoryTier
    days: int
    """Whole days since they were made; 365 stands for any more."""
    memories: int
    importance: int
    """Of all of them together."""
    connections: int
    """So is this: each has two ends."""


class PersonaFiguresResult(Result, frozen=True, kw_only=True):
    """How much there is of a persona."""

    memories: list[MemoryFigures]
    """Those that are deleted left out."""
    conversations: int
    log_bytes: int
    """Of the arguments of all events about it."""
    log_bytes_lately: int


STORAGE = Method("storage", StorageParams, StorageResult, needs=Scope.READ)
PERSONA_FIGURES = Method("persona_figures", PersonaFiguresParams, PersonaFiguresResult, needs=Scope.READ)
