"""Owns the file of a static table: what is in it, and how it is read."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

PLACE: Final = Path(__file__).with_name("all-MiniLM-L6-v2.table")
"""The one that is shipped."""


class TableFile(msgspec.Struct, frozen=True, kw_only=True):
    """A static table as MessagePack has it."""

    model: str
    """The name under which its vectors are kept: another table has another one."""
    source: str
    source_sha256: str
    """Of the weights."""
    notice: str
    """Whose work it is derived from."""
    dimension: int
    pieces: str
    """The word pieces, a line each."""
    scales: memoryview
    """float32[pieces], little-endian: by which a piece's codes are multiplied."""
    codes: memoryview
    """int8[pieces, dimension]."""


class Table(msgspec.Struct, frozen=True):
    """A static table at hand."""

    model: str
    pieces: tuple[str, ...]
    scales: npt.NDArray[np.float32]
    codes: npt.NDArray[np.int8]


def read_table(path: Path = PLACE) -> Table:
    """The table in a file, which is mapped and not read: its pages come when they are needed.

    Raises:
        OSError: there is no such file.
        msgspec.DecodeError: it is damaged.
    """
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    found = msgspec.msgpack.decode(mapped, type=TableFile)
    return Table(
        model=found.model,
        pieces=tuple(found.pieces.split("\n")),
        scales=np.frombuffer(found.scales, "<f4"),
        codes=np.frombuffer(found.codes, np.int8).reshape(-1, found.dimension),
    )
