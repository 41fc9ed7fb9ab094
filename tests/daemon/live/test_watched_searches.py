"""Watched searches equal fresh ones, whatever happens, and are run for nothing that can't concern them."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.lowlevel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pjai_wire.methods import SearchParams
from pjai_wire.query import Condition
from pjai_wire.tables import workflows
from pjaid.live import watched_searches
from pjaid.live.views import SEARCHES_AT_ONCE
from tests.daemon.live.seeking import Seeker
from tests.daemon.live.told import serving, settled

pytestmark = pytest.mark.anyio

WITHIN_S = 30
"""Past it hits are taken never to come."""

ids = st.integers(0, 4).map(str)
vectors = st.sampled_from([(1.0, 0.0), (0.0, 1.0), (0.8, 0.6), (0.6, 0.8), (-1.0, 0.0), (0.96, 0.28)])
values = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["", "a", "b", "ab"]),
        "persona_id": st.sampled_from(["p", "q"]),
        "execution_count": st.integers(0, 2),
    }
)
step: st.SearchStrategy[tuple[Any, ...]] = st.one_of(
    st.tuples(st.just("put"), ids, values),
    st.tuples(st.just("embed"), ids, vectors),
    st.tuples(st.just("embed"), ids, vectors),
    st.tuples(st.just("drop"), ids),
    st.tuples(st.just("turn"), st.integers(0, 4)),
    st.tuples(st.just("settle")),
    st.tuples(st.just("settle")),
)
conditions: st.SearchStrategy[tuple[Condition, ...]] = st.sampled_from(
    [
        (),
        (workflows.persona_id == "p",),
        (workflows.execution_count >= 1,),
        (workflows.persona_id == "q", workflows.execution_count < 2),
        (workflows.name == "a",),
    ]
)


def near(vector: tuple[float, ...], **params: Any) -> SearchParams:
    """A search by meaning."""
    return SearchParams(table="workflows", vector=np.array(vector, "<f4").tobytes(), **params)


searches = st.one_of(
    st.builds(near, vectors, where=conditions, limit=st.integers(1, 3)),
    st.builds(
        SearchParams,
        table=st.just("workflows"),
        text=st.sampled_from(["a", "b"]),
        where=conditions,
        limit=st.integers(1, 3),
        context=st.booleans(),
    ),
)


@settings(max_examples=600, deadline=None)
@given(st.lists(searches, min_size=1, max_size=4), st.lists(step, min_size=10, max_size=40), st.booleans())
def test_a_live_search_equals_a_fresh_one(
    asked: list[SearchParams], steps: list[tuple[Any, ...]], is_slow: bool
) -> None:
    async def play() -> None:
        store = Seeker(is_slow=is_slow)
        async with serving(store):
            snapshots = [await store.search(params) for params in asked]
            for name, *arguments in [*steps, ("settle",)]:
                match name:
                    case "put":
                        store.put(arguments[0], **arguments[1])
                    case "turn":
                        store.tell()
                        for _ in range(arguments[0]):
                            await anyio.lowlevel.checkpoint()
                    case "settle":
                        store.tell()
                        await settled()
                        for params, snapshot in zip(asked, snapshots, strict=True):
                            assert store.rows_after(snapshot) == store.right(params)
                    case _:
                        getattr(store, name)(*arguments)
            for snapshot in snapshots:
                store.live.unwatch(snapshot.topic)
            assert (len(store.live), store.live.views) == (0, 0)

    anyio.run(play)


async def runs_for(store: Seeker, params: SearchParams, change: Any) -> int:
    """How often a watched search is run for a change."""
    async with serving(store):
        await store.search(params)
        store.tell()
        await settled()
        before = store.runs
        change()
        store.tell()
        await settled()
        return store.runs - before


def seeker(*, is_slow: bool = False) -> Seeker:
    store = Seeker(is_slow=is_slow)
    for number, vector in enumerate([(1.0, 0.0), (0.8, 0.6), (0.0, 1.0)]):
        store.put(str(number), name="a", persona_id="p", execution_count=1)
        store.embed(str(number), vector)
    store.tell()
    return store


BEST = near((1.0, 0.0), limit=2)
BEST_OF_P = near((1.0, 0.0), limit=2, where=(workflows.persona_id == "p", workflows.execution_count > 0))


@pytest.mark.parametrize(
    ("params", "change", "runs"),
    [
        pytest.param(BEST, ("embed", "2", (0.0, 0.9)), 0, id="a vector far away"),
        pytest.param(BEST, ("embed", "2", (0.96, 0.28)), 1, id="a vector that comes near"),
        pytest.param(BEST, ("embed", "0", (0.0, 1.0)), 1, id="a vector that goes away"),
        pytest.param(BEST, ("drop", "2"), 0, id="a row far away goes"),
        pytest.param(BEST, ("drop", "0"), 1, id="a hit goes"),
        pytest.param(BEST, ("put", "9"), 0, id="a row without a vector"),
        pytest.param(BEST_OF_P, ("put", "2"), 1, id="a row that meets the conditions no longer"),
        pytest.param(SearchParams(table="workflows", text="a"), ("put", "9"), 1, id="words of any row"),
        pytest.param(
            SearchParams(table="workflows", text="a"), ("embed", "0", (0.0, 1.0)), 0, id="no words changed"
        ),
    ],
)
async def test_a_search_is_run_for_what_can_concern_it_alone(
    params: SearchParams, change: tuple[Any, ...], runs: int
) -> None:
    store = seeker()
    name, *arguments = change
    assert await runs_for(store, params, lambda: getattr(store, name)(*arguments)) == runs


async def test_what_happens_while_a_search_is_run_may_concern_what_it_finds() -> None:
    store = seeker(is_slow=True)
    async with serving(store):
        snapshot = await store.search(BEST)
        await settled()
        store.drop("0")
        store.tell()
        await anyio.lowlevel.checkpoint()
        # Far from what was found last, and no longer from what is being found.
        store.embed("2", (-1.0, 0.0))
        store.tell()
        await settled()
        assert store.rows_after(snapshot) == store.right(BEST)


async def test_the_first_commit_of_a_day_concerns_every_search(monkeypatch: pytest.MonkeyPatch) -> None:
    days = [1]
    monkeypatch.setattr(watched_searches, "today", lambda: days[-1])
    store = seeker()
    async with serving(store):
        await store.search(BEST)
        before = store.runs
        for day, runs in ((1, 0), (2, 1), (2, 1)):
            days.append(day)
            store.put("9", name=f"{day} and {runs}", execution_count=len(days))
            store.tell()
            await settled()
            assert store.runs - before == runs


async def test_searches_take_turns_where_a_commit_concerns_many() -> None:
    store = seeker(is_slow=True)
    async with serving(store):
        asked = [SearchParams(table="workflows", text="a", limit=limit) for limit in range(1, 9)]
        snapshots = [await store.search(params) for params in asked]
        await settled()
        store.put("9", name="a")
        store.tell()
        with anyio.fail_after(WITHIN_S):
            while [store.rows_after(one) for one in snapshots] != [store.right(params) for params in asked]:
                await settled()
        assert store.under_way_most == SEARCHES_AT_ONCE
