"""Tests of how watched searches are run again: as one that is new would be run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from pjai_wire.errors import InvalidValue, NoEmbedder, PjaiError, Unavailable
from pjai_wire.events import v1
from pjai_wire.methods import SearchMode, SearchParams, SearchWeights
from pjaid.live.search_plan import PASSED_BY_ALL, Found
from pjaid.methods.search_plans import COSINE_ERROR, planned
from pjaid.search.dense_query import COMMON_FROM_ROWS
from pjaid.search.fusion import DEPTH
from tests.daemon.search.searching import MODEL, Searched, meaning, memory

pytestmark = pytest.mark.anyio

ASKED = "What did Caroline eat?"


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Searched]:
    made = Searched(tmp_path)
    try:
        await made.commit(v1.PersonaCreated(id="ada", name="Ada"), memory("oven", "the oven is broken"))
        yield made
    finally:
        await made.close()


async def make_the_name_common(at: Searched) -> None:
    await at.commit(*(memory(f"m{n}", f"Caroline ate bread {n}") for n in range(COMMON_FROM_ROWS)))


async def found(plan: object) -> Found:
    return await plan.run(lambda found: found)  # type: ignore[attr-defined, no-any-return] # a plan's


@pytest.mark.parametrize("mode", ["both", "meaning"])
async def test_a_name_that_has_become_common_is_embedded_no_more(at: Searched, mode: str) -> None:
    params = SearchParams(text=ASKED, mode=mode)  # type: ignore[arg-type] # one of the modes
    plan = (await planned(at.searches, params)).plan
    await found(plan)
    assert at.embedded == [ASKED]
    await make_the_name_common(at)
    hits = (await found(plan)).rows
    assert at.embedded == [ASKED, "What did eat?"]
    assert hits == (await at.searches.run(await at.searches.ready(params))).rows


async def test_a_name_that_became_common_before_a_search_is_watched_is_not_embedded(at: Searched) -> None:
    plan = (await planned(at.searches, SearchParams(text=ASKED, mode="meaning"))).plan
    await make_the_name_common(at)
    await found(plan)
    assert at.embedded[-1] == "What did eat?"


async def test_a_search_by_meaning_tells_after_how_many_rows_it_may_mean_something_else(at: Searched) -> None:
    plan = (await planned(at.searches, SearchParams(text=ASKED, mode="meaning"))).plan
    assert (await found(plan)).steady_for == COMMON_FROM_ROWS - 1
    brought = SearchParams(vector=meaning("the oven"), model=MODEL)
    assert (await found((await planned(at.searches, brought)).plan)).steady_for is None


async def test_a_vector_stays_while_no_other_can_be_had(at: Searched) -> None:
    plan = (await planned(at.searches, SearchParams(text=ASKED, mode="meaning"))).plan
    await found(plan)
    await make_the_name_common(at)
    at.problem = NoEmbedder("nothing embeds")
    now = await found(plan)
    assert now.near is not None
    assert len(now.rows) == 10
    assert not now.awaits_embedder
    at.problem = Unavailable("is starting")
    assert (await found(plan)).awaits_embedder
    at.problem = None
    assert not (await found(plan)).awaits_embedder
    assert at.embedded[-1] == "What did eat?"


async def test_a_vector_that_was_brought_is_that_of_each_run(at: Searched) -> None:
    params = SearchParams(vector=meaning("the oven"), model=MODEL)
    plan = (await planned(at.searches, params)).plan
    for _ in range(2):
        assert [row[0] for row in (await found(plan)).rows] == ["oven"]
    assert at.embedded == []


@pytest.mark.parametrize(
    ("problem", "awaits_embedder"),
    [(Unavailable("is starting"), True), (NoEmbedder("nothing embeds"), False), (InvalidValue("no"), False)],
)
async def test_a_search_without_vectors_waits_for_those_that_may_come(
    at: Searched, problem: PjaiError, awaits_embedder: bool
) -> None:
    at.problem = problem
    plan = (await planned(at.searches, SearchParams(text=ASKED, mode="both"))).plan
    for _ in range(2):
        now = await found(plan)
        assert (now.lacks_vectors, now.awaits_embedder) == (True, awaits_embedder)
    at.problem = None
    now = await found(plan)
    assert (now.lacks_vectors, now.awaits_embedder) == (False, False)


LIKE_IT: dict[str, Any] = {"limit": 2, "weights": SearchWeights(recency=0.0, importance=0.25)}


async def bar_of(at: Searched, mode: SearchMode = "meaning", **params: Any) -> tuple[float, list[float]]:
    """How near a vector must come to a search for the oven, and what its hits score."""
    plan = (await planned(at.searches, SearchParams(text="the oven", mode=mode, **params))).plan
    now = await found(plan)
    assert now.near is not None
    return now.near.bar, [row[plan.columns.index("score")] for row in now.rows]


async def test_what_signals_cannot_bring_among_the_hits_is_not_near(at: Searched) -> None:
    await at.commit(memory("old", "the old oven", importance=100), memory("new", "the new oven"))
    bar, scores = await bar_of(at, **LIKE_IT)
    assert len(scores) == 2
    assert bar == pytest.approx(scores[-1] - 0.25 - COSINE_ERROR)


@pytest.mark.parametrize("more", [{"limit": 4}, {"links": True}, {"diversity": 0.5}, {"mode": "both"}])
async def test_every_vector_is_near_where_it_may_matter(at: Searched, more: dict[str, Any]) -> None:
    await at.commit(memory("old", "the old oven"), memory("new", "the new oven"))
    bar, _ = await bar_of(at, **{**LIKE_IT, **more})
    assert bar == PASSED_BY_ALL


@pytest.mark.parametrize(("mode", "rows"), [("both", {1, 3}), ("meaning", set())])
async def test_the_vectors_of_rows_that_words_find_matter_however_far_they_are(
    at: Searched, mode: SearchMode, rows: set[int]
) -> None:
    await at.commit(memory("rye", "rye bread"), memory("far", "an oven", embedding=meaning("far away")))
    plan = (await planned(at.searches, SearchParams(text="oven", mode=mode))).plan
    near = (await found(plan)).near
    assert near is not None
    assert near.rows == rows


async def test_what_is_farther_than_all_that_are_ranked_is_not_near(at: Searched) -> None:
    await at.commit(*(memory(f"m{n}", f"the oven {'x ' * n}") for n in range(DEPTH)))
    bar, scores = await bar_of(at, limit=2, links=True)
    assert PASSED_BY_ALL < bar < scores[-1]
    assert bar < (await bar_of(at, limit=2))[0]
