"""Owns which rows a search may find, where that are not all (pure)."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

MARKED_MAX = 2**25
"""Up to the row of this number each has a mark, which is looked up at once; beyond, rows are sought."""


class Allowed:
    """Rows that may be found.

    Args:
        rows: their numbers.
    """

    def __init__(self, rows: Collection[int]) -> None:
        self._rows = np.fromiter(rows, np.int64, len(rows))
        self._rows.sort()
        last = int(self._rows[-1]) if len(rows) else 0
        self._marks: NDArray[np.bool_] | None = None
        if last <= MARKED_MAX and (not len(rows) or self._rows[0] >= 0):
            # One more, which is never set, stands for all rows beyond.
            self._marks = np.zeros(last + 2, np.bool_)
            self._marks[self._rows] = True

    def __len__(self) -> int:
        return len(self._rows)

    def places(self, rows: NDArray[np.int64]) -> NDArray[np.intp]:
        """Where among some rows those stand that may be found."""
        if self._marks is not None:
            return np.flatnonzero(self._marks[np.minimum(rows, len(self._marks) - 1)])
        at = np.minimum(np.searchsorted(self._rows, rows), len(self._rows) - 1)
        return np.flatnonzero(self._rows[at] == rows)
