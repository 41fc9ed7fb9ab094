"""Owns the file of weights: read in its makers' format, and refused if it is another one."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Weights = Mapping[str, Array]
"""Matrices and vectors by their names: `encoder.layer.0.output.dense.weight`."""

WEIGHTS_FILE = "model.safetensors"
VOCABULARY_FILE = "vocab.txt"
WEIGHTS_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
VOCABULARY_SHA256: Final = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"


class NotTheModel(ValueError):
    """A file that is not that of all-MiniLM-L6-v2."""


def read_weights(folder: Path) -> Weights:
    """The weights of all-MiniLM-L6-v2.

    Args:
        folder: holds `model.safetensors`, 91 MB.

    Raises:
        OSError: it does not.
        NotTheModel: the file is another one.
    """
    return _tensors(_verified(folder / WEIGHTS_FILE, WEIGHTS_SHA256))


def read_vocabulary(folder: Path) -> tuple[str, ...]:
    """The word pieces of the model, in the order of their numbers.

    Args:
        folder: holds `vocab.txt`.

    Raises:
        OSError: it does not.
        NotTheModel: the file is another one.
    """
    return tuple(_verified(folder / VOCABULARY_FILE, VOCABULARY_SHA256).decode().split("\n")[:-1])


def _verified(path: Path, sha256: str) -> bytes:
    found = path.read_bytes()
    if hashlib.sha256(found).hexdigest() != sha256:
        raise NotTheModel(f"{path} is not the {path.name} of all-MiniLM-L6-v2")
    return found


class _Place(msgspec.Struct, frozen=True):
    """Where a tensor is, as the safetensors format has it."""

    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]


def _tensors(file: bytes) -> Weights:
    """Every float32 tensor: https://github.com/huggingface/safetensors#format."""
    (length,) = struct.unpack_from("<Q", file)
    header = msgspec.json.decode(file[8 : 8 + length])
    places = {
        name: msgspec.convert(entry, _Place) for name, entry in header.items() if name != "__metadata__"
    }
    return {
        name: np.frombuffer(
            file,
            "<f4",
            count=(place.data_offsets[1] - place.data_offsets[0]) // 4,
            offset=8 + length + place.data_offsets[0],
        ).reshape(place.shape)
        for name, place in places.items()
        if place.dtype == "F32"
    }
