"""Owns the export of the model: a folder from which the embedder `onnx` runs it, in eight bits."""

from __future__ import annotations

import logging
import shutil
import tempfile
from pathlib import Path

import msgspec
import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic

from pjaid.actors.embedder.minilm.graph import graph_of
from pjaid.actors.embedder.minilm.weights import (
    VOCABULARY_FILE,
    WEIGHTS_SHA256,
    Weights,
    read_vocabulary,
    read_weights,
)
from pjaid.actors.embedder.onnx_folder import DESCRIPTION_FILE, MODEL_FILE, Description

MODEL = "all-MiniLM-L6-v2-int8"
PIECES_MAX = 256
"""As its makers have it."""


def export(source: Path, folder: Path) -> None:
    """Writes the folder.

    Args:
        source: holds the model's `model.safetensors` and `vocab.txt`.
        folder: is made where it is not there.

    Raises:
        OSError: something can't be read or written.
        NotTheModel: what is in `source` is another model.
    """
    weights, _ = read_weights(source), read_vocabulary(source)
    folder.mkdir(parents=True, exist_ok=True)
    export_graph(weights, folder / MODEL_FILE)
    shutil.copyfile(source / VOCABULARY_FILE, folder / VOCABULARY_FILE)
    dimension = weights["embeddings.word_embeddings.weight"].shape[1]
    described = Description(
        model=MODEL, dimension=dimension, pieces_max=PIECES_MAX, source_sha256=WEIGHTS_SHA256
    )
    (folder / DESCRIPTION_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(described), indent=2))


def export_graph(weights: Weights, place: Path) -> None:
    """Writes the graph, whose matrices have a scale for each column and numbers of eight bits.

    Args:
        weights: of the model.
        place: where to.
    """
    with tempfile.TemporaryDirectory() as scratch:
        exact = Path(scratch) / MODEL_FILE
        onnx.save(graph_of(weights), exact)
        # It advises what is for graphs that come from elsewhere.
        logging.getLogger().setLevel(logging.ERROR)
        # Without a sign: where VNNI lacks, products of signed weights are added up in 16 bits, and overflow.
        quantize_dynamic(exact, place, weight_type=QuantType.QUInt8, per_channel=True)
