"""Tests of the life of live queries and feeds, beside a store that does as it is told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import anyio
import anyio.lowlevel
import pytest
from msgspec import UNSET, Raw, Struct
from structlog.testing import capture_logs

from pjai_wire.changes import Change, apply_changes
from pjai_wire.codec import Decoder, encode
from pjai_wire.envelope import LiveUpdate
from pjai_wire.errors import InternalError, InvalidQuery, LimitExceeded, Overloaded, UnknownTopic
from pjai_wire.methods import FeedParams
from pjai_wire.query import Query
from pjai_wire.select import count, total
from pjai_wire.tables import workflows
from pjaid.live import views
from pjaid.live.delivery import Delivery
from pjaid.live.dependents import CHANGES_AT_ONCE_MAX, Dependents
from pjaid.live.queries import LiveQueries, Snapshot
from pjaid.live.registry import Registry
from pjaid.store.changed import Row, RowChange
from pjaid.store.reads import Rows
from pjaid.store.statements import Statement
from tests.daemon.live.making import committed, workflow

pytestmark = pytest.mark.anyio

T = TypeVar("T")

IDS = workflows.select("id").query
LIKE = workflows.select("id").where(workflows.id.like("%")).query
NEVER_S = 1e9
"""An interval or a lease that does not end while a test runs."""


class Led(Struct):
    """From which state to which an update leads, of a live query or a feed."""

    prev: int
    seq: int


_update, _led = Decoder(LiveUpdate), Decoder(Led)


class Told:
    """A store of workflows that says what it was told to say, and what live queries published of it."""

    def __init__(self, *, rerun_interval_s: float = 0.0, lease_s: float = NEVER_S, bytes_max: int = 10_000):
        self.seq = 1
        self.ids = "a"
        self.reads = 0
        self.held: anyio.Event | None = None
        """While set, reads wait for it, as in a thread."""
        self.error: Exception | None = None
        """While set, reads fail."""
        self.published: dict[str, list[bytes]] = {}
        self.full: set[str] = set()
        self.dependents = Dependents(1, 0)
        self.delivery = Delivery(self._publish, retry_interval_s=0)
        self.live = LiveQueries(
            self,
            self.dependents,
            self.delivery,
            Registry(most=10, most_per_client=10, bytes_per_client_max=bytes_max),
            rerun_interval_s=rerun_interval_s,
            lease_s=lease_s,
        )

    def read(self, statement: Statement, finish: Callable[[Rows], T]) -> Any:
        """What `finish` makes of the ids."""
        if statement.columns == ("id",):
            return self._found([(one,) for one in self.ids], finish)
        return self._found([(len(self.ids),)], finish)

    def read_raw(self, statement: Statement, finish: Callable[[Rows], T]) -> Any:
        """What `finish` makes of the workflows, or of the whole table's state."""
        if "count(*)" in statement.sql:
            return self._found([(len(self.ids),)], finish)
        return self._found([workflow(one) for one in self.ids], finish)

    def commit(self, seq: int, ids: str, *, is_announced: bool = True) -> None:
        """A commit after which there are the workflows `ids`."""
        changes = tuple(
            RowChange("workflows", *[workflow(one) if one in there else None for there in (self.ids, ids)])
            for one in sorted({*self.ids, *ids})
            if (one in self.ids) != (one in ids)
        )
        self.seq, self.ids = seq, ids
        self.dependents.durable(committed(seq))
        if is_announced:
            self.announce(seq, *changes)

    def announce(self, seq: int, *changes: RowChange) -> None:
        """Tells of a commit that is durable."""
        self.dependents.committed(committed(seq, *changes))

    async def watch(self, query: Query = IDS, client: bytes = b"client") -> Snapshot:
        """Opens a live query and hears it."""
        snapshot = await self.live.watch(query, client, "")
        self.live.subscribed(snapshot.topic)
        return snapshot

    def told(self, topic: str) -> list[tuple[int, int]]:
        """The (prev, seq) of each update."""
        return [(led.prev, led.seq) for led in map(_led.decode, self.published[topic])]

    def held_after(self, snapshot: Snapshot) -> str:
        """The ids that somebody holds who took the snapshot, and each update that leads on from it."""
        rows, seq = snapshot.rows, snapshot.seq
        for update in map(_update.decode, self.published[snapshot.topic]):
            if update.prev != seq:
                continue
            seq = update.seq
            rows = after(rows, update)
        return "".join(Decoder(list[str]).decode(row)[0] for row in rows)

    def _found(self, rows: list[Row], finish: Callable[[Rows], T]) -> Any:
        self.reads += 1
        found, held = Rows(self.seq, rows), self.held
        if held is None:
            if self.error is not None:
                raise self.error
            return finish(found)

        async def later() -> T:
            await held.wait()
            if self.error is not None:
                raise self.error
            return finish(found)

        return later()

    def _publish(self, topic: str, update: bytes) -> bool:
        if topic in self.full:
            return False
        self.published.setdefault(topic, []).append(update)
        return True


def after(rows: list[bytes], update: LiveUpdate) -> list[bytes]:
    """The rows that an update makes of those before."""
    if update.rows is not UNSET:
        return [bytes(row) for row in update.rows]
    changes: tuple[Change[Raw], ...] = () if update.changes is UNSET else update.changes
    return apply_changes(rows, changes, _content)


def _content(row: Raw) -> bytes:
    return bytes(row)


@asynccontextmanager
async def serving(store: Told) -> AsyncIterator[None]:
    """What runs live queries, for the block."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(store.live.serve, tasks)
        tasks.start_soon(store.dependents.serve)
        tasks.start_soon(store.delivery.serve)
        await settled()
        yield
        tasks.cancel_scope.cancel()


async def settled() -> None:
    """Lets everything run that can."""
    for _ in range(20):
        await anyio.lowlevel.checkpoint()


async def outcome(awaited: Awaitable[T], outcomes: list[T | Exception]) -> None:
    """Notes what came of something."""
    try:
        outcomes.append(await awaited)
    except Exception as error:
        outcomes.append(error)


async def test_each_update_leads_from_the_one_before() -> None:
    store = Told()
    async with serving(store):
        query = await store.watch()
        for seq, ids in ((2, "ab"), (3, "b"), (4, "b"), (5, "bc")):
            store.commit(seq, ids)
        await store.live.tick()
    assert store.told(query.topic) == [(1, 1), (1, 2), (2, 3), (3, 5), (5, 5)]
    assert store.held_after(query) == "bc"
    assert store.reads == 1


async def test_what_changed_before_the_topic_is_heard_comes_first() -> None:
    store = Told()
    async with serving(store):
        query = await store.live.watch(IDS, b"client", "")
        store.commit(2, "ab")
        store.commit(3, "abc")
        assert store.published == {}
        store.live.subscribed(query.topic)
    assert store.told(query.topic) == [(1, 3)]
    assert store.held_after(query) == "abc"


@pytest.mark.parametrize("query", [IDS, LIKE])
async def test_a_snapshot_that_saw_a_commit_early_carries_its_seq(query: Query) -> None:
    store = Told()
    async with serving(store):
        store.commit(2, "ab", is_announced=False)
        snapshot = await store.watch(query)
        assert snapshot.seq == 2
        await store.live.tick()
        store.announce(2, RowChange("workflows", None, workflow("b")))
        await store.live.tick()
    assert set(store.told(snapshot.topic)) == {(2, 2)}
    assert store.held_after(snapshot) == "ab"


async def test_a_tick_takes_nothing_back_that_a_read_saw_early() -> None:
    store = Told()
    async with serving(store):
        query = await store.watch(LIKE)
        store.commit(3, "abc", is_announced=False)
        store.announce(2, RowChange("workflows", None, workflow("b")))
        await settled()
        await store.live.tick()
        store.announce(3, RowChange("workflows", None, workflow("c")))
        await settled()
        await store.live.tick()
    assert store.told(query.topic) == [(1, 1), (1, 3), (3, 3), (3, 3)]


async def test_a_tick_does_not_promise_what_was_not_yet_looked_at() -> None:
    store = Told(rerun_interval_s=NEVER_S)
    async with serving(store):
        query = await store.watch(LIKE)
        await store.live.tick()
        store.announce(2)
        await store.live.tick()
        store.commit(3, "ab")
        await settled()
        await store.live.tick()
    assert store.told(query.topic) == [(1, 1), (1, 1), (1, 2), (2, 2)]
    assert store.reads == 1


async def test_a_commit_during_a_slow_read_is_looked_at_after_it() -> None:
    store = Told()
    async with serving(store):
        query = await store.watch(LIKE)
        store.held = anyio.Event()
        store.commit(2, "ab")
        await settled()
        store.commit(3, "abc")
        await store.live.tick()
        await settled()
        assert store.told(query.topic) == [(1, 1), (1, 1)]
        store.held.set()
        await settled()
    assert store.held_after(query) == "abc"
    assert store.told(query.topic)[-1][1] == 3


async def test_a_slow_read_answers_a_resync_that_waits_for_it_too() -> None:
    store = Told()
    async with serving(store):
        query = await store.watch(LIKE)
        slow = store.held = anyio.Event()
        store.commit(2, "ab")
        await settled()
        store.held = None
        store.commit(3, "c")
        snapshots: list[Any] = []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(outcome, store.live.resync(query.topic), snapshots)
            await settled()
            assert snapshots == []
            slow.set()
        await settled()
    (snapshot,) = snapshots
    assert snapshot.seq == 3
    assert store.held_after(snapshot) == "c"
    assert store.told(query.topic) == [(1, 1), (1, 3)]


async def test_equal_queries_of_several_clients_are_one_view() -> None:
    store = Told()
    async with serving(store):
        one, other = await store.watch(client=b"one"), await store.watch(client=b"other")
        assert one.topic != other.topic
        assert (len(store.live), store.live.views, store.reads) == (2, 1, 1)
        store.commit(2, "ab")
        assert [store.held_after(query) for query in (one, other)] == ["ab", "ab"]
        store.live.unwatch(one.topic)
        store.live.unwatch(one.topic)
        store.commit(3, "abc")
        assert [store.held_after(query) for query in (one, other)] == ["ab", "abc"]
        store.live.unwatch(other.topic)
    assert (len(store.live), store.live.views) == (0, 0)


async def test_who_joins_a_view_late_hears_what_the_others_do() -> None:
    store = Told()
    async with serving(store):
        first = await store.watch()
        store.commit(2, "ab")
        late = await store.watch(client=b"late")
        assert late.seq == 2
        store.commit(3, "b")
    assert [store.held_after(query) for query in (first, late)] == ["b", "b"]
    assert store.told(late.topic) == [(2, 2), (2, 3)]


async def test_names_of_columns_are_those_that_each_client_asked_for() -> None:
    store = Told()
    async with serving(store):
        for name in ("n", "number"):
            query = workflows.group_by(**{name: count()}).query
            snapshot = await store.watch(query)
            assert snapshot.columns == (name,)
            assert (await store.live.resync(snapshot.topic)).columns == (name,)


async def test_a_subscriber_that_is_behind_hears_one_merged_update() -> None:
    store = Told()
    async with serving(store):
        query = await store.watch()
        store.full = {query.topic}
        for seq in range(2, 60):
            store.commit(seq, "ab" if seq % 2 else "bcd")
        await store.live.tick()
        await settled()
        assert len(store.told(query.topic)) == 1
        store.full = set()
        await settled()
    assert store.told(query.topic) == [(1, 1), (1, 59)]
    assert store.held_after(query) == "ab"


async def test_a_whole_result_is_not_followed_by_changes_that_it_holds() -> None:
    store = Told()
    async with serving(store):
        query = await store.watch(workflows.select("id").limit(3).query)
        (subscription, watched), *_ = store.live.overview()
        subscription.put_off(1, None)
        # A large commit is told in turns: this view was, and others are yet to be.
        change = RowChange("workflows", None, workflow("b"))
        watched.touched(committed(2, change), [change])
        store.delivery.flush(subscription)
        store.ids, store.seq = "ab", 2
        store.announce(2)
        await settled()
    assert store.held_after(query) == "ab"


async def test_a_large_commit_is_followed_like_any() -> None:
    store = Told()
    ids = "".join(chr(0x100 + number) for number in range(CHANGES_AT_ONCE_MAX + 1))
    async with serving(store):
        query = await store.watch()
        store.commit(2, ids)
        await settled()
    assert store.held_after(query) == ids


async def test_a_topic_whose_subscriber_never_came_ends_with_its_lease() -> None:
    store = Told(lease_s=-1.0)
    async with serving(store):
        heard = await store.watch()
        waiting = await store.live.watch(IDS, b"client", "")
        feed = store.live.feed(FeedParams(table="workflows"), b"client")
        await store.live.tick()
        assert [store.live.issued(topic) for topic in (heard.topic, waiting.topic, feed.topic)] == [
            True,
            False,
            False,
        ]


async def test_a_result_larger_than_a_client_may_keep_is_refused_and_forgotten() -> None:
    store = Told(bytes_max=2)
    async with serving(store):
        with pytest.raises(LimitExceeded, match="more than 2 bytes"):
            await store.watch()
        assert (len(store.live), store.live.views) == (0, 0)


async def test_a_query_that_cannot_be_read_says_why_and_leaves_nothing() -> None:
    store = Told()
    store.error = InvalidQuery("a sum is larger than an integer can be")
    async with serving(store):
        with anyio.fail_after(10), pytest.raises(InvalidQuery):
            await store.watch(workflows.group_by(runs=total(workflows.execution_count)).query)
        assert store.reads == 2
        store.held = anyio.Event()
        store.held.set()
        with anyio.fail_after(10), pytest.raises(InvalidQuery):
            await store.watch(LIKE)
        assert (len(store.live), store.live.views) == (0, 0)


async def test_a_view_that_can_be_read_no_more_ends_its_queries() -> None:
    store = Told()
    async with serving(store):
        query = await store.watch(LIKE)
        store.error = InternalError("the disk is gone")
        with capture_logs() as logs:
            store.commit(2, "ab")
        assert [record["event"] for record in logs] == ["live_query_ended"]
        assert (len(store.live), store.live.views) == (0, 0)
        with pytest.raises(UnknownTopic):
            await store.live.resync(query.topic)


async def test_a_view_for_which_no_reader_is_free_is_read_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "READ_AGAIN_S", 0.0)
    store = Told()
    async with serving(store):
        query = await store.watch(LIKE)
        store.held, store.error = anyio.Event(), Overloaded("every reader is busy")
        store.commit(2, "ab")
        store.held.set()
        await settled()
        assert store.told(query.topic) == [(1, 1)]
        store.error = None
        await settled()
    assert store.held_after(query) == "ab"


async def test_a_resync_of_a_query_that_ends_meanwhile_does_not_wait_for_ever() -> None:
    store = Told(rerun_interval_s=NEVER_S)
    async with serving(store):
        query = await store.watch(LIKE)
        store.commit(2, "ab")
        outcomes: list[Any] = []
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(outcome, store.live.resync(query.topic), outcomes)
                await settled()
                store.live.end_all()
    assert [type(error) for error in outcomes] == [UnknownTopic]
    assert store.live.views == 0


async def test_who_opens_a_query_while_all_end_is_told_to_begin_anew() -> None:
    store = Told()
    store.held = anyio.Event()
    async with serving(store):
        outcomes: list[Any] = []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(outcome, store.live.watch(IDS, b"client", ""), outcomes)
            await settled()
            store.live.end_all()
            slow, store.held = store.held, None
            again = await store.watch()
            slow.set()
        await settled()
        assert [type(error) for error in outcomes] == [UnknownTopic]
        assert store.live.views == 1
        store.commit(2, "ab")
    assert store.held_after(again) == "ab"


async def test_an_ended_query_is_unknown() -> None:
    store = Told()
    async with serving(store):
        query = await store.watch()
        store.live.end_all()
        assert (len(store.live), store.live.views) == (0, 0)
        assert not store.live.issued(query.topic)
        with pytest.raises(UnknownTopic):
            await store.live.resync(query.topic)


async def test_a_slow_read_for_nobody_does_no_harm() -> None:
    store = Told()
    async with serving(store):
        query = await store.watch(LIKE)
        store.held = anyio.Event()
        store.commit(2, "ab")
        store.live.unwatch(query.topic)
        store.held.set()
        await settled()
        store.commit(3, "abc")
        await settled()
    assert store.told(query.topic) == [(1, 1)]
    assert store.reads == 2


async def test_a_defect_in_one_view_ends_it_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Told()
    async with serving(store):
        broken, sound = await store.watch(workflows.select("id").limit(7).query), await store.watch()
        (_, watched), *_ = store.live.overview()
        monkeypatch.setattr(watched.view, "take", lambda *_: 1 / 0)
        with capture_logs() as logs:
            store.commit(2, "ab")
        assert [record["event"] for record in logs] == ["live_query_ended"]
        assert not store.live.issued(broken.topic)
        assert store.held_after(sound) == "ab"
        assert store.dependents.is_settled


async def test_a_feed_tells_rows_as_they_come_and_go_until_it_ends() -> None:
    store = Told()
    async with serving(store):
        feed = store.live.feed(FeedParams(table="workflows"), b"client")
        store.live.subscribed(feed.topic)
        store.commit(2, "ab")
        store.commit(3, "b")
        await store.live.tick()
        with pytest.raises(UnknownTopic, match="a feed has no result"):
            await store.live.resync(feed.topic)
        store.live.unwatch(feed.topic)
        store.commit(4, "c")
    assert store.told(feed.topic) == [(1, 1), (1, 2), (2, 3), (3, 3)]
    assert len(store.live) == 0


async def test_a_feed_that_opens_while_a_large_commit_is_told_begins_after_it() -> None:
    store = Told()
    ids = "".join(chr(0x100 + number) for number in range(3 * CHANGES_AT_ONCE_MAX))
    async with serving(store):
        store.commit(2, ids)
        feed = store.live.feed(FeedParams(table="workflows"), b"client")
        store.live.subscribed(feed.topic)
        await settled()
        store.commit(3, ids[1:])
    assert feed.seq == 3
    assert store.told(feed.topic) == [(2, 2), (2, 3)]


async def test_a_feed_that_cannot_follow_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Told()
    async with serving(store):
        feed = store.live.feed(FeedParams(table="workflows"), b"client")
        monkeypatch.setattr(feed, "_note", lambda _: 1 / 0)
        with capture_logs() as logs:
            store.commit(2, "ab")
        assert [(record["event"], record["table"]) for record in logs] == [("feed_ended", "workflows")]
        assert not store.live.issued(feed.topic)


async def test_a_group_that_changes_is_told() -> None:
    store = Told()
    async with serving(store):
        query = await store.watch(workflows.group_by(n=count()).query)
        assert query.rows == [encode([1])]
        store.commit(2, "abc")
        assert store.told(query.topic) == [(1, 1), (1, 2)]
        update = _update.decode(store.published[query.topic][-1])
        assert after(query.rows, update) == [encode([3])]
    assert store.reads == 1
