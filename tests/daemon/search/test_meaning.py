"""Tests of the vectors of searches that are kept."""

from __future__ import annotations

import pytest

from pjai_wire.errors import NoEmbedder
from pjaid.search.meaning import VECTORS_KEPT_MAX, Embedded, QueryVectors

pytestmark = pytest.mark.anyio


class Model:
    """Embeds, and counts."""

    def __init__(self) -> None:
        self.name = "one"
        self.asked: list[str] = []

    async def __call__(self, text: str) -> Embedded:
        self.asked.append(text)
        if text == "nothing":
            raise NoEmbedder("nothing embeds")
        return Embedded(self.name, text.encode().ljust(8))


async def test_a_vector_is_made_once() -> None:
    model = Model()
    kept = QueryVectors(model)
    assert await kept.of("rye") == await kept.of("rye") == Embedded("one", b"rye     ")
    assert (model.asked, (await kept.of("rye")).dimension) == (["rye"], 2)


async def test_no_more_are_kept_than_allowed_and_those_used_last() -> None:
    model = Model()
    kept = QueryVectors(model)
    for number in range(VECTORS_KEPT_MAX):
        await kept.of(str(number))
    await kept.of("0")
    await kept.of("one more")
    model.asked.clear()
    await kept.of("0")
    await kept.of("1")
    assert model.asked == ["1"]


async def test_vectors_of_a_model_that_was_given_up_are_forgotten() -> None:
    model = Model()
    kept = QueryVectors(model)
    await kept.of("rye")
    model.name = "two"
    await kept.of("oat")
    assert (await kept.of("rye")).model == "two"


async def test_a_model_of_another_dimension_is_another() -> None:
    model = Model()
    kept = QueryVectors(model)
    await kept.of("rye")
    await kept.of("a longer text")
    model.asked.clear()
    assert (await kept.of("rye")).dimension == 2
    assert model.asked == ["rye"]


async def test_a_failure_is_not_kept() -> None:
    model = Model()
    kept = QueryVectors(model)
    for _ in range(2):
        with pytest.raises(NoEmbedder):
            await kept.of("nothing")
    assert model.asked == ["nothing", "nothing"]
