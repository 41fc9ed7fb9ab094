"""Owns how events of indexes become rows; `store/indexes.py` makes what the rows tell of."""

from __future__ import annotations

from collections.abc import Iterator

from pjai_wire.events import v1
from pjai_wire.tables import indexes
from pjaid.store.materializers.registry import Read, materializes
from pjaid.store.requirements import exists
from pjaid.store.requirements_of_indexes import is_built, is_created, is_gone, is_proposed, may_be_proposed
from pjaid.store.writes import Write, given, put, update


@materializes(v1.IndexProposed, may_be_proposed)
def index_proposed(event: v1.IndexProposed, _read: Read) -> Iterator[Write]:
    """What was thought of the index before is forgotten."""
    yield put(
        indexes,
        **given(event),
        state="proposed",
        bytes=None,
        took_ms=None,
        time_gain=None,
        rows_gain=None,
        proposed_at=event.at,
        created_at=None,
        last_used_at=None,
        updated_at=event.at,
    )


@materializes(v1.IndexCreated, exists(indexes), is_proposed, is_built)
def index_created(event: v1.IndexCreated, _read: Read) -> Iterator[Write]:
    """It is there, and was not used yet."""
    yield update(
        indexes.where(id=event.id),
        state="created",
        bytes=event.bytes,
        took_ms=event.took_ms,
        created_at=event.at,
        updated_at=event.at,
    )


@materializes(v1.IndexMeasured, exists(indexes), is_created)
def index_measured(event: v1.IndexMeasured, _read: Read) -> Iterator[Write]:
    """The last measurement counts."""
    gains = {"time_gain": event.time_gain, "rows_gain": event.rows_gain}
    used = {} if event.last_used_at is None else {"last_used_at": event.last_used_at}
    yield update(indexes.where(id=event.id), **gains, **used, updated_at=event.at)


@materializes(v1.IndexDropped, exists(indexes), is_created, is_gone)
def index_dropped(event: v1.IndexDropped, _read: Read) -> Iterator[Write]:
    """The row stays, and tells why."""
    yield update(indexes.where(id=event.id), state="dropped", reason=event.reason, updated_at=event.at)


@materializes(v1.IndexRejected, exists(indexes), is_proposed)
def index_rejected(event: v1.IndexRejected, _read: Read) -> Iterator[Write]:
    """The row stays, and tells why."""
    yield update(indexes.where(id=event.id), state="rejected", reason=event.reason, updated_at=event.at)


@materializes(v1.StatisticsTaken)
def statistics_taken(_event: v1.StatisticsTaken, _read: Read) -> Iterator[Write]:
    """It is for the audit trail alone."""
    yield from ()
