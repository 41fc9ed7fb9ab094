"""An embedder at work: each text that waits is dealt with, whatever the model makes of the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import anyio
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pjai import Database
from pjai_wire.errors import InvalidValue, StorageError, Unavailable
from pjai_wire.ids import now_ms
from pjai_wire.methods import (
    EMBEDDING_PUT,
    EMBEDDING_TAKE,
    EmbedderKind,
    EmbedderState,
    EmbeddingItem,
    EmbeddingPutParams,
    EmbeddingPutResult,
    EmbeddingTakeParams,
    EmbeddingTakeResult,
)
from pjaid.actors.embedder.embedding import EmbedderFails, Model, TextsRefused, Vectors
from pjaid.actors.embedder.patience import PAUSE_MS
from pjaid.actors.embedder.unlikeness import SEARCHED, TEXTS, unlikeness
from pjaid.actors.embedder.work import TOO_LATE, Work

pytestmark = pytest.mark.anyio

WITHIN_S = 20
DIMENSION = 4


class Embedder:
    """Makes vectors of length, and does what a text says."""

    kind: EmbedderKind = "onnx"
    leaves_machine = False
    texts_at_once = 16

    def __init__(self) -> None:
        self.is_away = False
        self.is_hanging = False
        self.asked = 0

    async def open(self) -> Model:
        return Model("example", DIMENSION)

    async def embed(self, texts: Sequence[str], *, is_query: bool) -> Vectors:  # as `Embedder`
        self.asked += 1
        if self.is_hanging:
            await anyio.sleep_forever()
        if self.is_away:
            raise EmbedderFails("it is away")
        if "refuse" in texts:
            raise TextsRefused
        if "crash" in texts:
            raise ZeroDivisionError("crash")
        return np.array([vector_of(text) for text in texts], np.float32)


def vector_of(text: str) -> list[float]:
    if text == "overflow":
        return [np.nan, np.inf, 0.0, 0.0]
    angle = len(text) / 10
    return [np.cos(angle), np.sin(angle), 0.0, 0.0]


class Store:
    """What waits, and what was put; stands for the daemon."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.waiting = dict(enumerate(texts))
        self.put: dict[int, list[float]] = {}
        self.is_broken = False
        self.is_done = anyio.Event()

    async def call(self, method: Any, params: Any, timeout: float | None = None) -> Any:
        if method is EMBEDDING_TAKE:
            return await self._take(params)
        assert method is EMBEDDING_PUT
        return self._put(params)

    async def _take(self, params: EmbeddingTakeParams) -> EmbeddingTakeResult:
        if not self.waiting:
            self.is_done.set()
            if params.wait_ms:
                await anyio.sleep_forever()
        items = [
            EmbeddingItem(table="memories", row=row, change=row, text=text)
            for row, text in list(self.waiting.items())[: params.limit]
        ]
        return EmbeddingTakeResult(items=items, waiting=len(self.waiting))

    def _put(self, params: EmbeddingPutParams) -> EmbeddingPutResult:
        if self.is_broken:
            raise StorageError("the disk failed")
        vectors = np.frombuffer(params.vectors, "<f2").reshape(len(params.items), params.dimension)
        for item, vector in zip(params.items, vectors.tolist(), strict=True):
            del self.waiting[item.row]
            self.put[item.row] = vector
        return EmbeddingPutResult(seq=1, stored=len(params.items))


async def done(work: Work, store: Store) -> None:
    """Works until nothing waits."""
    with anyio.fail_after(WITHIN_S):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(work.last, cast("Database", store))
            await store.is_done.wait()
            tasks.cancel_scope.cancel()


async def told(work: Work, state: EmbedderState) -> None:
    """Returns once its status is of a state."""
    while work.status().state != state:
        await anyio.lowlevel.checkpoint()


async def failed(work: Work, store: Store) -> None:
    """Works until something fails."""
    with anyio.fail_after(WITHIN_S):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(work.last, cast("Database", store))
            await told(work, "failing")
            tasks.cancel_scope.cancel()


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.sampled_from(["bread", "starter", "", "  \n", "refuse", "crash", "overflow"]),
        min_size=1,
        max_size=14,
    )
)
async def test_every_text_gets_its_own_vector_or_zeros_where_the_model_makes_none(texts: list[str]) -> None:
    store, work = Store(texts), Work(Embedder())
    await done(work, store)

    bad = ("refuse", "crash", "overflow")
    for row, text in enumerate(texts):
        expected = [0.0] * DIMENSION if text in bad or not text.strip() else vector_of(text)
        assert np.allclose(store.put[row], expected, atol=1e-3), text
    assert work.status().refused == sum(text in bad for text in texts)
    assert work.status().embedded == len(texts)
    assert work.status().waiting == 0


async def test_while_the_model_is_away_nothing_is_lost_and_searches_are_told_at_once() -> None:
    embedder, store = Embedder(), Store(["bread"])
    work = Work(embedder)
    embedder.is_away = True
    await failed(work, store)
    assert work.status().last_error == "it is away"
    assert store.waiting
    embedder.is_away = False
    with pytest.raises(Unavailable, match="it is away"):
        await work.embed(["starter"], is_query=True)

    await done(work, store)
    assert work.status().state == "ready"
    assert (await work.embed(["starter"], is_query=True)).model == "example"


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pjaid.actors.embedder.work.QUERY_WITHIN_S", 0.02)


@pytest.mark.usefixtures("hurried")
async def test_where_the_model_hangs_one_search_waits_for_it_and_the_next_is_told_at_once() -> None:
    embedder = Embedder()
    work = Work(embedder)
    embedder.is_hanging = True
    with pytest.raises(Unavailable, match="in time"):
        await work.embed(["starter"], is_query=True)
    assert (work.status().state, work.status().last_error) == ("failing", TOO_LATE)
    assert work.status().tries_again_at is not None

    with pytest.raises(Unavailable, match="in time"):
        await work.embed(["butter"], is_query=True)
    assert embedder.asked == 1


@pytest.mark.usefixtures("hurried")
async def test_a_model_that_works_again_is_found_out_though_no_text_waits() -> None:
    embedder, store = Embedder(), Store([])
    work = Work(embedder)
    with anyio.fail_after(WITHIN_S):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(work.last, cast("Database", store))
            await store.is_done.wait()
            embedder.is_hanging = True
            with pytest.raises(Unavailable):
                await work.embed(["starter"], is_query=True)
            embedder.is_hanging = False
            await told(work, "ready")
            tasks.cancel_scope.cancel()
    assert (await work.embed(["starter"], is_query=True)).model == "example"


@pytest.mark.usefixtures("hurried")
async def test_many_that_ask_at_once_meet_one_failure() -> None:
    embedder = Embedder()
    work = Work(embedder)
    embedder.is_hanging = True

    async def ask() -> None:
        with pytest.raises(Unavailable):
            await work.embed(["starter"], is_query=True)

    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(ask)
    again = work.status().tries_again_at
    assert again is not None
    assert again - now_ms() <= PAUSE_MS


async def test_a_text_of_which_the_model_makes_no_finite_numbers_is_not_searched_for() -> None:
    with pytest.raises(InvalidValue):
        await Work(Embedder()).embed(["overflow"], is_query=True)


async def test_a_store_that_fails_keeps_nobody_from_searching() -> None:
    store, work = Store(["bread"]), Work(Embedder())
    store.is_broken = True
    await failed(work, store)
    assert work.status().last_error == "the store answers storage"
    assert (await work.embed(["starter"], is_query=True)).dimension == DIMENSION


async def test_a_defect_that_every_text_meets_is_told_without_any_and_takes_no_text_for_bad() -> None:
    class Broken(Embedder):
        async def embed(self, texts: Sequence[str], *, is_query: bool) -> Vectors:
            raise ZeroDivisionError(f"at {texts[0]} {is_query}")

    store, work = Store(["afraid of the oven"]), Work(Broken())
    await failed(work, store)
    assert work.status().last_error == "a defect: ZeroDivisionError"
    assert work.status().refused == 0
    assert store.waiting


async def test_how_near_unlike_texts_are_is_measured_once_and_told_with_every_vector() -> None:
    embedder = Embedder()
    work = Work(embedder)
    first = await work.embed(["a"], is_query=True)
    asked = embedder.asked
    second = await work.embed(["b"], is_query=False)
    cosines = (
        np.array([vector_of(text) for text in SEARCHED]) @ np.array([vector_of(text) for text in TEXTS]).T
    )
    assert first.unlike == second.unlike == pytest.approx(max(0, cosines.mean()))
    assert embedder.asked == asked + 1


@pytest.mark.parametrize("problem", [TextsRefused, FloatingPointError])
async def test_of_a_model_that_refuses_the_texts_nobody_says_how_near_unlike_ones_are(
    problem: type[Exception],
) -> None:
    async def refuse(texts: Sequence[str], *, is_query: bool) -> Vectors:
        raise problem

    assert await unlikeness(refuse) == 0.0
