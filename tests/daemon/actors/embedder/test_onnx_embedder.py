"""The model as ONNX: the graph does what `forward` does, and the embedder runs it (`pjai[onnx,export]`)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pjaid.actors.embedder.embedding import EmbedderFails, Vectors, of_unit_length
from pjaid.actors.embedder.minilm import forward
from pjaid.actors.embedder.onnx_embedder import OnnxEmbedder
from pjaid.actors.embedder.onnx_folder import MODEL_FILE
from pjaid.actors.embedder.word_pieces import WordPieces
from tests.daemon.actors.embedder.small_model import (
    MODEL,
    PIECES_MAX,
    VOCABULARY,
    WIDTH,
    describe,
    small_weights,
)

pytestmark = pytest.mark.anyio

TEXTS = ["abc", "a", "hhhh gg f", "", "a b c d e f g h a b c d e f g h a b c", "unknown"]
LEAST_COSINE = 0.998
"""Between weights of eight bits and exact ones."""


def expected(texts: list[str]) -> Vectors:
    pieces = WordPieces(VOCABULARY)
    numbers = [[2, *pieces.numbers(text, PIECES_MAX - 2), 3] for text in texts]
    return of_unit_length(forward.embed(small_weights(), numbers))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an exact graph."""
    onnx = pytest.importorskip("onnx", reason='needs pip install ".[onnx,export]"')
    pytest.importorskip("onnxruntime", reason='needs pip install ".[onnx,export]"')
    from pjaid.actors.embedder.minilm.graph import graph_of

    describe(tmp_path)
    onnx.save(graph_of(small_weights()), tmp_path / MODEL_FILE)
    return tmp_path


async def test_the_graph_does_what_the_model_does(folder: Path) -> None:
    embedder = OnnxEmbedder(folder)
    model = await embedder.open()
    vectors = await embedder.embed(TEXTS, is_query=False)
    assert (model.name, model.dimension) == (MODEL, WIDTH)
    assert np.allclose(vectors, expected(TEXTS), atol=1e-4)


async def test_many_texts_have_the_vectors_that_each_has_alone(folder: Path) -> None:
    embedder = OnnxEmbedder(folder)
    many = [text for text in TEXTS for _ in range(40)]
    vectors = await embedder.embed(many, is_query=False)
    alone = np.concatenate([await embedder.embed([text], is_query=True) for text in TEXTS])
    assert np.allclose(vectors, np.repeat(alone, 40, axis=0), atol=1e-5)


async def test_weights_of_eight_bits_point_where_exact_ones_do(folder: Path) -> None:
    from pjaid.actors.embedder.minilm.export import export_graph

    exact = (folder / MODEL_FILE).stat().st_size
    export_graph(small_weights(), folder / MODEL_FILE)
    vectors = await OnnxEmbedder(folder).embed(TEXTS, is_query=False)
    assert (folder / MODEL_FILE).stat().st_size < exact / 2
    assert ((vectors * expected(TEXTS)).sum(axis=1) > LEAST_COSINE).all()


async def test_a_folder_without_a_usable_model_is_a_failure(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(EmbedderFails, match="no usable model"):
        await OnnxEmbedder(tmp_path / "none").open()
    (folder / MODEL_FILE).write_bytes(b"damaged")
    with pytest.raises(EmbedderFails, match="no usable model"):
        await OnnxEmbedder(folder).open()
