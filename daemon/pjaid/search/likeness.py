"""Owns how alike vectors are, all of some with each other (pure).

Whoever imports this loads numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np


def likeness(vectors: Mapping[int, bytes]) -> Callable[[int, int], float]:
    """Tells the cosine of two rows' vectors; 0 where one has none.

    Args:
        vectors: little-endian float16 of one dimension and of unit length, by their rows.
    """
    places = {row: place for place, row in enumerate(vectors)}
    matrix = np.frombuffer(b"".join(vectors.values()), "<f2").astype(np.float32)
    matrix = matrix.reshape(len(vectors), -1) if vectors else matrix.reshape(0, 0)
    cosines = (matrix @ matrix.T).tolist()

    def alike(one: int, other: int) -> float:
        at, to = places.get(one), places.get(other)
        return 0.0 if at is None or to is None else float(cosines[at][to])

    return alike
