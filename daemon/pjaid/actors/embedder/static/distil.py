"""Owns how the static table is made of the model's weights.

    python -m pjaid.actors.embedder.static.distil FOLDER

As Model2Vec does (https://github.com/MinishLab/model2vec): each word piece is run through the model by
itself, the dimensions are reduced by principal components, and frequent pieces count less. Two things differ,
each measured on conversations: a piece has its own state in the last layer, not the mean with those of [CLS]
and [SEP]; and its rank counts from where the vocabulary begins to be ordered by frequency.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from pjaid.actors.embedder.minilm.forward import hidden_states
from pjaid.actors.embedder.minilm.weights import WEIGHTS_SHA256, Weights, read_vocabulary, read_weights
from pjaid.actors.embedder.static.table import PLACE, TableFile
from pjaid.actors.embedder.word_pieces import UNKNOWN

MODEL: Final = "static-minilm-l6-256"
DIMENSION: Final = 256
BATCH = 512
BEGIN, END = 101, 102
"""[CLS] and [SEP]."""

FIRST_WORD = 1996
"""BERT's vocabulary begins with places that are not used and with single characters; from `the` on it is
ordered by how frequent a piece was."""

FREQUENT = 1e-3
"""The `a` of SIF, as its authors have it (Arora, Liang and Ma 2017, "A Simple but Tough-to-Beat Baseline for
Sentence Embeddings"): a piece that is as probable as this counts half."""

ZIPF_SHIFT = 2.7
"""Mandelbrot's: the piece of rank k is as probable as 1 / (k + 2.7)."""


def distilled(weights: Weights, vocabulary: tuple[str, ...]) -> TableFile:
    """The table.

    Args:
        weights: of all-MiniLM-L6-v2.
        vocabulary: its word pieces, in the order of their numbers.
    """
    kept = np.array([number for number, piece in enumerate(vocabulary) if _is_of_texts(piece)])
    vectors = _reduced(_states(weights, kept))
    scales = np.abs(vectors).max(axis=1) / 127
    scales[scales == 0] = 1
    weighted = scales * _rarity(kept)
    # A piece that nobody knows says nothing.
    weighted[[vocabulary[number] == UNKNOWN for number in kept]] = 0
    return TableFile(
        model=MODEL,
        source="sentence-transformers/all-MiniLM-L6-v2",
        source_sha256=WEIGHTS_SHA256,
        notice=PLACE.with_name("NOTICE").read_text(encoding="utf-8"),
        dimension=DIMENSION,
        pieces="\n".join(vocabulary[number] for number in kept),
        scales=memoryview(weighted.astype("<f4").tobytes()),
        codes=memoryview(np.round(vectors / scales[:, None]).astype(np.int8).tobytes()),
    )


def _is_of_texts(piece: str) -> bool:
    return piece == UNKNOWN or not (piece.startswith("[") and piece.endswith("]") and len(piece) > 2)


def _states(weights: Weights, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """What the last layer has for each piece that stands alone."""
    found = []
    for begin in range(0, len(numbers), BATCH):
        batch = numbers[begin : begin + BATCH]
        texts = np.stack([np.full_like(batch, BEGIN), batch, np.full_like(batch, END)], axis=1)
        found.append(hidden_states(weights, texts, np.ones(texts.shape, np.float32))[:, 1])
    return np.concatenate(found)


def _reduced(states: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """The principal components; the sign of each is such that its greatest entry is positive."""
    centred = states.astype(np.float64) - states.mean(axis=0, dtype=np.float64)
    _, directions = np.linalg.eigh(centred.T @ centred)
    chosen = directions[:, ::-1][:, :DIMENSION]
    greatest = np.abs(chosen).argmax(axis=0)
    reduced: npt.NDArray[np.float64] = centred @ (chosen * np.sign(chosen[greatest, range(DIMENSION)]))
    return reduced


def _rarity(numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """A / (a + p) by SIF, where p follows from the rank by Zipf's law in Mandelbrot's form."""
    ranks = np.maximum(numbers - FIRST_WORD, 0)
    likelihood = 1 / (ranks + ZIPF_SHIFT)
    likelihood /= likelihood[numbers >= FIRST_WORD].sum()
    rarity: npt.NDArray[np.float64] = FREQUENT / (FREQUENT + likelihood)
    return rarity


def main(folder: Path, place: Path = PLACE) -> None:
    """Writes the table.

    Args:
        folder: holds the model's `model.safetensors` and `vocab.txt`.
        place: where to.

    Raises:
        NotTheModel: those are of another model.
    """
    table = distilled(read_weights(folder), read_vocabulary(folder))
    place.write_bytes(msgspec.msgpack.encode(table))
    sys.stdout.write(f"{place}: {place.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
