"""Owns intervals of values, and the index that tells which of them a value lies in (pure)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterator
from itertools import chain
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct

ItemT = TypeVar("ItemT", bound=Hashable)

GRAIN = 2**20
"""How many cells of the finest level a real number's unit has."""

REACH = 2.0**63
"""Real numbers beyond it share the outermost cells."""


class Interval(Struct, frozen=True):
    """The values from `low` to `high`, both included; an end that is None is open.

    The ends are int, float or str, both of one type: that of the column which they bound. Texts compare as
    SQLite compares them, since code points are in the order of their UTF-8 bytes.
    """

    low: Any
    high: Any

    @property
    def is_closed(self) -> bool:
        """Whether neither end is open."""
        return self.low is not None and self.high is not None

    @property
    def is_empty(self) -> bool:
        """Whether no value lies in it."""
        return self.is_closed and bool(self.low > self.high)

    def intersection(self, other: Interval) -> Interval:
        """The values that lie in both; it may be empty."""
        lows = [low for low in (self.low, other.low) if low is not None]
        highs = [high for high in (self.high, other.high) if high is not None]
        return Interval(max(lows, default=None), min(highs, default=None))

    def span(self, other: Interval) -> Interval:
        """The shortest interval that has both in it."""
        low = None if self.low is None or other.low is None else min(self.low, other.low)
        high = None if self.high is None or other.high is None else max(self.high, other.high)
        return Interval(low, high)


class Intervals(Generic[ItemT]):
    """Items by their intervals, found by a value that lies in them; all values are of one SQLite type.

    An interval is open on one side at most, and not empty. What a lookup costs follows what it finds.
    """

    __slots__ = ("_forms",)

    def __init__(self) -> None:
        self._forms: dict[type[_Form[ItemT]], _Form[ItemT]] = {}

    @property
    def is_empty(self) -> bool:
        """Whether there is no item left."""
        return not self._forms

    def add(self, interval: Interval, item: ItemT) -> None:
        """Files `item` under `interval`; it may have several, each filed once."""
        kind = _form_of(interval)
        form = self._forms.get(kind)
        if form is None:
            form = self._forms[kind] = kind()
        form.add(interval, item)

    def remove(self, interval: Interval, item: ItemT) -> None:
        """Forgets that `item` has `interval`, which it must have."""
        kind = _form_of(interval)
        form = self._forms[kind]
        form.remove(interval, item)
        if form.is_empty:
            del self._forms[kind]

    def stab(self, value: Any) -> Iterator[ItemT]:
        """The items in whose intervals `value` lies, once for each of them; NULL lies in none."""
        if value is None:
            return iter(())
        return chain.from_iterable(form.stab(value) for form in self._forms.values())


class _Form(Protocol[ItemT]):
    """An index of the intervals of one form."""

    @property
    def is_empty(self) -> bool: ...

    def add(self, interval: Interval, item: ItemT) -> None: ...

    def remove(self, interval: Interval, item: ItemT) -> None: ...

    def stab(self, value: Any) -> Iterator[ItemT]: ...


def _form_of(interval: Interval) -> type[_Form[Any]]:
    if interval.high is None:
        return _Rising
    if interval.low is None:
        return _Falling
    return _Texts if isinstance(interval.low, str) else _Numbers


class _Ends(Generic[ItemT]):
    """Items in the order of one end of their intervals.

    The items stand together in one list, which is read as a whole: each object on the way to them that lies
    elsewhere in memory would take as long as the item itself.
    """

    __slots__ = ("_ends", "_items")

    def __init__(self) -> None:
        self._ends: list[Any] = []
        self._items: list[ItemT] = []
        """The item of each end."""

    @property
    def is_empty(self) -> bool:
        return not self._ends

    def _file(self, end: Any, item: ItemT) -> None:
        at = bisect_right(self._ends, end)
        self._ends.insert(at, end)
        self._items.insert(at, item)

    def _drop(self, end: Any, item: ItemT) -> None:
        at = self._items.index(item, bisect_left(self._ends, end), bisect_right(self._ends, end))
        del self._ends[at], self._items[at]

    def _up_to(self, value: Any) -> Iterator[ItemT]:
        return iter(self._items[: bisect_right(self._ends, value)])

    def _from(self, value: Any) -> Iterator[ItemT]:
        return iter(self._items[bisect_left(self._ends, value) :])


class _Rising(_Ends[ItemT]):
    """Intervals without a high end: the answer is those that begin at the value or before it."""

    __slots__ = ()

    def add(self, interval: Interval, item: ItemT) -> None:
        self._file(interval.low, item)

    def remove(self, interval: Interval, item: ItemT) -> None:
        self._drop(interval.low, item)

    def stab(self, value: Any) -> Iterator[ItemT]:
        return self._up_to(value)


class _Falling(_Ends[ItemT]):
    """Intervals without a low end: the answer is those that end at the value or after it."""

    __slots__ = ()

    def add(self, interval: Interval, item: ItemT) -> None:
        self._file(interval.high, item)

    def remove(self, interval: Interval, item: ItemT) -> None:
        self._drop(interval.high, item)

    def stab(self, value: Any) -> Iterator[ItemT]:
        return self._from(value)


class _Texts(_Ends[tuple[str, ItemT]]):
    """Closed intervals of texts: all that begin in time are looked through, as texts have no grid."""

    __slots__ = ()

    def add(self, interval: Interval, item: ItemT) -> None:
        self._file(interval.low, (interval.high, item))

    def remove(self, interval: Interval, item: ItemT) -> None:
        self._drop(interval.low, (interval.high, item))

    def stab(self, value: Any) -> Iterator[ItemT]:
        return (item for high, item in self._up_to(value) if value <= high)


class _Numbers(Generic[ItemT]):
    """Closed intervals of numbers, in a hierarchical grid whose levels have cells of 1, 2, 4, … in width.

    An interval lives at the lowest level whose cells are longer than it is, in the cell in which it begins.
    So it ends in that cell or in the next one, and a lookup needs two cells of each level.
    """

    __slots__ = ("_levels",)

    def __init__(self) -> None:
        self._levels: dict[int, dict[int, dict[tuple[Interval, ItemT], None]]] = {}

    @property
    def is_empty(self) -> bool:
        return not self._levels

    def add(self, interval: Interval, item: ItemT) -> None:
        level, cell = self._place(interval)
        self._levels.setdefault(level, {}).setdefault(cell, {})[interval, item] = None

    def remove(self, interval: Interval, item: ItemT) -> None:
        level, cell = self._place(interval)
        cells = self._levels[level]
        del cells[cell][interval, item]
        if not cells[cell]:
            del cells[cell]
        if not cells:
            del self._levels[level]

    def stab(self, value: Any) -> Iterator[ItemT]:
        coordinate = _coordinate(value)
        for level, cells in self._levels.items():
            cell = coordinate >> level
            for living in (cells.get(cell - 1), cells.get(cell)):
                if living is not None:
                    for interval, item in living:
                        if interval.low <= value <= interval.high:
                            yield item

    def _place(self, interval: Interval) -> tuple[int, int]:
        """The level and the cell in which an interval lives."""
        low = _coordinate(interval.low)
        level = (_coordinate(interval.high) - low).bit_length()
        return level, low >> level


def _coordinate(value: float) -> int:
    """Where a number lies on the finest level; a larger number never lies before a smaller one."""
    if isinstance(value, int):
        return value
    return int(max(-REACH, min(REACH, value)) * GRAIN)
