"""Owns what a program does with a connected daemon: commit, query, watch, read the trail."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar, Unpack

from msgspec import UNSET, Raw

from pjai import trail
from pjai.askable import Askable, check_omitted, query_of
from pjai.connection import Connection
from pjai.documents import Document
from pjai.exchange import decoded, encoded
from pjai.feed import Feed
from pjai.live_query import LiveQuery
from pjai.pages import following
from pjai.rows import RowAnswer, RowsAnswer, reader
from pjai.search_calls import SearchCalls
from pjai_wire import limits
from pjai_wire.columns import Column
from pjai_wire.envelope import NIL
from pjai_wire.events import Event, event_name
from pjai_wire.ids import new_id
from pjai_wire.methods import (
    COMMIT,
    COUNT,
    EVENTS,
    EXPLAIN,
    GET,
    HEALTH,
    LIVE,
    METERS,
    QUERY,
    REBUILD,
    CommitParams,
    CountParams,
    EventsParams,
    EventsResult,
    ExplainResult,
    GetParams,
    HealthResult,
    HelloResult,
    LiveResult,
    LoggedEvent,
    MetersParams,
    MetersResult,
    NewEvent,
    Nothing,
    RebuildParams,
    RebuildResult,
    Receipt,
)
from pjai_wire.records import Record
from pjai_wire.tables import Table, personas

T = TypeVar("T")
RecordT = TypeVar("RecordT", bound=Record)


class Database(SearchCalls):
    """A connected daemon; `pjai.connect` makes it.

    Every method takes a `timeout` in seconds, by default that of the connection, and raises a `PjaiError`:
    what the daemon answered, or `TimedOut`. While the daemon is away requests wait for it. A commit, like
    every request that may be repeated, is sent again when its answer was lost.
    """

    @property
    def connection(self) -> Connection:
        """What asks the daemon, for methods that have no function here."""
        return self._connection

    @property
    def hello(self) -> HelloResult:
        """What the daemon said about itself when the connection was last made."""
        return self._connection.hello

    async def commit(self, *events: Event | NewEvent, timeout: float | None = None) -> Receipt:
        """Records events, all or none; when this returns they are durable and every query shows them.

        Args:
            events: an `Event` gets a new id; a `NewEvent` has one, and is recorded once however often it
                is committed.
            timeout: seconds. After `TimedOut` the events may have been recorded or not.

        Raises:
            NotFound: an event is about what does not exist.
            AlreadyExists: an event makes what exists.
            InvalidValue: a field is outside its limits.
        """
        return await self._connection.call(
            COMMIT, CommitParams(events=tuple(map(new_event, events))), timeout
        )

    async def query(self, asked: Askable[T], *, timeout: float | None = None) -> list[T]:
        """The rows of a query: records, or dicts by the columns' Python names after `select` or `group_by`.

        Args:
            asked: the query; a table stands for all of its rows, up to the default limit.
            timeout: seconds.

        Raises:
            InvalidQuery: the query means nothing, or omits a column that a record cannot be without.
        """
        select = query_of(asked)
        answer = decoded(RowsAnswer, await self._connection.ask(QUERY, select.query, timeout))
        return reader(select, answer.columns).many(answer.rows)

    async def first(self, asked: Askable[T], *, timeout: float | None = None) -> T | None:
        """The first row of a query or a table, or None where there is none."""
        rows = await self.query(query_of(asked).limit(1), timeout=timeout)
        return rows[0] if rows else None

    async def count(self, asked: Askable[Any], *, timeout: float | None = None) -> int:
        """How many rows a table has, or meet a query's conditions, whatever its limit."""
        query = query_of(asked).query
        params = CountParams(table=query.table, where=query.where)
        return (await self._connection.call(COUNT, params, timeout)).count

    async def get(
        self,
        table: Table[RecordT],
        row_id: str,
        *,
        omit: tuple[Column, ...] = (),
        timeout: float | None = None,
    ) -> RecordT | None:
        """The row with an id, or None where there is none.

        Args:
            table: where it is.
            row_id: its id.
            omit: columns to leave out, whose fields then have their defaults; only columns that have one
                can be: the messages of a conversation, and a memory's embedding, which is left out anyway.
            timeout: seconds.

        Raises:
            InvalidQuery: `omit` has a column that the record cannot be without.
        """
        check_omitted(table, (column.name for column in omit))
        params = GetParams(table=table.table_name, id=row_id, omit=tuple(column.name for column in omit))
        answer = decoded(RowAnswer, await self._connection.ask(GET, params, timeout))
        return None if answer.row == NIL else reader(table.all(), answer.columns).one(answer.row)

    def pages(self, asked: Askable[T], *, timeout: float | None = None) -> AsyncIterator[list[T]]:
        """All rows of a query or a table, a page of its limit at a time.

        Each page begins after the last row of the one before, so rows that come or go meanwhile shift none.
        A row whose ordering columns change meanwhile may come twice, or not at all.

        Raises:
            InvalidQuery: it groups rows, or does not select its id and the columns that it is ordered by.
        """
        return following(self.query, query_of(asked), timeout)

    def watch(
        self,
        asked: Askable[T] | Callable[[], Askable[T]],
        label: str = "",
        *,
        timeout: float | None = None,
    ) -> AbstractAsyncContextManager[LiveQuery[T]]:
        """The result of a query, kept up to date inside the block, through restarts of the daemon too.

        Equal queries share one subscription, and a second one shows at once what the first one shows;
        `reached` tells when that includes a commit. A function is run again when a live value whose
        `current` it read changes: where it then returns another query, the result goes over to that one's
        as soon as it has come. What the function raises, and what the daemon refuses, ends the live query.

        Example:
            async with db.watch(personas.where(is_active=True)) as live:
                async for rows in live:
                    print(rows)

        Args:
            asked: the query, or a function that returns it; a table stands for all of its rows, up to the
                default limit.
            label: what the program calls it, for people; the daemon knows shared ones by the first.
            timeout: seconds until the first result.

        Raises:
            InvalidQuery: as `query`.
            TimedOut: the first result did not come in time.
            ConnectionLost: the connection was closed.
        """
        return self._live.watch(asked, label, timeout)

    async def explain(self, asked: Askable[Any], *, timeout: float | None = None) -> ExplainResult:
        """How a query is answered, and how a live query of it would be kept; the query is not run."""
        return await self._connection.call(EXPLAIN, query_of(asked).query, timeout)

    async def live_queries(self, *, timeout: float | None = None) -> LiveResult:
        """The open live queries of all clients, and what they cost the daemon."""
        return await self._connection.call(LIVE, Nothing(), timeout)

    def changes(
        self, table: Askable[T], label: str = "", *, timeout: float | None = None
    ) -> AbstractAsyncContextManager[Feed[T]]:
        """Each change to a table's rows inside the block, for a program that keeps a copy of its own.

        The feed comes first and the table is read inside the block, so that no change is missed between
        them; one that the table showed already may come too. Records come without what `watch` gathers for
        them, such as a conversation's messages, which are rows of a table of their own.

        Example:
            async with db.changes(table=memories) as feed:
                copy = {row.id: row async for page in db.pages(memories) for row in page}
                async for change in feed:
                    match change:
                        case pjai.feed.RowInserted(_, row) | pjai.feed.RowUpdated(_, row):
                            copy[row.id] = row
                        case pjai.feed.RowDeleted(_, row_id):
                            copy.pop(row_id, None)

        Args:
            table: the table, or a query of nothing but conditions: a row that comes to meet them is
                inserted, and one that meets them no longer is deleted.
            label: what the program calls it, for people.
            timeout: seconds until it has begun.

        Raises:
            InvalidQuery: the query has more than conditions, or one that a feed does not know.
            MissedChanges: by the iteration, where changes were missed: after a restart of the daemon, and by
                a reader that is too slow.
        """
        return self._live.changes(table, label, timeout)

    def document(self, name: str, defaults: Mapping[str, Any] | None = None) -> Document:
        """State of this program's own, such as its window's; nothing is asked until it is used."""
        return Document(self._connection, self._live, name, defaults or {})

    async def events(
        self,
        *,
        limit: int = limits.EVENTS_PAGE_DEFAULT,
        timeout: float | None = None,
        **which: Unpack[trail.EventFilter],
    ) -> EventsResult:
        """A page of the audit trail; its `next` is the `after` (or, going back, `before`) of the next."""
        return await self._connection.call(EVENTS, EventsParams(limit=limit, **which), timeout)

    def audit(
        self, *, limit: int | None = None, timeout: float | None = None, **which: Unpack[trail.EventFilter]
    ) -> AsyncIterator[LoggedEvent]:
        """The events of the audit trail, read a page at a time.

        Args:
            limit: how many at most; None for all.
            timeout: seconds for each page.
            which: what must hold of them, and their order: `order="desc"` begins with the newest.
        """
        return trail.all_events(self._connection, timeout, limit, **which)

    async def follow_events(self, **which: Unpack[trail.EventFilter]) -> AsyncIterator[LoggedEvent]:
        """Every new event for ever, each within one tick of the daemon (`hello.tick_interval_ms`).

        Args:
            which: what must hold of them; `after` is the seq after which to begin, by default that of now.

        Raises:
            InvalidQuery: `before` or `order` is given.
        """
        # No row is wanted: each tick tells a live query how far the log has come.
        async with self._live.watch(personas.limit(0), "follow_events", None) as live:
            async for event in trail.new_events(self._connection, live, which):
                yield event

    async def verify(
        self, progress: Callable[[int], object] | None = None, *, timeout: float | None = None
    ) -> trail.TrailVerified:
        """Reads the whole audit trail and computes its hash chain anew.

        Args:
            progress: called now and then with the number of events that were found right.
            timeout: seconds for each page.

        Raises:
            BrokenTrail: an event is missing, was changed or was put in.
        """
        return await trail.verified(self._connection, timeout, progress)

    async def health(self, *, timeout: float | None = None) -> HealthResult:
        """How the daemon is."""
        return await self._connection.call(HEALTH, Nothing(), timeout)

    async def meters(
        self, *, after: int | None = None, within: float = 0.0, timeout: float | None = None
    ) -> MetersResult:
        """What the daemon has measured since it started; `metric_points` has it by time.

        Args:
            after: what `happened` was; where nothing has happened since, it is told a second after something
                does.
            within: seconds, at most 60; how long that may be waited for.
            timeout: seconds for the answer, counted from then on.
        """
        params = MetersParams(after=UNSET if after is None else after, wait_ms=round(1000 * within))
        wait = self._connection.timeout if timeout is None else timeout
        return await self._connection.call(METERS, params, within + wait)

    async def rebuild(self, *, replace: bool = False, timeout: float | None = None) -> RebuildResult:
        """Builds the state anew from the log and compares it with the live one.

        Args:
            replace: put it in the live one's place.
            timeout: seconds; a long log takes long.
        """
        return await self._connection.call(REBUILD, RebuildParams(replace=replace), timeout)


def new_event(event: Event | NewEvent) -> NewEvent:
    """The event with an id of its own, as a commit carries it.

    Raises:
        InvalidValue: it holds what MessagePack cannot.
        UnknownEvent: it is not an event of the contract.
    """
    if isinstance(event, NewEvent):
        return event
    return NewEvent(id=new_id(), name=event_name(event), args=Raw(encoded(event)))
