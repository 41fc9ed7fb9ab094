from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

import pjai
from pjai import Database, LiveQuery, v1
from pjai_wire.envelope import LiveUpdate
from pjai_wire.errors import TimedOut, UnknownColumn, UnknownTable, UnknownTopic
from pjai_wire.records import MemoryLink
from tests.client.fake_daemon import FakeDaemon
from tests.client.links import LINKS, inserted, names, result

Live = LiveQuery[MemoryLink]


@asynccontextmanager
async def watched_twice(fake: FakeDaemon) -> AsyncIterator[tuple[Database, Live, Live]]:
    """Two live queries of one query, at seq 1 with the row `one`; each has read its first result."""
    async with pjai.connect(fake.endpoints.requests) as db:
        fake.answers |= {"watch": lambda _: result("t1", 1, "one")}
        async with db.watch(LINKS, "first") as first:
            await fake.until_subscribed("t1")
            del fake.answers["watch"]
            async with db.watch(pjai.memory_links, "second") as second:
                assert names(await anext(first)) == names(await anext(second)) == ["one"]
                yield db, first, second


async def test_equal_queries_share_a_subscription_and_the_very_rows(fake: FakeDaemon) -> None:
    async with watched_twice(fake) as (_, first, second):
        assert fake.asked_nothing()
        assert (first.label, second.label) == ("first", "second")
        await fake.publish("t1", inserted(1, 2, "two"))
        assert names(await anext(first)) == names(await anext(second)) == ["two", "one"]
        assert all(one is other for one, other in zip(first.current, second.current, strict=True))


async def test_each_has_its_own_place_in_the_iteration(fake: FakeDaemon) -> None:
    async with watched_twice(fake) as (_, first, second):
        await fake.publish("t1", inserted(1, 2, "two"))
        assert names(await anext(first)) == ["two", "one"]
        await fake.publish("t1", inserted(2, 3, "three"))
        assert names(await anext(first)) == names(await anext(second)) == ["three", "two", "one"]


async def test_queries_that_differ_in_anything_share_nothing(fake: FakeDaemon) -> None:
    topics = iter(("t1", "t2", "t3"))
    fake.answers |= {"watch": lambda _: result(next(topics), 1, "one"), "unwatch": lambda _: {}}
    async with (
        pjai.connect(fake.endpoints.requests) as db,
        db.watch(LINKS.where(weight=1)) as one,
        db.watch(LINKS.where(weight=1.0)) as other,
        db.watch(LINKS.limit(5)) as third,
    ):
        assert [one.topic, other.topic, third.topic] == ["t1", "t2", "t3"]


async def test_the_daemon_is_told_when_the_last_has_left(fake: FakeDaemon) -> None:
    fake.answers |= {"watch": lambda _: result("t1", 1, "one"), "health": lambda _: {}}
    async with pjai.connect(fake.endpoints.requests) as db:
        async with db.watch(LINKS) as first:
            async with db.watch(LINKS) as second:
                pass
            await fake.until_subscribed("t1")
            await fake.publish("t1", inserted(1, 2, "two"))
            await first.reached(2)
            assert fake.asked_nothing()
            assert names(second.current) == ["one"]
        assert (await fake.asked("unwatch")).params == {"topic": "t1"}
        await fake.until_unsubscribed("t1")
        fake.answers["watch"] = lambda _: result("t2", 3, "three")
        async with db.watch(LINKS) as again:
            assert (again.topic, names(again.current)) == ("t2", ["three"])


async def test_those_who_watch_at_once_ask_once(fake: FakeDaemon) -> None:
    seen: list[list[str]] = []

    async def watch(db: Database) -> None:
        async with db.watch(LINKS) as live:
            seen.append(names(await anext(live)))

    async with pjai.connect(fake.endpoints.requests) as db, anyio.create_task_group() as tasks:
        tasks.start_soon(watch, db)
        tasks.start_soon(watch, db)
        request = await fake.asked("watch")
        # Whoever loses patience takes nothing from the others.
        with pytest.raises(TimedOut):
            async with db.watch(LINKS, timeout=0.001):
                pass
        await fake.answer(request, result("t1", 1, "one"))
        await fake.asked("unwatch")
    assert seen == [["one"], ["one"]]
    assert fake.asked_nothing()


async def test_a_refusal_comes_to_all_who_wait_and_to_nobody_later(fake: FakeDaemon) -> None:
    async def watch(db: Database) -> None:
        with pytest.raises(UnknownColumn):
            async with db.watch(LINKS):
                pass

    async with pjai.connect(fake.endpoints.requests) as db:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch, db)
            tasks.start_soon(watch, db)
            await fake.refuse(await fake.asked("watch"), UnknownColumn("no such column"))
        fake.answers |= {"watch": lambda _: result("t1", 1, "one"), "unwatch": lambda _: {}}
        async with db.watch(LINKS) as live:
            assert names(live.current) == ["one"]


async def test_a_missed_update_is_made_up_for_once_and_felt_by_each(fake: FakeDaemon) -> None:
    async with watched_twice(fake) as (_, first, second):
        await fake.publish("t1", inserted(2, 3, "three"))
        await fake.answer(await fake.asked("resync"), result("t1", 3, "three", "two", "one"))
        assert names(await anext(first)) == names(await anext(second)) == ["three", "two", "one"]
        assert fake.asked_nothing()


async def test_a_stream_that_fails_ends_each(fake: FakeDaemon) -> None:
    async with watched_twice(fake) as (_, first, second):
        await fake.publish("t1", LiveUpdate(seq=3, prev=2))
        await fake.refuse(await fake.asked("resync"), UnknownTable("gone"))
        for live in (first, second):
            with pytest.raises(UnknownTable):
                await anext(live)


async def test_who_comes_while_a_stream_is_lost_waits_for_its_new_result(fake: FakeDaemon) -> None:
    async with watched_twice(fake) as (db, *_), anyio.create_task_group() as tasks:
        await fake.publish("t1", LiveUpdate(seq=3, prev=2))
        request = await fake.asked("resync")
        seen: list[list[str]] = []

        async def watch() -> None:
            async with db.watch(LINKS) as live:
                seen.append(names(await anext(live)))

        tasks.start_soon(watch)
        await anyio.wait_all_tasks_blocked()
        assert seen == []
        # That it equals what the others have held all along makes it no less a first result.
        await fake.answer(request, result("t1", 3, "one"))
        while not seen:
            await anyio.lowlevel.checkpoint()
        assert seen == [["one"]]


async def test_a_topic_whose_watchers_left_while_it_was_found_again_is_ended(fake: FakeDaemon) -> None:
    def ended(_: dict[str, Any]) -> object:
        raise UnknownTopic("the live query has ended")

    fake.answers |= {"watch": lambda _: result("t1", 1, "one"), "resync": ended}
    async with pjai.connect(fake.endpoints.requests) as db:
        async with db.watch(LINKS):
            await fake.until_subscribed("t1")
            del fake.answers["watch"]
            await fake.publish("t1", LiveUpdate(seq=3, prev=2))
            request = await fake.asked("watch")
        assert (await fake.asked("unwatch")).params == {"topic": "t1"}
        await fake.answer(request, result("t2", 1, "one"))
        assert (await fake.asked("unwatch")).params == {"topic": "t2"}


async def test_a_watch_that_is_given_up_while_the_daemon_is_away_asks_nothing_later(fake: FakeDaemon) -> None:
    fake.answers |= {"count": lambda _: {"seq": 1, "count": 3}}
    async with pjai.connect(fake.endpoints.requests) as db:
        fake.stop()
        while db._connection.is_connected:
            await anyio.lowlevel.checkpoint()
        with pytest.raises(TimedOut):
            async with db.watch(LINKS, timeout=0.001):
                pass
        fake.start()
        assert await db.count(LINKS) == 3
    assert fake.asked_nothing()


async def test_a_hundred_watchers_are_one_live_query_of_the_daemon(db: Database) -> None:
    name = pjai.new_id()
    before = (await db.health()).live_queries
    async with anyio.create_task_group() as tasks:
        readers: list[LiveQuery[pjai.records.Persona]] = []
        leave = anyio.Event()

        async def watch() -> None:
            async with db.watch(pjai.personas.where(name=name)) as live:
                readers.append(live)
                await leave.wait()

        for _ in range(100):
            tasks.start_soon(watch)
        while len(readers) < 100:
            await anyio.lowlevel.checkpoint()
        assert (await db.health()).live_queries == before + 1
        receipt = await db.commit(v1.PersonaCreated(id=name, name=name))
        for live in readers:
            await live.reached(receipt.seq)
            assert [one.name for one in live.current] == [name]
        leave.set()
    while (await db.health()).live_queries > before:
        pass
