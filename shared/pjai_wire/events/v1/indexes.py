"""Owns the events of the indexes that are made and dropped automatically."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from pjai_wire.events.v1.base import Event
from pjai_wire.fields import Amount, Count, Description, Id, IndexColumns, Instant, Word, Words


class IndexProposed(Event, frozen=True, kw_only=True):
    """An index is thought to pay."""

    id: Id
    """The index's name, which follows from its table and columns."""
    of_table: Word
    on_columns: IndexColumns
    reason: Description = ""
    shapes: Words = ()
    """The query shapes that it is for."""
    predicted_gain: Amount = 0
    """How many times less work their plans are with it."""
    bytes_estimated: Count = 0
    scanned_before: Amount = 0
    """Rows that one run of the shapes looks at, without it."""
    us_before: Amount = 0
    """Microseconds that one run takes, without it."""


class IndexCreated(Event, frozen=True, kw_only=True):
    """A proposed index was made, in the transaction that records this."""

    daemon_only: ClassVar[bool] = True

    id: Id
    took_ms: Count
    bytes: Count


class IndexMeasured(Event, frozen=True, kw_only=True):
    """An index was held against what its queries took before."""

    id: Id
    runs: Annotated[Count, Meta(description="of the queries that use it, since it was made")]
    time_gain: Amount
    """How many times faster they are."""
    rows_gain: Amount
    """How many times fewer rows they look at."""
    last_used_at: Instant | None = None


class IndexDropped(Event, frozen=True, kw_only=True):
    """An index was dropped, in the transaction that records this."""

    daemon_only: ClassVar[bool] = True

    id: Id
    reason: Description


class IndexRejected(Event, frozen=True, kw_only=True):
    """A proposed index is not made."""

    id: Id
    reason: Description


class StatisticsTaken(Event, frozen=True, kw_only=True):
    """What the query planner knows of a table was brought up to date."""

    daemon_only: ClassVar[bool] = True

    id: Id
    """The table's name."""
    rows: Count
