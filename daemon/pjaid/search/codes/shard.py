"""Owns the codes of one persona's vectors: found, and kept right as vectors change (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from pjaid.search.codes.allowed import Allowed
from pjaid.search.codes.quantising import Query, errors_of, quantised
from pjaid.search.codes.scanning import best, products
from pjaid.search.codes.signs import Signs, differing, signs_of

ScalarT = TypeVar("ScalarT", bound=np.generic)

Rows = NDArray[np.int64]
Floats = NDArray[np.float32]

ROOM_SHARE = 16
"""What is made for more vectors than there are, as a part of them."""

ROOM_MIN = 32

SCATTERED_MIN = 4_096
"""Rows out of their order, or gone, that are put up with whatever the shard's size."""

PLACE_BYTES = 120
"""About what a row takes in a dictionary."""

SIGNS_FROM_DIMENSION = 128
"""The signs of fewer numbers tell too little to be kept."""

GATHERED_SHARE = 4
"""Where fewer than one of so many rows is allowed, those are gathered rather than all scanned."""


CERTAIN = 4.0
"""Standard deviations by which a score is taken to be wrong at most: one in 15,000 is so more."""


class Found(NamedTuple):
    """Rows, and about their cosines."""

    rows: Rows
    scores: Floats
    errors: Floats
    """Of the scores: their standard deviations."""

    def at(self, places: NDArray[np.intp]) -> Found:
        """What stands at some places."""
        return Found(self.rows[places], self.scores[places], self.errors[places])

    def promising(self, k: int) -> NDArray[np.intp]:
        """Where those stand that may be among the nearest `k`, as far as scores can tell."""
        if len(self.rows) <= k:
            return np.arange(len(self.rows))
        margins = CERTAIN * self.errors
        bar = np.partition(self.scores - margins, len(self.rows) - k)[len(self.rows) - k]
        return np.flatnonzero(self.scores + margins >= bar)


def joined(some: Iterable[Found]) -> Found:
    """All of them, one behind the other."""
    return Found(*map(np.concatenate, zip(*some, strict=True)))


class Shard:
    """Codes by rows.

    Rows stand in ascending order, as those that are loaded and most that come later do; of others the place
    is remembered apart. Threads may search while rows change: of what changes meanwhile the old is found, or
    the new, or half of both, which the exact comparison puts right.

    Args:
        seq: the state that it is of.
        rows: numbers of rows, ascending.
        vectors: shape (n, dimension).
    """

    def __init__(self, seq: int, rows: Rows, vectors: NDArray[np.float16]) -> None:
        self.seq: Final = seq
        codes, weights = quantised(vectors)
        self._count = self._ordered = len(rows)
        room = _room(self._count)
        self._codes = _grown(codes, room)
        self._weights = _grown(weights, room)
        self._rows = _grown(rows, room)
        has_signs = codes.shape[1] >= SIGNS_FROM_DIMENSION
        self._signs = _widened(signs_of(codes), room) if has_signs else None
        self._elsewhere: dict[int, int] = {}
        self._gone: set[int] = set()

    def __len__(self) -> int:
        return self._count

    @property
    def memory_bytes(self) -> int:
        """What it takes in memory."""
        arrays = self._codes.nbytes + self._weights.nbytes + self._rows.nbytes
        if self._signs is not None:
            arrays += self._signs.nbytes
        return arrays + PLACE_BYTES * (len(self._elsewhere) + len(self._gone))

    @property
    def has_signs(self) -> bool:
        """Whether its vectors have so many numbers that their signs tell something."""
        return self._signs is not None

    @property
    def is_scattered(self) -> bool:
        """Whether it had better be loaded anew."""
        return len(self._elsewhere) + len(self._gone) > max(SCATTERED_MIN, self._count // 4)

    def put(self, rows: Sequence[int], vectors: bytes) -> None:
        """Some rows have these vectors from now on, little-endian float16, one after the other."""
        codes, weights = quantised(np.frombuffer(vectors, "<f2").reshape(len(rows), -1))
        signs = None if self._signs is None else signs_of(codes)
        # In their order, so that new ones stand in it too.
        for number in sorted(range(len(rows)), key=rows.__getitem__):
            place = self._place(rows[number])
            if place is None:
                place = self._room_at_end()
            self._codes[place], self._weights[place] = codes[number], weights[number]
            if self._signs is not None and signs is not None:
                self._signs[:, place] = signs[:, number]
            self._gone.discard(place)
            if place == self._count:
                self._end(rows[number])

    def remove(self, row: int) -> None:
        """A row has no vector any more."""
        place = self._place(row)
        if place is not None:
            self._gone.add(place)

    def nearest(self, query: Query, count: int, allowed: Allowed | None, some: slice | None = None) -> Found:
        """The rows whose codes are nearest to a vector's, in no order.

        Args:
            query: the vector.
            count: how many.
            allowed: only of these; None is of all.
            some: only of what stands there.
        """
        begin, end, _ = (some or slice(None)).indices(self._count)
        codes, weights, rows = self._codes[begin:end], self._weights[begin:end], self._rows[begin:end]
        gone = [place - begin for place in list(self._gone) if begin <= place < end]
        if allowed is not None:
            places = allowed.places(rows)
            if gone:
                places = places[~np.isin(places, gone)]
            if len(places) * GATHERED_SHARE < len(rows):
                codes, weights, rows, gone = codes[places], weights[places], rows[places], []
                places = np.arange(len(rows))
        scores = products(query.codes, codes) * (weights * query.weight)
        if allowed is not None:
            scores, rows, weights = scores[places], rows[places], weights[places]
        elif gone:
            scores[gone] = -np.inf
        chosen = best(scores, count)
        chosen = chosen[scores[chosen] > -np.inf]
        return Found(rows[chosen], scores[chosen], errors_of(weights[chosen], query.weight))

    def differing(self, query: Query) -> NDArray[np.uint16]:
        """In how many signs each vector, in the order of places, differs from a query."""
        assert self._signs is not None
        return differing(self._signs[:, : self._count], signs_of(query.codes))

    def scored(self, query: Query, places: NDArray[np.intp]) -> Found:
        """The rows at some places, and about their cosines."""
        if self._gone:
            places = places[~np.isin(places, list(self._gone))]
        weights = self._weights[places]
        scores = products(query.codes, self._codes[places]) * (weights * query.weight)
        return Found(self._rows[places], scores, errors_of(weights, query.weight))

    def _place(self, row: int) -> int | None:
        place = int(np.searchsorted(self._rows[: self._ordered], row))
        if place < self._ordered and self._rows[place] == row:
            return place
        return self._elsewhere.get(row)

    def _room_at_end(self) -> int:
        place = self._count
        if place == len(self._rows):
            room = _room(place)
            self._codes, self._weights = _grown(self._codes, room), _grown(self._weights, room)
            self._rows = _grown(self._rows, room)
            if self._signs is not None:
                self._signs = _widened(self._signs, room)
        return place

    def _end(self, row: int) -> None:
        """What was written behind the last row becomes one of them, that of `row`."""
        place = self._count
        self._rows[place] = row
        if self._ordered == place and (not place or self._rows[place - 1] < row):
            self._ordered += 1
        else:
            self._elsewhere[row] = place
        self._count += 1


def _room(count: int) -> int:
    return count + max(ROOM_MIN, count // ROOM_SHARE)


def _widened(signs: Signs, room: int) -> Signs:
    """The signs with room for more at the end of each column."""
    wider = np.empty((len(signs), room), signs.dtype)
    wider[:, : signs.shape[1]] = signs
    return wider


def _grown(array: NDArray[ScalarT], room: int) -> NDArray[ScalarT]:
    """The array with room for more at its end."""
    grown = np.empty((room, *array.shape[1:]), array.dtype)
    grown[: len(array)] = array
    return grown
