"""Tests of how views are read and end, beside a store that does as it is told."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.lowlevel
import pytest
from structlog.testing import capture_logs

from pjai_wire.errors import InternalError, InvalidQuery, LimitExceeded, Overloaded, UnknownTopic
from pjai_wire.select import total
from pjai_wire.tables import workflows
from pjaid.live import views
from tests.daemon.live.told import IDS, LIKE, Told, outcome, serving, settled

pytestmark = pytest.mark.anyio


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


async def test_the_time_of_a_read_in_a_thread_counts_as_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    store, clock = Told(), [0]
    async with serving(store):
        await store.watch(LIKE)
        ((_, watched),) = store.live.overview()
        monkeypatch.setattr(views, "perf_counter_ns", lambda: clock[0])
        before, store.held = watched.spent_ns, anyio.Event()
        store.commit(2, "ab")
        await settled()
        clock[0] += 5_000
        store.held.set()
        await settled()
        assert watched.spent_ns - before == 5_000


async def test_a_slow_query_is_told_and_can_be_watched_while_commits_never_cease() -> None:
    store = Told()
    told: list[str] = []
    async with serving(store), anyio.create_task_group() as tasks:
        query = await store.watch(LIKE)
        snapshots: list[Any] = []
        for seq, ids in enumerate(("ab", "abc", "abcd", "abcde"), start=2):
            under_way, store.held = store.held, anyio.Event()
            store.commit(seq, ids)
            await settled()
            if seq == 3:  # The first read is under way, and is to be followed by another.
                tasks.start_soon(outcome, store.watch(LIKE), snapshots)
                await settled()
            if under_way is not None:
                under_way.set()
                await settled()
                told.append(store.held_after(query))
        tasks.cancel_scope.cancel()
    assert told == ["ab", "abc", "abcd"]
    (snapshot,) = snapshots
    assert (snapshot.seq, store.held_after(snapshot)) == (3, "abcd")


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
    store = Told(rerun_interval_s=0.05)
    async with serving(store):
        query = await store.watch(LIKE)
        store.commit(2, "ab")
        outcomes: list[Any] = []
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(outcome, store.live.resync(query.topic), outcomes)
                await settled()
                store.live.unwatch(query.topic)
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


async def test_what_a_view_has_read_is_known_before_it_is_told() -> None:
    store = Told()
    async with serving(store):
        # Durable, but not said to be so yet.
        store.seq, store.ids = 2, "ab"
        settled_before = store.dependents.is_settled
        snapshot = await store.watch()
        assert (snapshot.seq, settled_before, store.dependents.is_settled) == (2, True, False)
        store.announce(2)
        assert store.dependents.is_settled


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
