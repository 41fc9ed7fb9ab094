"""Owns the life of live queries: run when a commit touches them, published when their results differ."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Sequence
from typing import Any, Protocol, TypeVar

import anyio
import anyio.lowlevel
import structlog
from anyio.abc import TaskGroup
from msgspec import Raw

from pjai_wire.changes import Change
from pjai_wire.codec import encode
from pjai_wire.envelope import LiveUpdate, Row
from pjai_wire.errors import PjaiError
from pjaid.live.difference import Result, difference
from pjaid.live.registry import LiveQuery, Registry
from pjaid.store.reads import Rows
from pjaid.store.statements import Statement
from pjaid.store.writer import Committed

log = structlog.get_logger()

T = TypeVar("T")

TOPIC_BYTES = 16
RUNS_BETWEEN_YIELDS = 8

Run = tuple[int, Result]
"""The seq of a state, and the result that a query has in it."""


class Source(Protocol):
    """What live queries need of the store."""

    @property
    def seq(self) -> int:
        """The log's last, as far as it has been announced."""

    def read(self, statement: Statement, finish: Callable[[Rows], T]) -> T | Coroutine[Any, Any, T]:
        """What `finish` makes of the rows that `statement` finds."""


class LiveQueries:
    """Keeps queries alive.

    Args:
        store: where they read.
        publish: sends an encoded update to a topic.
        most: how many there may be.
        most_per_client: how many of one client.
        lease_s: how long a topic waits for its subscriber.
    """

    def __init__(
        self,
        store: Source,
        publish: Callable[[str, bytes], None],
        *,
        most: int,
        most_per_client: int,
        lease_s: float,
    ) -> None:
        self._store = store
        self._publish = publish
        self._registry = Registry(most=most, most_per_client=most_per_client)
        self._lease_s = lease_s
        self._touched = anyio.Event()
        self._waiting: dict[str, LiveQuery] = {}

    def __len__(self) -> int:
        return len(self._registry)

    async def watch(self, statement: Statement, client: bytes, label: str) -> LiveQuery:
        """Opens a live query and runs it once.

        Raises:
            LimitExceeded: too many are open.
        """
        topic = secrets.token_urlsafe(TOPIC_BYTES)
        query = LiveQuery(topic, client, label, statement, time.monotonic())
        self._registry.add(query)
        try:
            return await self._snapshot(query)
        except BaseException:
            self._registry.remove(topic)
            raise

    async def resync(self, topic: str) -> LiveQuery:
        """Runs a live query anew, for a client that missed a message.

        Raises:
            UnknownTopic: it has ended.
        """
        return await self._snapshot(self._registry.get(topic))

    def unwatch(self, topic: str) -> None:
        """Ends a live query."""
        self._registry.remove(topic)
        self._waiting.pop(topic, None)

    def end_all(self) -> None:
        """Ends every live query, for their clients to watch again: what they hold may be wrong."""
        for query in self._registry:
            self.unwatch(query.topic)

    def issued(self, topic: str) -> bool:
        """Whether a live query has this topic."""
        return topic in self._registry

    def subscribed(self, topic: str) -> None:
        """Somebody hears the topic from now on: what changed since the snapshot is published at once."""
        query = self._registry.get(topic)
        query.subscribed = True
        if query.stale:
            self._enqueue(query)
        else:
            self._send(query, query.seq, [])

    def committed(self, committed: Committed) -> None:
        """A commit touched tables: the queries that read them are stale."""
        for query in self._registry.touched(committed.tables):
            query.stale = True
            if query.subscribed:
                self._enqueue(query)

    def tick(self) -> None:
        """Publishes how far each live query has come, and ends those whose subscriber never came."""
        for query in self._registry.unclaimed(time.monotonic() - self._lease_s):
            self.unwatch(query.topic)
        for query in self._registry:
            if query.subscribed:
                self._send(query, self._seq_reached(query), [])
                if query.stale and not query.runs:  # what failed for want of a reader is tried again
                    self._enqueue(query)

    async def serve(self, tasks: TaskGroup) -> None:
        """Runs stale queries as they come, until cancelled; slow ones in `tasks`."""
        while True:
            await self._touched.wait()
            self._touched = anyio.Event()
            waiting, self._waiting = self._waiting, {}
            for runs, query in enumerate(waiting.values(), start=1):
                if not query.runs and query.topic in self._registry:
                    self._refresh(query, tasks)
                if runs % RUNS_BETWEEN_YIELDS == 0:
                    await anyio.lowlevel.checkpoint()

    def _seq_reached(self, query: LiveQuery) -> int:
        """The latest state that the query's result is known to show.

        A run may have seen a commit that is yet to be announced here: what was told is never taken back.
        """
        if query.stale or query.runs or not query.statement.shared:
            return query.seq
        return max(query.seq, self._store.seq)

    def _enqueue(self, query: LiveQuery) -> None:
        self._waiting[query.topic] = query
        self._touched.set()

    def _refresh(self, query: LiveQuery, tasks: TaskGroup) -> None:
        query.stale = False
        try:
            run = self._run(query.statement)
        except Exception as error:
            self._failed(query, error)
            return
        if isinstance(run, tuple):
            self._advance(query, run)
        else:
            query.runs += 1
            tasks.start_soon(self._refresh_later, query, run)

    async def _refresh_later(self, query: LiveQuery, run: Awaitable[Run]) -> None:
        try:
            self._advance(query, await run)
        except Exception as error:
            self._failed(query, error)
        finally:
            self._run_ended(query)

    def _advance(self, query: LiveQuery, run: Run) -> None:
        """Publishes the difference between what the client holds and a newer result."""
        seq, result = run
        if seq < query.seq or query.topic not in self._registry:
            return
        if result == query.result:
            return
        changes = difference(query.result, result)
        query.result = result
        self._send(query, seq, changes)

    def _send(self, query: LiveQuery, seq: int, changes: Sequence[Change[Raw]] | None) -> None:
        if changes is None:
            update = LiveUpdate(seq=seq, prev=query.seq, rows=tuple(map(Raw, query.result.rows)))
        else:
            update = LiveUpdate(seq=seq, prev=query.seq, changes=tuple(changes))
        query.seq = seq
        self._publish(query.topic, encode(update))

    async def _snapshot(self, query: LiveQuery) -> LiveQuery:
        """Runs a query for an answer; a run that came meanwhile and saw more is the better one."""
        query.stale = False
        query.runs += 1
        try:
            run = self._run(query.statement)
            seq, result = run if isinstance(run, tuple) else await run
        except BaseException:
            query.stale = True
            raise
        finally:
            self._run_ended(query)
        if seq >= query.seq:
            query.seq, query.result = seq, result
        return query

    def _run_ended(self, query: LiveQuery) -> None:
        query.runs -= 1
        if query.stale and query.subscribed and query.topic in self._registry:
            self._enqueue(query)

    def _run(self, statement: Statement) -> Run | Awaitable[Run]:
        return self._store.read(statement, lambda answer: (answer.seq, _result(statement, answer)))

    def _failed(self, query: LiveQuery, error: Exception) -> None:
        """A query that can be answered no more ends; its client notices the silence, and learns why."""
        if isinstance(error, PjaiError) and error.retry:
            query.stale = True
            return
        table = query.statement.table.table_name
        if isinstance(error, PjaiError):
            log.warning("live_query_ended", code=error.code, table=table)
        else:
            log.error("live_query_ended", table=table, exc_info=error)
        self.unwatch(query.topic)


def _result(statement: Statement, answer: Rows) -> Result:
    return Result(_keys(statement, answer.rows), [encode(row) for row in answer.rows])


def _keys(statement: Statement, rows: list[Row]) -> list[Hashable]:
    if statement.key is not None:
        return [tuple(row[index] for index in statement.key) for row in rows]
    # Without an id a row is told from its likes by its content and how many like it came before.
    seen: Counter[bytes] = Counter()
    keys: list[Hashable] = []
    for row in rows:
        content = encode(row)
        keys.append((content, seen[content]))
        seen[content] += 1
    return keys
