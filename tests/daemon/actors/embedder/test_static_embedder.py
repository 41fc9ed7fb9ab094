"""The static table: what is shipped, whose work it is, and that likeness of meaning shows in it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pjai_wire import limits
from pjaid.actors.embedder.embedding import EmbedderFails
from pjaid.actors.embedder.minilm.weights import WEIGHTS_SHA256
from pjaid.actors.embedder.static import embedder as static
from pjaid.actors.embedder.static.embedder import StaticEmbedder
from pjaid.actors.embedder.static.table import PLACE, TableFile, read_table

pytestmark = pytest.mark.anyio

BYTES_MAX = 8_000_000
EMBEDDER = StaticEmbedder()


async def cosine(one: str, other: str) -> float:
    vectors = await EMBEDDER.embed([one, other], is_query=False)
    return float(vectors[0] @ vectors[1])


def test_the_table_is_small_and_says_what_it_is_made_of() -> None:
    assert PLACE.stat().st_size <= BYTES_MAX
    found = msgspec.msgpack.decode(PLACE.read_bytes(), type=TableFile)
    assert found.source_sha256 == WEIGHTS_SHA256
    assert "Apache License" in found.notice
    assert WEIGHTS_SHA256 in found.notice
    assert found.notice == PLACE.with_name("NOTICE").read_text(encoding="utf-8")


def test_the_table_has_a_vector_for_each_piece() -> None:
    table = read_table()
    assert table.codes.shape == (len(table.pieces), 256)
    assert table.scales.shape == (len(table.pieces),)
    assert np.isfinite(table.scales).all()


async def test_it_is_the_model_that_the_table_names() -> None:
    model = await EMBEDDER.open()
    assert (model.name, model.dimension) == (read_table().model, 256)


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("a loaf of sourdough", "baking bread", "fixing the engine of a car"),
        ("she plays the violin", "music lessons", "tax return"),
        ("my dog is ill", "the puppy needs a vet", "the meeting is on Friday"),
        ("feeling sad and alone", "lonely and depressed", "a new graphics card"),
    ],
)
async def test_what_means_alike_is_nearer_without_a_word_in_common(text: str, near: str, far: str) -> None:
    assert await cosine(text, near) > await cosine(text, far) + 0.1


async def test_words_that_are_everywhere_hardly_count() -> None:
    assert await cosine("bread", "is it the bread that you have") > 0.8


@pytest.mark.parametrize("text", ["", " \n", "\N{GRINNING FACE}"])
async def test_a_text_that_says_nothing_has_no_direction(text: str) -> None:
    assert not (await EMBEDDER.embed([text], is_query=False)).any()


async def test_the_longest_text_that_there_may_be_is_no_trouble() -> None:
    vectors = await EMBEDDER.embed(["bread " * (limits.MESSAGE_CHARACTERS_MAX // 6)], is_query=False)
    assert float(vectors[0] @ (await EMBEDDER.embed(["bread"], is_query=False))[0]) > 0.99


@settings(deadline=None)
@given(st.lists(st.text(), min_size=1, max_size=8))
async def test_a_vector_is_of_its_text_alone_and_of_unit_length(texts: list[str]) -> None:
    vectors = await EMBEDDER.embed(texts, is_query=False)
    lengths = np.linalg.norm(vectors, axis=1)
    assert vectors.dtype == np.float32
    assert np.all((lengths == 0) | (np.abs(lengths - 1) < 1e-5))
    for text, vector in zip(texts, vectors, strict=True):
        assert np.array_equal((await EMBEDDER.embed([text], is_query=True))[0], vector)


async def test_a_damaged_table_is_a_failure_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = tmp_path / "table"
    damaged.write_bytes(PLACE.read_bytes()[:-1])
    monkeypatch.setattr(static, "read_table", lambda: read_table(damaged))
    with pytest.raises(EmbedderFails, match="damaged"):
        await StaticEmbedder().open()
