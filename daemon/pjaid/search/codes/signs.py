"""Owns the signs of vectors' numbers, a bit each, and the Hamming distance of vectors in them (pure).

Two vectors at an angle t differ in about t / pi of their signs (Goemans and Williamson, 1995: exactly so for
random hyperplanes). A bit is an eighth of a code, so where memory is what takes the time, signs are looked at
first, and codes of what is left.

Signs stand in columns: all vectors' first 64, then all vectors' next 64, so that numpy counts many at a time.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

Signs = NDArray[np.uint64]
"""Shape (words, n)."""

WORD_BYTES: Final = 8

ROWS_AT_ONCE = 32_768
"""Vectors that are compared together, so that what is made in between stays in the processor's cache."""

DEVIATIONS = 2.5
"""By how many standard deviations vectors may differ in more signs than expected before they are passed over.
Signs of texts' vectors tell less than hyperplanes: of the ten nearest among 150,000, 99 in 100 are found."""


def signs_of(codes: NDArray[np.int8]) -> Signs:
    """The signs of codes, shape (n, dimension) to (words, n); what lacks to a whole word is equal for all."""
    bits = np.packbits(codes > 0, axis=1)
    lacking = -bits.shape[1] % WORD_BYTES
    if lacking:
        bits = np.pad(bits, ((0, 0), (0, lacking)))
    return np.ascontiguousarray(bits.view(np.uint64).T)


def differing(signs: Signs, query: Signs) -> NDArray[np.uint16]:
    """In how many signs each vector differs from another, shapes (words, n) and (words, 1) to (n)."""
    count = signs.shape[1]
    found = np.zeros(count, np.uint16)
    room = min(count, ROWS_AT_ONCE)
    unequal, counts = np.empty(room, np.uint64), np.empty(room, np.uint8)
    for begin in range(0, count, ROWS_AT_ONCE):
        some = found[begin : begin + ROWS_AT_ONCE]
        size = len(some)
        for word, wanted in zip(signs, query, strict=True):
            np.bitwise_xor(word[begin : begin + size], wanted, out=unequal[:size])
            np.bitwise_count(unequal[:size], out=counts[:size])
            np.add(some, counts[:size], out=some)
    return found


def most_differing(cosine: float, dimension: int) -> int:
    """In how many signs vectors of at least a cosine differ at most, but for a few."""
    share = math.acos(max(-1.0, min(1.0, cosine))) / math.pi
    return int(dimension * share + DEVIATIONS * math.sqrt(dimension * share * (1 - share)))
