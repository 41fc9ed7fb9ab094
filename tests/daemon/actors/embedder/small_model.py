"""Owns a small random model for the tests: MiniLM's make, with as many layers and heads, but narrow."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from pjaid.actors.embedder.minilm.forward import HEADS, LAYERS
from pjaid.actors.embedder.minilm.weights import Weights
from pjaid.actors.embedder.onnx_folder import DESCRIPTION_FILE, VOCABULARY_FILE, Description

WIDTH = 4 * HEADS
PLACES = 64
VOCABULARY = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", *"abcdefgh", *(f"##{letter}" for letter in "abcdefgh"))
PIECES_MAX = 16
MODEL = "small-random"


def small_weights(seed: int = 7) -> Weights:
    """The weights, the same for a seed."""
    chance = np.random.default_rng(seed)

    def matrix(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return chance.normal(0, 0.3, shape).astype(np.float32)

    made = {
        "embeddings.word_embeddings.weight": matrix(len(VOCABULARY), WIDTH),
        "embeddings.position_embeddings.weight": matrix(PLACES, WIDTH),
        "embeddings.token_type_embeddings.weight": matrix(2, WIDTH),
    }
    linear = {}
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        for of in ("query", "key", "value"):
            linear[f"{name}.attention.self.{of}"] = (WIDTH, WIDTH)
        linear[f"{name}.attention.output.dense"] = (WIDTH, WIDTH)
        linear[f"{name}.intermediate.dense"] = (4 * WIDTH, WIDTH)
        linear[f"{name}.output.dense"] = (WIDTH, 4 * WIDTH)
    for name, shape in linear.items():
        made |= {f"{name}.weight": matrix(*shape), f"{name}.bias": matrix(shape[0])}
    layers = [f"encoder.layer.{n}" for n in range(LAYERS)]
    after = [f"{layer}.{of}" for layer in layers for of in ("attention.output", "output")]
    for name in ("embeddings", *after):
        made |= {f"{name}.LayerNorm.weight": 1 + matrix(WIDTH), f"{name}.LayerNorm.bias": matrix(WIDTH)}
    return made


def describe(folder: Path) -> None:
    """Writes what an exported folder has beside the graph."""
    (folder / VOCABULARY_FILE).write_text("\n".join(VOCABULARY) + "\n", encoding="utf-8")
    described = Description(model=MODEL, dimension=WIDTH, pieces_max=PIECES_MAX, source_sha256="none")
    (folder / DESCRIPTION_FILE).write_bytes(msgspec.json.encode(described))
