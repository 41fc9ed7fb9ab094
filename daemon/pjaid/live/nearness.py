"""Owns which watched searches a vector comes near: all of a model's vectors against all of theirs (pure).

Whoever imports this loads numpy, so nobody does before somebody watches a search by meaning.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

ItemT = TypeVar("ItemT", bound=Hashable)

ROOM_AT_FIRST = 16

VECTORS_AT_ONCE = 256
"""Vectors that are compared in one product, which bounds the memory that it takes."""


class Nearness(Generic[ItemT]):
    """Items, each with a vector of unit length and a bar: found by the vectors whose cosine reaches the bar.

    Args:
        dimension: how many numbers a vector has.
    """

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self._items: list[ItemT] = []
        self._places: dict[ItemT, int] = {}
        self._vectors = np.zeros((ROOM_AT_FIRST, dimension), np.float32)
        self._bars = np.zeros((ROOM_AT_FIRST, 1), np.float32)

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: ItemT, vector: Sequence[float], bar: float) -> None:
        """Finds `item` from now on by what comes near `vector`; it has only the vector and bar put last."""
        place = self._places.setdefault(item, len(self._items))
        if place == len(self._items):
            self._items.append(item)
            if place == len(self._vectors):
                self._vectors = np.concatenate((self._vectors, np.zeros_like(self._vectors)))
                self._bars = np.concatenate((self._bars, np.zeros_like(self._bars)))
        self._vectors[place] = vector
        self._bars[place] = bar

    def remove(self, item: ItemT) -> None:
        """Forgets `item`: the last one takes its place.

        Raises:
            KeyError: it is not there.
        """
        place = self._places.pop(item)
        last = self._items.pop()
        if place < len(self._items):
            self._items[place] = last
            self._places[last] = place
            self._vectors[place] = self._vectors[len(self._items)]
            self._bars[place] = self._bars[len(self._items)]

    def near(self, vectors: Sequence[bytes]) -> list[ItemT]:
        """The items that some vectors come near to, each once.

        Args:
            vectors: little-endian float16, of unit length; those of another dimension are near to nothing.
        """
        comparable = [vector for vector in vectors if len(vector) == 2 * self._dimension]
        count = len(self._items)
        passed = np.zeros(count, np.bool_)
        for start in range(0, len(comparable), VECTORS_AT_ONCE):
            some = comparable[start : start + VECTORS_AT_ONCE]
            those: NDArray[Any] = np.frombuffer(b"".join(some), "<f2").astype(np.float32)
            cosines = self._vectors[:count] @ those.reshape(len(some), self._dimension).T
            passed |= (cosines >= self._bars[:count]).any(axis=1)
        return [self._items[place] for place in np.flatnonzero(passed)]
