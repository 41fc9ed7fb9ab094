"""Tests of the life of live queries, beside a store that does as it is told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import anyio
import anyio.lowlevel
import msgspec
import pytest

from pjai_wire.envelope import LiveUpdate
from pjai_wire.errors import UnknownTopic
from pjai_wire.tables import personas
from pjaid.live.queries import LiveQueries
from pjaid.store.reads import Rows
from pjaid.store.statements import Statement, compile_query
from pjaid.store.writer import Committed

pytestmark = pytest.mark.anyio

T = TypeVar("T")
STATEMENT = compile_query(personas.select("id").query)
TOUCHED = frozenset({"personas"})


class Told:
    """A store that says what it was told to say, and what live queries published of it."""

    def __init__(self) -> None:
        self.seq = 1
        self.rows = Rows(1, [("a",)])
        self.held: anyio.Event | None = None
        """While set, reads wait for it, as in a thread."""
        self.updates: list[LiveUpdate] = []
        self.live = LiveQueries(self, self._publish, most=10, most_per_client=10, lease_s=30)

    def read(self, _statement: Statement, finish: Callable[[Rows], T]) -> Any:
        rows, held = self.rows, self.held
        if held is None:
            return finish(rows)

        async def later() -> T:
            await held.wait()
            return finish(rows)

        return later()

    def commit(self, seq: int, *ids: str, announced: bool = True) -> None:
        """A commit after which the query finds `ids`."""
        self.rows = Rows(seq, [(one,) for one in ids])
        if announced:
            self.announce(seq)

    def announce(self, seq: int) -> None:
        self.seq = seq
        self.live.committed(Committed(seq, TOUCHED))

    @property
    def told(self) -> list[tuple[int, int]]:
        """The (prev, seq) of each update."""
        return [(update.prev, update.seq) for update in self.updates]

    def _publish(self, _topic: str, update: bytes) -> None:
        self.updates.append(msgspec.msgpack.decode(update, type=LiveUpdate))


@asynccontextmanager
async def serving(store: Told) -> AsyncIterator[str]:
    """A subscribed live query, and what runs it, for the block."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(store.live.serve, tasks)
        query = await store.live.watch(STATEMENT, b"client", "")
        store.live.subscribed(query.topic)
        yield query.topic
        tasks.cancel_scope.cancel()


async def settled() -> None:
    """Lets everything run that can."""
    for _ in range(10):
        await anyio.lowlevel.checkpoint()


async def test_each_update_leads_from_the_one_before() -> None:
    store = Told()
    async with serving(store):
        for seq, ids in ((2, "ab"), (3, "b"), (4, "b"), (5, "bc")):
            store.commit(seq, *ids)
            await settled()
        store.live.tick()
    assert store.told == [(1, 1), (1, 2), (2, 3), (3, 5), (5, 5)]


async def test_a_tick_takes_nothing_back_that_a_run_saw_early() -> None:
    store = Told()
    async with serving(store):
        store.commit(2, "a", "b", announced=False)
        store.announce(1)
        await settled()
        store.live.tick()
        store.announce(2)
        await settled()
        store.live.tick()
    assert store.told == [(1, 1), (1, 2), (2, 2), (2, 2)]


async def test_a_tick_does_not_promise_what_was_not_yet_looked_at() -> None:
    store = Told()
    async with serving(store):
        store.commit(2, "a", "b")
        store.live.tick()
        await settled()
    assert store.told == [(1, 1), (1, 1), (1, 2)]


async def test_a_commit_during_a_slow_run_is_looked_at_after_it() -> None:
    store = Told()
    async with serving(store):
        store.held = anyio.Event()
        store.commit(2, "a", "b")
        await settled()
        store.commit(3, "a", "b", "c")
        store.live.tick()
        await settled()
        store.held.set()
        await settled()
    assert store.told == [(1, 1), (1, 1), (1, 2), (2, 3)]


async def test_a_slow_run_that_comes_after_a_resync_is_dropped() -> None:
    store = Told()
    async with serving(store) as topic:
        slow = store.held = anyio.Event()
        store.commit(2, "a", "b")
        await settled()
        store.held = None
        store.commit(3, "c")
        assert (await store.live.resync(topic)).seq == 3
        slow.set()
        await settled()
    assert store.told == [(1, 1)]


async def test_an_ended_query_is_unknown() -> None:
    store = Told()
    async with serving(store) as topic:
        store.live.end_all()
        assert len(store.live) == 0
        with pytest.raises(UnknownTopic):
            await store.live.resync(topic)
