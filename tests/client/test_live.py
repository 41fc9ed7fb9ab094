from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from msgspec import Raw

import pjai
from pjai import LiveQuery, v1
from pjai.exchange import ConnectionLost
from pjai.testing import Daemon
from pjai_wire.changes import Delete
from pjai_wire.envelope import LiveUpdate
from pjai_wire.errors import InvalidQuery, NotRunning, TimedOut, UnknownTable, UnknownTopic
from pjai_wire.tables import client_documents, memory_links
from tests.client.fake_daemon import FakeDaemon
from tests.client.links import LINKS, PULSE, inserted, names, pulse, result
from tests.conftest import TICK_INTERVAL_MS


@asynccontextmanager
async def watched(fake: FakeDaemon) -> AsyncIterator[LiveQuery[pjai.records.MemoryLink]]:
    """A live query that begins with `one` at seq 1, its first result read and its topic heard."""
    fake.answers |= {"watch": lambda _: result("t1", 1, "one"), "unwatch": lambda _: {}}
    async with pjai.connect(fake.endpoints.requests) as db, db.watch(LINKS, "links") as live:
        assert names(await anext(live)) == ["one"]
        await fake.until_subscribed("t1")
        yield live


async def test_each_update_is_a_new_result(fake: FakeDaemon) -> None:
    async with watched(fake) as live:
        await fake.publish("t1", inserted(1, 2, "two"))
        rows = await anext(live)
        assert names(rows) == ["two", "one"]
        assert (live.seq, live.label, live.topic) == (2, "links", "t1")
        rows.clear()
        assert names(live.current) == ["two", "one"]


async def test_rows_that_are_dicts_are_the_readers_own(fake: FakeDaemon) -> None:
    columns = {"columns": ["id", "weight"], "rows": [["one", {"a": [1]}]]}
    fake.answers |= {
        "watch": lambda _: {"topic": "t1", "pulse": PULSE, "seq": 1, **columns},
        "unwatch": lambda _: {},
    }
    async with (
        pjai.connect(fake.endpoints.requests) as db,
        db.watch(memory_links.select("id", "weight")) as live,
    ):
        (mine,) = await anext(live)
        mine["weight"]["a"].append(2)
        mine["id"] = "changed"
        assert live.current == [{"id": "one", "weight": {"a": [1]}}]


async def test_a_seq_that_is_not_reached_in_time_is_an_error(fake: FakeDaemon) -> None:
    async with watched(fake) as live:
        with pytest.raises(TimedOut, match=r"did not reach 99 within 0\.001 s \(it shows the state at 1\)"):
            await live.reached(99, timeout=0.001)
        assert await live.reached(1, timeout=0) == 1


async def test_a_seq_is_waited_for_as_long_as_the_connection_waits_for_answers(fake: FakeDaemon) -> None:
    fake.answers |= {"watch": lambda _: result("t1", 1, "one"), "unwatch": lambda _: {}}
    async with pjai.connect(fake.endpoints.requests, timeout=0.5) as db, db.watch(LINKS) as live:
        with pytest.raises(TimedOut, match="within 0\\.5 s"):
            await live.reached(99)


async def test_a_watch_under_way_ends_with_the_connection(fake: FakeDaemon) -> None:
    async def watch(db: pjai.Database) -> None:
        with pytest.raises(ConnectionLost, match="the connection was closed"):
            async with db.watch(LINKS):
                pass

    async with anyio.create_task_group() as tasks, pjai.connect(fake.endpoints.requests) as db:
        tasks.start_soon(watch, db)
        await fake.asked("watch")


async def test_a_first_result_that_does_not_come_in_time_is_an_error(fake: FakeDaemon) -> None:
    async with pjai.connect(fake.endpoints.requests) as db:
        with pytest.raises(TimedOut, match=r"no result to watch within 0\.001 s"):
            async with db.watch(LINKS, timeout=0.001):
                pass
        # Its answer comes all the same, and its topic is ended.
        await fake.answer(await fake.asked("watch"), result("t1", 1, "one"))
        assert (await fake.asked("unwatch")).params == {"topic": "t1"}


async def test_a_closed_connection_watches_nothing(fake: FakeDaemon) -> None:
    async with pjai.connect(fake.endpoints.requests) as db:
        pass
    with pytest.raises(ConnectionLost, match="the connection was closed"):
        async with db.watch(LINKS):
            pass


async def test_a_slow_reader_meets_the_newest_result(fake: FakeDaemon) -> None:
    async with watched(fake) as live:
        await fake.publish("t1", inserted(1, 2, "two"))
        await fake.publish("t1", inserted(2, 3, "three"))
        await live.reached(3)
        assert names(await anext(live)) == ["three", "two", "one"]


async def test_a_tick_moves_the_seq_and_wakes_no_reader(fake: FakeDaemon) -> None:
    async with watched(fake) as live:
        await fake.publish("t1", LiveUpdate(seq=5, prev=1))
        assert await live.reached(4) == 5
        await fake.publish("t1", inserted(5, 6, "two"))
        assert names(await anext(live)) == ["two", "one"]


async def test_a_pulse_moves_the_seq_and_wakes_no_reader(fake: FakeDaemon) -> None:
    async with watched(fake) as live:
        await fake.publish("t1", LiveUpdate(seq=1, prev=1))
        await fake.publish(PULSE, pulse(5))
        assert await live.reached(4) == 5
        # What the topic itself told last is where its next update leads from.
        await fake.publish("t1", inserted(1, 6, "two"))
        assert names(await anext(live)) == ["two", "one"]
    assert fake.asked_nothing()


async def test_a_pulse_speaks_of_what_has_begun_and_is_not_behind(fake: FakeDaemon) -> None:
    async with watched(fake) as live:
        await fake.publish(PULSE, pulse(5))
        await fake.publish("t1", LiveUpdate(seq=2, prev=1))
        await fake.publish(PULSE, pulse(6, "t1"))
        await fake.publish("t1", LiveUpdate(seq=3, prev=2))
        assert await live.reached(3) == 3


async def test_a_pulse_counts_local_tables_for_themselves(fake: FakeDaemon) -> None:
    documents = {"topic": "t1", "pulse": PULSE, "seq": 1, "columns": ["id"], "rows": []}
    fake.answers |= {"watch": lambda _: documents, "unwatch": lambda _: {}}
    async with pjai.connect(fake.endpoints.requests) as db, db.watch(client_documents.select("id")) as live:
        await fake.until_subscribed("t1")
        await fake.publish("t1", LiveUpdate(seq=1, prev=1))
        await fake.publish(PULSE, pulse(50, local_seq=3))
        assert await live.reached(2) == 3


async def test_while_a_whole_result_is_asked_for_no_pulse_speaks_of_it(fake: FakeDaemon) -> None:
    async with watched(fake) as live:
        await fake.publish("t1", LiveUpdate(seq=3, prev=2))
        request = await fake.asked("resync")
        await fake.publish(PULSE, pulse(9))
        with pytest.raises(TimedOut):
            await live.reached(9, timeout=0.05)
        await fake.answer(request, result("t1", 3, "two"))
        assert await live.reached(3) == 3


async def test_what_a_pulse_says_has_ended_is_asked_for_at_once(fake: FakeDaemon) -> None:
    async with watched(fake) as live:
        await fake.publish("t1", LiveUpdate(seq=1, prev=1))
        await fake.publish(PULSE, pulse(5, ended=("t1",), heard=0))
        await fake.answer(await fake.asked("resync"), result("t1", 6, "two"))
        assert names(await anext(live)) == ["two"]
    assert fake.asked_nothing()


async def test_more_topics_than_the_daemon_knows_of_are_all_asked_for(fake: FakeDaemon) -> None:
    async with watched(fake) as live:
        await fake.publish("t1", LiveUpdate(seq=1, prev=1))
        await fake.publish(PULSE, pulse(5, heard=0))
        await fake.answer(await fake.asked("resync"), result("t1", 6, "two"))
        assert names(await anext(live)) == ["two"]


async def test_bytes_that_are_no_pulse_are_made_up_for(fake: FakeDaemon) -> None:
    async with watched(fake) as live:
        await fake.publish(PULSE, Raw(b"\xc1"))
        await fake.answer(await fake.asked("resync"), result("t1", 6, "two"))
        assert names(await anext(live)) == ["two"]


async def test_a_pulse_is_heard_as_long_as_anything_that_it_speaks_of(fake: FakeDaemon) -> None:
    answers = iter([result("t1", 1, "one"), result("t2", 1, "two")])
    fake.answers |= {"watch": lambda _: next(answers), "unwatch": lambda _: {}}
    async with pjai.connect(fake.endpoints.requests) as db:
        async with db.watch(LINKS):
            async with db.watch(LINKS.limit(1)):
                await fake.until_subscribed("t2")
            await fake.until_unsubscribed("t2")
            assert PULSE in fake.subscribed
        await fake.until_unsubscribed(PULSE)


async def test_a_missed_update_is_made_up_for(fake: FakeDaemon) -> None:
    async with watched(fake) as live:
        await fake.publish("t1", inserted(2, 3, "three"))
        request = await fake.asked("resync")
        assert request.params == {"topic": "t1"}
        await fake.answer(request, result("t1", 3, "three", "two", "one"))
        assert names(await anext(live)) == ["three", "two", "one"]


async def test_updates_that_overtake_the_whole_result_are_applied_to_it(fake: FakeDaemon) -> None:
    async with watched(fake) as live:
        await fake.publish("t1", inserted(2, 3, "three"))
        request = await fake.asked("resync")
        await fake.publish("t1", inserted(3, 4, "four"))
        await fake.publish("t1", LiveUpdate(seq=5, prev=4, changes=(Delete(3),)))
        await fake.answer(request, result("t1", 3, "three", "two", "one"))
        await live.reached(5)
        assert names(await anext(live)) == ["four", "three", "two"]
    assert fake.asked_nothing()


async def test_an_equal_whole_result_wakes_no_reader(fake: FakeDaemon) -> None:
    async with watched(fake) as live:
        await fake.publish("t1", LiveUpdate(seq=3, prev=2))
        await fake.answer(await fake.asked("resync"), result("t1", 3, "one"))
        await live.reached(3)
        await fake.publish("t1", inserted(3, 4, "two"))
        assert names(await anext(live)) == ["two", "one"]


async def test_bytes_that_are_no_update_are_made_up_for(fake: FakeDaemon) -> None:
    async with watched(fake) as live:
        await fake.publish("t1", Raw(b"\xc1"))
        await fake.answer(await fake.asked("resync"), result("t1", 1, "two"))
        assert names(await anext(live)) == ["two"]


async def test_a_topic_that_ended_is_watched_anew(fake: FakeDaemon) -> None:
    def ended(_: dict[str, Any]) -> object:
        raise UnknownTopic("the live query has ended")

    async with watched(fake) as live:
        fake.answers |= {"resync": ended, "watch": lambda _: result("t2", 3, "two")}
        await fake.publish("t1", LiveUpdate(seq=3, prev=2))
        assert names(await anext(live)) == ["two"]
        assert live.topic == "t2"
        await fake.until_subscribed("t2")
        await fake.until_unsubscribed("t1")
        await fake.publish("t2", inserted(3, 4, "three"))
        assert names(await anext(live)) == ["three", "two"]


async def test_silence_is_noticed(fake: FakeDaemon) -> None:
    fake.tick_interval_ms = 1
    fake.answers["resync"] = lambda _: result("t1", 2, "two")
    async with watched(fake) as live:
        assert names(await anext(live)) == ["two"]


async def test_a_query_that_can_be_answered_no_more_ends_with_the_reason(fake: FakeDaemon) -> None:
    def gone(_: dict[str, Any]) -> object:
        raise UnknownTable("there is no table 'memory_links'")

    async with watched(fake) as live:
        fake.answers["resync"] = gone
        await fake.publish("t1", LiveUpdate(seq=3, prev=2))
        with pytest.raises(UnknownTable):
            await anext(live)
        with pytest.raises(UnknownTable):
            await live.reached(3)


async def test_a_daemon_that_cannot_answer_now_is_asked_again(fake: FakeDaemon) -> None:
    async with watched(fake) as live:
        await fake.publish("t1", LiveUpdate(seq=3, prev=2))
        await fake.refuse(await fake.asked("resync"), NotRunning("not yet"))
        await fake.answer(await fake.asked("resync"), result("t1", 3, "two"))
        assert names(await anext(live)) == ["two"]


async def test_a_watch_whose_answer_was_lost_is_asked_anew(fake: FakeDaemon) -> None:
    async with pjai.connect(fake.endpoints.requests) as db, anyio.create_task_group() as tasks:
        seen: list[list[str]] = []

        async def watch() -> None:
            async with db.watch(LINKS) as live:
                seen.append(names(await anext(live)))

        tasks.start_soon(watch)
        await fake.asked("watch")
        fake.restart()
        await fake.answer(await fake.asked("watch"), result("t2", 1, "one"))
        await fake.asked("unwatch")
    assert seen == [["one"]]


async def test_leaving_the_block_ends_the_topic_and_the_iteration(fake: FakeDaemon) -> None:
    del_unwatch = fake.answers
    async with watched(fake) as live:
        del del_unwatch["unwatch"]
    assert [rows async for rows in live] == []
    with pytest.raises(UnknownTopic):
        await live.reached(99)


async def test_the_daemon_is_told_when_nobody_watches_any_more(fake: FakeDaemon) -> None:
    fake.answers["watch"] = lambda _: result("t1", 1, "one")
    async with pjai.connect(fake.endpoints.requests) as db:
        async with db.watch(LINKS):
            await fake.until_subscribed("t1")
        assert (await fake.asked("unwatch")).params == {"topic": "t1"}
        await fake.until_unsubscribed("t1")


async def test_a_query_that_records_cannot_answer_is_not_left_open(fake: FakeDaemon) -> None:
    fake.answers["watch"] = lambda _: {"topic": "t1", "pulse": PULSE, "seq": 1, "columns": ["id"], "rows": []}
    async with pjai.connect(fake.endpoints.requests) as db:
        with pytest.raises(InvalidQuery):
            async with db.watch(LINKS):
                pass
        assert (await fake.asked("unwatch")).params == {"topic": "t1"}


async def test_an_error_inside_the_block_comes_out_as_it_is(fake: FakeDaemon) -> None:
    with pytest.raises(ZeroDivisionError):
        async with watched(fake):
            raise ZeroDivisionError


async def test_a_live_query_outlives_a_crash_of_the_daemon() -> None:
    with pjai.testing.daemon(tick_interval_ms=TICK_INTERVAL_MS) as daemon:
        async with pjai.connect(daemon.endpoint) as db, db.watch(pjai.personas.all()) as live:
            assert await anext(live) == []
            await _created(db, "before")
            assert [one.name for one in await anext(live)] == ["before"]
            topic = live.topic
            await _crashed(daemon)
            receipt = await _created(db, "after")
            assert [one.name for one in await anext(live)] == ["before", "after"]
            assert await live.reached(receipt.seq) == receipt.seq
            assert live.topic != topic


async def test_the_same_result_after_a_restart_wakes_no_reader() -> None:
    with pjai.testing.daemon(tick_interval_ms=TICK_INTERVAL_MS) as daemon:
        async with pjai.connect(daemon.endpoint) as db:
            await _created(db, "before")
            async with db.watch(pjai.personas.all()) as live:
                assert len(await anext(live)) == 1
                await _crashed(daemon)
                receipt = await db.commit(v1.UserPreferenceSet(id="theme", value="dark"))
                await live.reached(receipt.seq)
                await _created(db, "after")
                assert len(await anext(live)) == 2


async def _created(db: pjai.Database, name: str) -> pjai.Receipt:
    return await db.commit(v1.PersonaCreated(id=pjai.new_id(), name=name))


async def _crashed(daemon: Daemon) -> None:
    daemon.kill()
    await anyio.to_thread.run_sync(daemon.start)
