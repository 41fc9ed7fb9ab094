"""Owns what an embedder is: one interface for every way to make vectors of texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from pjai_wire.methods import EmbedderKind

Vectors = npt.NDArray[np.float32]
"""float32[texts, dimension], each row of unit length or all zeros."""

PROBE = "a word"
"""A text that no model refuses."""


class Model(Struct, frozen=True):
    """What makes vectors, as the store knows it."""

    name: str
    """Vectors of one name are comparable with each other, and with no others."""
    dimension: int


class Embedder(Protocol):
    """Makes vectors of texts."""

    kind: EmbedderKind
    leaves_machine: bool
    """Whether texts are sent to another machine."""
    texts_at_once: int
    """As many as it takes in one go without others waiting for long."""

    async def open(self) -> Model:
        """Makes ready, and tells which model it is; asking again is free.

        Raises:
            EmbedderFails: it can't, for now.
        """

    async def embed(self, texts: Sequence[str], *, is_query: bool) -> Vectors:
        """The vectors of texts, in their order; it has been opened.

        Args:
            texts: one or more.
            is_query: whether they are searched for, and not searched in.

        Raises:
            EmbedderFails: it can't, for now.
            TextsRefused: it makes none of these texts, and would make none the next time.
        """


class EmbedderFails(Exception):
    """An embedder does not work for now; its text tells why, and holds nothing of the texts or of keys."""


class TextsRefused(Exception):
    """An embedder makes no vectors of these texts, whenever it is asked."""


def of_unit_length(vectors: Vectors) -> Vectors:
    """The directions of vectors; those of no length stay as they are."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    lengths[lengths == 0] = 1
    directions: Vectors = (vectors / lengths).astype(np.float32, copy=False)
    return directions
