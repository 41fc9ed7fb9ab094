"""Owns the products of one vector's codes with many others' (pure)."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

import numpy as np
from numpy.typing import NDArray

HAS_NUMKONG: Final = find_spec("numkong") is not None
"""It has products of int8 in SIMD, which numpy has not; there are machines without a wheel of it."""

if HAS_NUMKONG:
    import numkong

ROWS_AT_ONCE = 2_048
"""Rows that are multiplied at once without it: as float32, of which numpy has fast products."""


def products(query: NDArray[np.int8], codes: NDArray[np.int8]) -> NDArray[np.float32]:
    """The product of a query's codes with each row, shapes (1, dimension) and (n, dimension) to (n).

    Python's lock is free meanwhile.
    """
    if not len(codes):
        return np.empty(0, np.float32)
    if not HAS_NUMKONG:
        return widened(query, codes)
    found: NDArray[np.float32] = np.asarray(numkong.cdist(query, codes, "dot", out_dtype="float32"))[0]
    return found


def widened(query: NDArray[np.int8], codes: NDArray[np.int8]) -> NDArray[np.float32]:
    """As `products`, by numpy alone."""
    wide = query[0].astype(np.float32)
    found = np.empty(len(codes), np.float32)
    for begin in range(0, len(codes), ROWS_AT_ONCE):
        some = slice(begin, begin + ROWS_AT_ONCE)
        np.dot(codes[some].astype(np.float32), wide, out=found[some])
    return found


def best(scores: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """Where the greatest scores stand, in no order; all where there are no more than `count`."""
    if len(scores) <= count:
        return np.arange(len(scores))
    return np.argpartition(scores, len(scores) - count)[len(scores) - count :]
