"""Vectors for tests: in clusters, as those of texts are, or of noise alone; and what is really near."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

CLUSTERED, NOISE = 0.9, 0.0


def made(count: int, dimension: int, *, spread: float, seed: int = 1) -> Floats:
    """Unit vectors around 256 centres, as the workload's are; without a spread noise alone."""
    numbers = np.random.default_rng(seed)
    vectors = numbers.standard_normal((count, dimension), dtype=np.float32)
    if spread:
        centres = np.random.default_rng(0).standard_normal((256, dimension), dtype=np.float32)
        vectors = centres[numbers.integers(0, 256, count)] + np.float32(spread) * vectors
    unit: Floats = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def nearest(vectors: NDArray[Any], query: NDArray[Any], k: int) -> list[int]:
    """Where the vectors stand that have the greatest cosines with one, the greatest first."""
    wide = vectors.astype(np.float64)
    cosines = wide @ query.astype(np.float64) / np.linalg.norm(wide, axis=1)
    return [int(place) for place in np.lexsort((np.arange(len(wide)), -cosines))[:k]]
