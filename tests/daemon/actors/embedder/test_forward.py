"""The model in numpy: texts do not see each other or their padding; of the real one, what it must give."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pjaid.actors.embedder.minilm import forward
from pjaid.actors.embedder.minilm.weights import NotTheModel, read_vocabulary, read_weights
from pjaid.actors.embedder.static.distil import distilled
from pjaid.actors.embedder.static.table import PLACE, read_table
from pjaid.actors.embedder.word_pieces import WordPieces
from tests.daemon.actors.embedder.small_model import VOCABULARY, small_weights

WEIGHTS = small_weights()
REAL = os.environ.get("PJAI_TEST_MINILM")
"""A folder with the real model's files, 91 MB."""

with_the_real_model = pytest.mark.skipif(
    REAL is None, reason="PJAI_TEST_MINILM names no folder with the model"
)

texts = st.lists(st.integers(0, len(VOCABULARY) - 1), min_size=1, max_size=12)


@settings(deadline=None)
@given(st.lists(texts, min_size=1, max_size=5))
def test_a_text_means_the_same_whatever_stands_beside_it(batch: list[list[int]]) -> None:
    together = forward.embed(WEIGHTS, batch)
    alone = np.concatenate([forward.embed(WEIGHTS, [one]) for one in batch])
    assert np.allclose(together, alone, atol=1e-4)


def test_the_order_of_words_matters() -> None:
    one, other = forward.embed(WEIGHTS, [[4, 5, 6], [6, 5, 4]])
    assert not np.allclose(one, other, atol=1e-2)


def test_the_error_function_is_as_near_as_its_source_says() -> None:
    x = np.linspace(-5, 5, 10_001, dtype=np.float32)
    assert np.abs(forward._erf(x) - [math.erf(one) for one in x]).max() < 1e-6


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"another")
    (tmp_path / "vocab.txt").write_text("another\n")
    with pytest.raises(NotTheModel, match=r"model\.safetensors"):
        read_weights(tmp_path)
    with pytest.raises(NotTheModel, match=r"vocab\.txt"):
        read_vocabulary(tmp_path)


@with_the_real_model
def test_the_real_model_knows_what_means_alike() -> None:
    weights, pieces = read_weights(Path(REAL or "")), WordPieces(read_vocabulary(Path(REAL or "")))
    sentences = ["That is a happy person", "That is a very happy person", "Today is a sunny day"]
    made = forward.embed(weights, [[101, *pieces.numbers(one, 254), 102] for one in sentences])
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    # As the model's own page has it for these sentences.
    assert np.allclose(made[0] @ made[1:].T, [0.943, 0.257], atol=5e-3)


@pytest.mark.slow
@with_the_real_model
def test_the_shipped_table_is_what_the_script_makes_of_the_real_model() -> None:
    made, shipped = distilled(read_weights(Path(REAL or "")), read_vocabulary(Path(REAL or ""))), read_table()
    assert tuple(made.pieces.split("\n")) == shipped.pieces
    assert np.allclose(np.frombuffer(made.scales, "<f4"), shipped.scales, rtol=1e-3)
    codes = np.frombuffer(made.codes, np.int8).reshape(shipped.codes.shape)
    # Another library of linear algebra may round the other way.
    assert np.abs(codes.astype(int) - shipped.codes).max() <= 1
    assert PLACE.stat().st_size > 0
