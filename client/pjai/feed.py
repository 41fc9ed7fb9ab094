"""Owns a feed as its reader sees it: each change to a table's rows, one by one."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from typing import Final, Generic, Self, TypeVar

import msgspec
from msgspec import Raw, Struct

from pjai.exchange import MissedChanges
from pjai.rows import reader
from pjai.waiting import Waiting
from pjai_wire import feed as wire
from pjai_wire.errors import InvalidQuery, PjaiError
from pjai_wire.methods import FeedParams, Result
from pjai_wire.query import Query
from pjai_wire.select import Select

T = TypeVar("T")

CHANGES_KEPT_MAX = 100_000
"""Changes that wait for a slow reader; past it, they are dropped and it is told that it missed some."""

_decode_update = msgspec.msgpack.Decoder(wire.FeedUpdate).decode


class RowInserted(Struct, Generic[T], frozen=True):
    """A row came, or came to meet the conditions."""

    seq: int
    """The last state that came whole, with this or before; the row is as that one has it, or a later one."""
    row: T


class RowUpdated(Struct, Generic[T], frozen=True):
    """The row with this one's id changed."""

    seq: int
    row: T


class RowDeleted(Struct, frozen=True):
    """The row with this id left, or meets the conditions no longer."""

    seq: int
    id: str


RowChange = RowInserted[T] | RowUpdated[T] | RowDeleted


class FeedAnswer(Result, frozen=True, kw_only=True):
    """A `FeedResult` whose columns are still encoded."""

    topic: str
    pulse: str
    seq: int
    columns: Raw


class Feed(AsyncIterator[RowChange[T]], Generic[T]):
    """Each change to the rows of a table that meet some conditions: iterate over it.

    Changes of many commits may come together, each row then once, with what it became.

    Args:
        select: the conditions.
        answer: the daemon's.
        instance: which run of the daemon gave it.
    """

    def __init__(self, select: Select[T], answer: FeedAnswer, instance: str) -> None:
        self.seq: Final = answer.seq
        """The state after which every change comes; a table that is read now shows it, or a later one."""
        self._reader = reader(select, answer.columns)
        self._instance = instance
        self._reached = answer.seq
        self._waiting: deque[RowChange[T]] = deque()
        self._arrival = Waiting()
        self._is_closed = False
        self._failure: PjaiError | None = None

    def arrived(self, message: bytes) -> None:
        """Takes what the topic published."""
        if self._is_closed:
            return
        try:
            update = _decode_update(message)
            changes = [self._decoded(change, update.seq) for change in update.changes]
        except msgspec.MsgspecError:
            self.close(MissedChanges("the feed sent what is no update"))
        except PjaiError as problem:
            self.close(problem)
        else:
            self._take(update, changes)

    def reached(self, seq: int, local_seq: int) -> None:
        """Nothing follows from it: a feed tells of changes alone."""

    def lose(self) -> None:
        """The feed has ended, or nothing was heard for too long."""
        self.close(MissedChanges("the feed has ended, or the daemon has fallen silent"))

    def returned(self, instance: str) -> None:
        """The connection was made anew, to this run of the daemon."""
        if instance != self._instance:
            self.close(MissedChanges("the daemon has restarted"))

    def close(self, failure: PjaiError | None = None) -> None:
        """Ends the iteration, with an error where there is one; an end is final."""
        if not self._is_closed:
            self._is_closed = True
            self._failure = failure
            self._waiting.clear()
            self._arrival.wake()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> RowChange[T]:
        """The next change.

        Raises:
            MissedChanges: some passed by, and none will come any more.
        """
        while not self._waiting:
            if self._failure is not None:
                raise self._failure
            if self._is_closed:
                raise StopAsyncIteration
            await self._arrival.change()
        return self._waiting.popleft()

    def _take(self, update: wire.FeedUpdate, changes: list[RowChange[T]]) -> None:
        if update.prev != self._reached:
            self.close(MissedChanges(f"what changed between {self._reached} and {update.prev} did not come"))
        elif len(self._waiting) + len(changes) > CHANGES_KEPT_MAX:
            self.close(MissedChanges(f"more than {CHANGES_KEPT_MAX} changes were waiting to be read"))
        else:
            self._reached = update.seq
            self._waiting.extend(changes)
            if changes:
                self._arrival.wake()

    def _decoded(self, change: wire.FeedChange, seq: int) -> RowChange[T]:
        match change:
            case wire.RowInserted(row):
                return RowInserted(seq, self._reader.one(row))
            case wire.RowUpdated(row):
                return RowUpdated(seq, self._reader.one(row))
            case wire.RowDeleted(row_id):
                return RowDeleted(seq, row_id)


def feed_params(select: Select[T], label: str) -> FeedParams:
    """What to ask for a feed of the rows that meet a query's conditions.

    Raises:
        InvalidQuery: it has more than conditions.
    """
    query = select.query
    if query != Query(table=query.table, where=query.where):
        raise InvalidQuery(
            "a feed has conditions, and neither order, limit nor columns", hint="watch a query instead"
        )
    return FeedParams(table=query.table, where=query.where, label=label)
