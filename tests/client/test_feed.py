from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, assert_type

import anyio
import pytest
from msgspec import Raw

import pjai
from pjai import Database, MissedChanges, memories, v1
from pjai import feed as feeds
from pjai.feed import CHANGES_KEPT_MAX, Feed, RowDeleted, RowInserted, RowUpdated
from pjai.testing import Daemon, daemon
from pjai_wire import feed as wire
from pjai_wire.codec import encode
from pjai_wire.errors import InternalError, InvalidQuery
from pjai_wire.records import MemoryLink
from tests.client.fake_daemon import FakeDaemon
from tests.client.links import COLUMNS, LINKS, PULSE, pulse, row
from tests.conftest import TICK_INTERVAL_MS

OPENED = {"topic": "t1", "pulse": PULSE, "seq": 5, "columns": COLUMNS}


def inserted(name: str) -> wire.RowInserted:
    return wire.RowInserted(Raw(encode(row(name))))


def update(prev: int, seq: int, *changes: wire.FeedChange) -> Raw:
    return Raw(encode(wire.FeedUpdate(seq=seq, prev=prev, changes=changes)))


@asynccontextmanager
async def fed(fake: FakeDaemon) -> AsyncIterator[Feed[MemoryLink]]:
    """A feed that begins at seq 5."""
    fake.answers |= {"feed": lambda _: OPENED, "unwatch": lambda _: {}}
    async with pjai.connect(fake.endpoints.requests) as db, db.changes(LINKS, "copy") as feed:
        await fake.until_subscribed("t1")
        yield feed


async def test_changes_come_one_by_one_with_the_seq_that_shows_them(fake: FakeDaemon) -> None:
    async with fed(fake) as feed:
        assert feed.seq == 5
        changed = wire.RowUpdated(Raw(encode(row("one"))))
        await fake.publish("t1", update(5, 7, inserted("one"), wire.RowDeleted("two")))
        await fake.publish("t1", update(7, 9))
        await fake.publish("t1", update(9, 10, changed))
        first, second, third = [await anext(feed) for _ in range(3)]
        assert isinstance(first, RowInserted)
        assert assert_type(first.row, MemoryLink).id == "one"
        assert (first.seq, second) == (7, RowDeleted(7, "two"))
        assert third == RowUpdated(10, first.row)


async def test_what_comes_in_parts_has_the_state_before_until_the_last(fake: FakeDaemon) -> None:
    async with fed(fake) as feed:
        for number, (prev, seq) in enumerate([(5, 5), (5, 5), (5, 9), (9, 9)]):
            await fake.publish("t1", update(prev, seq, wire.RowDeleted(f"row {number}")))
        assert [await anext(feed) for _ in range(4)] == [
            RowDeleted(5, "row 0"),
            RowDeleted(5, "row 1"),
            RowDeleted(9, "row 2"),
            RowDeleted(9, "row 3"),
        ]


async def test_the_daemon_is_asked_for_the_conditions_and_told_at_the_end(fake: FakeDaemon) -> None:
    async with pjai.connect(fake.endpoints.requests) as db, anyio.create_task_group() as tasks:

        async def follow() -> None:
            async with db.changes(LINKS.where(from_id="a"), "copy"):
                pass

        tasks.start_soon(follow)
        request = await fake.asked("feed")
        assert request.params == {
            "table": "memory_links",
            "where": [["fromId", "=", "a"]],
            "label": "copy",
        }
        await fake.answer(request, OPENED)
        assert (await fake.asked("unwatch")).params == {"topic": "t1"}


async def test_the_block_s_end_ends_the_iteration(fake: FakeDaemon) -> None:
    async with fed(fake) as feed:
        pass
    assert [change async for change in feed] == []


@pytest.mark.parametrize("message", [update(6, 7, inserted("one")), update(6, 6), Raw(b"\xc1")])
async def test_what_does_not_follow_ends_it(fake: FakeDaemon, message: Raw) -> None:
    async with fed(fake) as feed:
        await fake.publish("t1", message)
        with pytest.raises(MissedChanges, match="read the table again"):
            await anext(feed)
        await fake.publish("t1", update(5, 6, inserted("one")))
        with pytest.raises(MissedChanges):
            await anext(feed)


async def test_a_row_that_does_not_fit_ends_it(fake: FakeDaemon) -> None:
    async with fed(fake) as feed:
        await fake.publish("t1", update(5, 6, wire.RowInserted(Raw(encode(["one"])))))
        with pytest.raises(InternalError):
            await anext(feed)


async def test_silence_ends_it(fake: FakeDaemon) -> None:
    fake.tick_interval_ms = 1
    async with fed(fake) as feed:
        with pytest.raises(MissedChanges, match="silent"):
            await anext(feed)


async def test_a_pulse_that_says_so_ends_it(fake: FakeDaemon) -> None:
    async with fed(fake) as feed:
        await fake.publish(PULSE, pulse(9))
        await fake.publish(PULSE, pulse(9, ended=("t1",)))
        with pytest.raises(MissedChanges, match="has ended"):
            await anext(feed)


async def test_another_run_of_the_daemon_ends_it(fake: FakeDaemon) -> None:
    async with fed(fake) as feed:
        fake.restart()
        with pytest.raises(MissedChanges, match="restarted"):
            await anext(feed)


async def test_the_same_run_of_the_daemon_goes_on(fake: FakeDaemon) -> None:
    async with fed(fake) as feed:
        fake.stop()
        fake.start()
        await fake.until_subscribed("t1")
        while len(fake.greeted) < 2:
            await anyio.lowlevel.checkpoint()
        await fake.publish("t1", update(5, 6, wire.RowDeleted("one")))
        assert await anext(feed) == RowDeleted(6, "one")


async def test_a_reader_that_is_too_slow_is_told(fake: FakeDaemon) -> None:
    async with fed(fake) as feed:
        many = [wire.RowDeleted(str(number)) for number in range(CHANGES_KEPT_MAX)]
        feed.arrived(update(5, 6, *many))
        assert await anext(feed) == RowDeleted(6, "0")
        feed.arrived(update(6, 7, wire.RowDeleted("a"), wire.RowDeleted("b")))
        with pytest.raises(MissedChanges, match="waiting to be read"):
            await anext(feed)


@pytest.mark.parametrize(
    "asked", [LINKS.limit(5), LINKS.order_by("weight"), LINKS.select("id"), LINKS.group_by("kind")]
)
async def test_a_feed_has_conditions_only(db: Database, asked: Any) -> None:
    with pytest.raises(InvalidQuery, match="conditions"):
        async with db.changes(asked):
            pass


async def test_a_copy_that_is_kept_by_a_feed_holds_what_the_table_does(db: Database) -> None:
    ada = pjai.new_id()
    hot = memories.where(persona_id=ada, memory_tier="hot")
    one, two, three = [
        v1.MemoryEntityCreated(id=pjai.new_id(), persona_id=ada, type="concept", name=name)
        for name in ("one", "two", "three")
    ]
    await db.commit(v1.PersonaCreated(id=ada, name=ada), one)
    async with db.changes(hot) as feed:
        copy = {row.id: row async for page in db.pages(hot) for row in page}
        assert list(copy) == [one.id]
        await db.commit(two, v1.MemoryEntityUpdated(id=one.id, importance=90))
        await db.commit(v1.MemoryEntityUpdated(id=two.id, memory_tier="cold"))
        receipt = await db.commit(three)
        async for change in feed:
            match assert_type(change, feeds.RowChange[pjai.records.MemoryEntity]):
                case RowInserted(_, row) | RowUpdated(_, row):
                    copy[row.id] = row
                case RowDeleted(_, row_id):
                    copy.pop(row_id, None)
            if change.seq >= receipt.seq and three.id in copy:
                break
    assert copy == {row.id: row for row in await db.query(hot)}
    assert sorted(row.name for row in copy.values()) == ["one", "three"]


async def test_records_come_without_what_is_gathered_for_them(db: Database) -> None:
    made = pjai.testing.sample(conversations=1)
    async with db.changes(table=pjai.conversations) as feed:
        await db.commit(*made.events)
        change = await anext(feed)
        assert isinstance(change, RowInserted)
        assert (change.row.id, change.row.messages) == (made.conversations[0], ())


async def test_a_restart_of_the_daemon_is_told() -> None:
    with daemon(tick_interval_ms=TICK_INTERVAL_MS) as running:
        async with pjai.connect(running.endpoint) as db, db.changes(pjai.personas) as feed:
            await _restarted(running)
            with pytest.raises(MissedChanges):
                await anext(feed)
            async with db.changes(pjai.personas) as again:
                await db.commit(v1.PersonaCreated(id="ada", name="Ada"))
                change = await anext(again)
                assert isinstance(change, RowInserted)
                assert change.row.name == "Ada"


async def _restarted(running: Daemon) -> None:
    await anyio.to_thread.run_sync(running.restart)
