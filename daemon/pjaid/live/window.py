"""Owns the window onto an ordered result: its first rows and a margin beyond them, kept in order (pure)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

from msgspec import Raw

from pjai_wire.changes import Change, Delete, Insert, Move, Update
from pjaid.live.order import Key

MARGIN_MIN = 16
MARGIN_SHARE = 4
"""Beyond the rows that are shown, a quarter as many are known, so that rows which leave find successors."""


class Window:
    """Every row of a result up to a bound.

    Args:
        end: how many of the rows are asked for, counted from the result's first.
    """

    def __init__(self, end: int) -> None:
        self.keys: list[Key] = []
        self.rows: list[bytes] = []
        """Each row, encoded as it travels."""
        self.bytes_kept = 0
        """What the rows take together."""
        self._end = end
        self._margin = max(MARGIN_MIN, end // MARGIN_SHARE)
        self._bound: Key | None = None
        self._is_whole = False
        """Of what comes after it nothing is known; None where nothing does."""

    @property
    def wanted(self) -> int:
        """How many rows fill it from its beginning."""
        return self._end + self._margin

    @property
    def bound(self) -> Key | None:
        """The key of the last place that is known of; None where all is known."""
        return self._bound

    @property
    def lacks_rows(self) -> bool:
        """Whether rows that are asked for lie beyond the bound."""
        return self._bound is not None and len(self.keys) < self._end

    def reaches(self, key: Key | None) -> bool:
        """Whether a row with this key stands, or would stand, among those that are known."""
        return key is not None and (self._bound is None or key <= self._bound)

    def fill(self, keys: Sequence[Key], rows: Sequence[bytes]) -> None:
        """Begins anew with the first `wanted` rows of a result; fewer are all that there are."""
        self.keys, self.rows = list(keys), list(rows)
        self._settle(is_more=len(keys) == self.wanted)

    def hold_all(self, keys: Sequence[Key], rows: Sequence[bytes]) -> None:
        """Begins anew with all rows of a result, few enough to be known from now on."""
        self.keys, self.rows = list(keys), list(rows)
        self._is_whole = True
        self._settle(is_more=False)

    def refill(self, keys: Sequence[Key], rows: Sequence[bytes], *, is_more: bool) -> list[Change[Raw]]:
        """Takes the next rows after the bound, and tells which of them are asked for.

        Args:
            keys: their keys, in order.
            rows: the rows.
            is_more: whether there may be others after them.
        """
        known = len(self.keys)
        self.keys += keys
        self.rows += rows
        self._settle(is_more=is_more)
        asked = min(len(self.rows), self._end)
        return [Insert(position, Raw(self.rows[position])) for position in range(known, asked)]

    def replace(self, old: Key | None, new: Key | None, row: bytes) -> list[Change[Raw]]:
        """Moves, puts in or takes out a row, and tells how that changed the rows that are asked for.

        Args:
            old: the row's key until now; None where it is new in the result.
            new: its key from now on; None where it leaves the result.
            row: what it is now, encoded.
        """
        if old == new:
            return self._update(old, row)
        was_full = len(self.keys) >= self._end
        gone = self._find(old)
        before = self._take_out(gone)
        come = self._put_in(new, row)
        if come is not None and come < self._end:
            if gone is not None and gone < self._end:
                if gone != come:
                    return [Move(gone, come, Raw(row))]
                return [Update(come, Raw(row))] if row != before else []
            pushed_out: list[Change[Raw]] = [Delete(self._end - 1)] if was_full else []
            self._trim()
            return [*pushed_out, Insert(come, Raw(row))]
        if gone is None or gone >= self._end:
            self._trim()
            return []
        if len(self.keys) >= self._end:
            return [Delete(gone), Insert(self._end - 1, Raw(self.rows[self._end - 1]))]
        return [Delete(gone)]

    def _update(self, key: Key | None, row: bytes) -> list[Change[Raw]]:
        at = self._find(key)
        if at is None or self.rows[at] == row:
            return []
        self.bytes_kept += len(row) - len(self.rows[at])
        self.rows[at] = row
        return [Update(at, Raw(row))] if at < self._end else []

    def _take_out(self, at: int | None) -> bytes | None:
        if at is None:
            return None
        del self.keys[at]
        row = self.rows.pop(at)
        self.bytes_kept -= len(row)
        return row

    def _put_in(self, key: Key | None, row: bytes) -> int | None:
        if key is None or not self.reaches(key):
            return None
        at = bisect_left(self.keys, key)
        self.keys.insert(at, key)
        self.rows.insert(at, row)
        self.bytes_kept += len(row)
        return at

    def _find(self, key: Key | None) -> int | None:
        """Where the row with this key stands; None beyond the bound."""
        if key is None or not self.reaches(key):
            return None
        at = bisect_left(self.keys, key)
        assert self.keys[at : at + 1] == [key], "a row of the result is not in its window"
        return at

    def _trim(self) -> None:
        """Lets go of rows far beyond those that are asked for."""
        if not self._is_whole and len(self.keys) > self.wanted + self._margin:
            self.bytes_kept -= sum(map(len, self.rows[self.wanted :]))
            del self.keys[self.wanted :], self.rows[self.wanted :]
            self._bound = self.keys[-1]

    def _settle(self, *, is_more: bool) -> None:
        assert all(one < next_one for one, next_one in pairwise(self.keys)), "the rows are out of order"
        self._bound = self.keys[-1] if is_more and self.keys else None
        self.bytes_kept = sum(map(len, self.rows))
