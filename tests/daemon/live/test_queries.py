"""Tests of live queries and feeds as their clients know them, beside a store that does as it is told."""

from __future__ import annotations

import anyio
import pytest
from structlog.testing import capture_logs

from pjai_wire.codec import encode
from pjai_wire.errors import InternalError, LimitExceeded, UnknownTopic
from pjai_wire.methods import FeedParams
from pjai_wire.pulse import Pulse
from pjai_wire.query import Query
from pjai_wire.select import count
from pjai_wire.tables import workflows
from pjaid.live.dependents import CHANGES_AT_ONCE_MAX
from pjaid.store.changed import RowChange
from tests.daemon.live.making import committed, workflow
from tests.daemon.live.told import IDS, LIKE, NEVER_S, Told, serving, settled

pytestmark = pytest.mark.anyio

COUNTED = workflows.group_by(n=count()).query


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
    assert store.told(query.topic) == [(1, 1), (1, 3), (3, 3)]
    assert [pulse.seq for pulse in store.pulses(query)] == [2, 3]


async def test_a_tick_follows_what_was_told_and_no_tick() -> None:
    store = Told()
    async with serving(store):
        query = await store.watch()
        for _ in range(3):
            await store.live.tick()
        store.commit(2, "ab")
        store.commit(3, "b")
        for _ in range(3):
            await store.live.tick()
    assert store.told(query.topic) == [(1, 1), (1, 1), (1, 2), (2, 3), (3, 3)]


async def test_a_pulse_promises_nothing_that_was_not_yet_looked_at() -> None:
    store = Told(rerun_interval_s=NEVER_S)
    async with serving(store):
        query, other = await store.watch(LIKE), await store.watch()
        await store.live.tick()
        store.announce(2)
        await store.live.tick()
        store.commit(3, "ab")
        await settled()
        await store.live.tick()
    assert store.pulses(query) == store.pulses(other)
    assert store.pulses(query) == [
        Pulse(open=2, seq=1, local_seq=0),
        Pulse(open=2, seq=2, local_seq=0),
        Pulse(open=2, seq=3, local_seq=0, behind=(query.topic,)),
    ]
    assert store.told(query.topic) == [(1, 1), (1, 1), (1, 1)]


async def test_what_a_pulse_cannot_speak_of_is_told_by_a_tick_how_far_it_has_come() -> None:
    store = Told()
    async with serving(store):
        query = await store.watch(LIKE)
        under_way: list[anyio.Event] = []
        for seq in (2, 3):
            store.seq, store.held = seq, anyio.Event()
            under_way.append(store.held)
            store.announce(seq, RowChange("workflows", None, workflow("b")))
            await settled()
        under_way[0].set()
        await settled()
        await store.live.tick()
        under_way[1].set()
        await settled()
    assert store.told(query.topic) == [(1, 1), (1, 2)]
    assert store.pulses(query) == [Pulse(open=1, seq=3, local_seq=0, behind=(query.topic,))]


async def test_a_pulse_speaks_of_its_client_alone_and_of_what_is_heard() -> None:
    store = Told()
    async with serving(store):
        one, other = await store.watch(), await store.watch(client=b"other")
        waiting = await store.live.watch(IDS, b"client", "")
        assert one.pulse == waiting.pulse != other.pulse
        await store.live.tick()
        assert store.pulses(one) == [Pulse(open=1, seq=1, local_seq=0, behind=(waiting.topic,))]
        assert store.pulses(other) == [Pulse(open=1, seq=1, local_seq=0)]
        store.live.unsubscribed(one.pulse)
        store.live.unsubscribed(other.topic)
        await store.live.tick()
    assert (len(store.pulses(one)), len(store.pulses(other))) == (1, 1)


async def test_a_pulse_that_finds_the_queue_full_comes_as_soon_as_there_is_room() -> None:
    store = Told()
    async with serving(store):
        query = await store.watch()
        store.full = {query.pulse}
        await store.live.tick()
        store.announce(2)
        await store.live.tick()
        assert store.pulses(query) == []
        store.full = set()
        await settled()
    assert store.pulses(query) == [Pulse(open=1, seq=2, local_seq=0)]


async def test_what_is_opened_before_a_pulse_is_sent_is_not_spoken_of() -> None:
    store = Told()
    async with serving(store):
        query = await store.watch()
        store.full = {query.pulse}
        await store.live.tick()
        opened = await store.watch(COUNTED)
        store.full = set()
        await settled()
        await store.live.tick()
    assert store.pulses(query) == [
        Pulse(open=2, seq=1, local_seq=0, behind=(opened.topic,)),
        Pulse(open=2, seq=1, local_seq=0),
    ]


async def test_what_ends_without_its_clients_doing_is_told_at_once() -> None:
    store = Told()
    async with serving(store):
        ended, other = await store.watch(LIKE), await store.watch()
        gone = await store.watch(COUNTED)
        store.live.unwatch(gone.topic)
        store.error = InternalError("it broke")
        with capture_logs():
            store.commit(2, "ab")
            await settled()
        assert store.pulses(other) == [Pulse(open=2, ended=(ended.topic,))]
        await store.live.tick()
    assert store.pulses(other)[1:] == [Pulse(open=1, seq=2, local_seq=0)]


async def test_a_pulse_ends_with_all_that_it_spoke_of() -> None:
    store = Told()
    async with serving(store):
        query = await store.watch()
        store.full = {query.pulse}
        await store.live.tick()
        assert store.live.issued(query.pulse)
        store.live.unwatch(query.topic)
        assert not store.live.issued(query.pulse)
        assert store.delivery.behind == 0
        again = await store.live.watch(IDS, b"client", "")
        assert again.pulse != query.pulse


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


async def test_a_result_that_grows_too_large_ends_and_is_refused_when_it_is_asked_for_again() -> None:
    store = Told(bytes_max=10)
    async with serving(store):
        large, small, other = (
            await store.watch(),
            await store.watch(COUNTED),
            await store.watch(client=b"other"),
        )
        store.commit(2, "abcd")
        with capture_logs() as logs:
            await store.live.tick()
        assert [store.live.issued(one.topic) for one in (large, small, other)] == [False, True, False]
        assert [record["code"] for record in logs] == ["limit_exceeded"] * 2
        with pytest.raises(LimitExceeded, match="more than 10 bytes"):
            await store.watch()
    assert store.held_after(large) == "abcd"


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
        assert store.live.feeds == 1
        for _ in range(2):
            store.live.unwatch(feed.topic)
        assert store.live.feeds == 0
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


async def test_a_feed_that_ended_before_it_could_not_follow_harms_nobody() -> None:
    store = Told()
    async with serving(store):
        feed = store.live.feed(FeedParams(table="workflows"), b"client")
        store.live.unwatch(feed.topic)
        with capture_logs():
            feed.failed(ZeroDivisionError())
        store.commit(2, "ab")
        assert len(store.live) == 0


async def test_a_group_that_changes_is_told() -> None:
    store = Told()
    async with serving(store):
        query = await store.watch(workflows.group_by(n=count()).query)
        assert query.rows == [encode([1])]
        store.commit(2, "abc")
        assert store.told(query.topic) == [(1, 1), (1, 2)]
        assert store.rows_after(query) == [encode([3])]
    assert store.reads == 1
