"""Owns the measuring of group transactions: how many, of what, and how long they and their fsync take."""

from __future__ import annotations

from pjai_wire.measures import Measures
from pjaid.metering.histogram import Histogram


class WriteMeter:
    """What the writer did, since the daemon started; counted by its thread alone."""

    def __init__(self) -> None:
        self._transactions = Histogram()
        self._syncs = Histogram()
        self._writes = 0
        self._events = 0
        self._rows_changed = 0

    def written(self, *, writes: int, events: int, rows_changed: int, ns: int, sync_ns: int) -> None:
        """A group transaction is durable.

        Args:
            writes: how many commits and other writes shared it.
            events: how many events they recorded.
            rows_changed: how many rows are not what they were.
            ns: how long it took, in nanoseconds.
            sync_ns: how long its `COMMIT` did, which waits for the disk.
        """
        self._transactions.note(ns)
        self._syncs.note(sync_ns)
        self._writes += writes
        self._events += events
        self._rows_changed += rows_changed

    def told(self) -> Measures:
        """All of it."""
        return Measures(
            counts={"writes": self._writes, "events": self._events, "rows_changed": self._rows_changed},
            latencies={"transaction": self._transactions.told(), "sync": self._syncs.told()},
        )
