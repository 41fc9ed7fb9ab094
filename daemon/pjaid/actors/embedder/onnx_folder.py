"""Owns what is in the folder of an ONNX model."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

MODEL_FILE: Final = "model.onnx"
VOCABULARY_FILE: Final = "vocab.txt"
DESCRIPTION_FILE: Final = "embedder.json"


class Description(Struct, frozen=True, kw_only=True, rename="camel"):
    """What the model is, beside its graph and its word pieces."""

    model: str
    """The name under which its vectors are kept."""
    dimension: int
    pieces_max: int
    """Of a text, [CLS] and [SEP] with them; what comes after is left out."""
    source_sha256: str
    """Of the weights that it was made of."""
