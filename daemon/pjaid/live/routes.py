"""Owns the routes from a changed row to what it can concern: an index over the values of rows (pure)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, Generic, NamedTuple, TypeVar

from pjaid.live.conjunctions import Conjunction
from pjaid.live.intervals import Interval, Intervals
from pjaid.store.changed import Row, RowChange

ItemT = TypeVar("ItemT", bound=Hashable)

Shape = tuple[int, ...]
"""The columns for which a conjunction has a value that they must equal, by position."""


class Routes(Generic[ItemT]):
    """Items by the rows that can concern them.

    What a lookup costs follows the number of shapes, which are few, and of items found; never how many
    there are.
    """

    def __init__(self) -> None:
        self._tables: dict[str, dict[Shape, _Shelf[ItemT]]] = {}
        self._places: dict[ItemT, dict[_Place, None]] = {}

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[ItemT]:
        """Over the items of this moment; they may be removed meanwhile."""
        return iter(list(self._places))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left: no item, and nothing that was made to hold one."""
        return not self._places and not self._tables

    def add(self, table_name: str, conjunctions: Sequence[Conjunction], item: ItemT) -> None:
        """Makes `item` found by each change of a row that fulfils one of `conjunctions`, before or after it.

        An item may be added for several tables. Without conjunctions it is never found.
        """
        places = self._places.setdefault(item, {})
        for conjunction in conjunctions:
            place = _place(table_name, conjunction)
            if place in places:
                continue
            places[place] = None
            shelves = self._tables.setdefault(table_name, {})
            if place.shape not in shelves:
                shelves[place.shape] = _Shelf(place.shape)
            shelves[place.shape].add(place, item)

    def remove(self, item: ItemT) -> None:
        """Forgets `item`, for every table.

        Raises:
            KeyError: it is not there.
        """
        for place in self._places.pop(item):
            shelves = self._tables[place.table_name]
            shelves[place.shape].remove(place, item)
            if shelves[place.shape].is_empty:
                del shelves[place.shape]
            if not shelves:
                del self._tables[place.table_name]

    def found(self, change: RowChange) -> list[ItemT]:
        """The items that `change` can concern, each once, and some that it may not."""
        found: dict[ItemT, None] = {}
        for shelf in self._tables.get(change.table, {}).values():
            shelf.find(change, found)
        return list(found)


class _Place(NamedTuple):
    """Where one conjunction of an item is filed."""

    table_name: str
    shape: Shape
    key: Hashable
    bound: tuple[int, Interval] | None
    """A column and the interval in which its value must lie."""


def _place(table_name: str, conjunction: Conjunction) -> _Place:
    """The place of a conjunction: of its intervals one serves, a closed one rather than another."""
    shape = tuple(sorted(conjunction.equal))
    key = _key_of(shape)(conjunction.equal)
    bound = max(conjunction.between.items(), key=lambda bound: bound[1].is_closed, default=None)
    return _Place(table_name, shape, key, bound)


def _key_of(shape: Shape) -> Callable[[Row | Mapping[int, Any]], Hashable]:
    """What reads the values of a shape, of rows and of conjunctions alike."""
    return itemgetter(*shape) if shape else lambda _: None


class _Shelf(Generic[ItemT]):
    """The items whose conjunctions have one shape, in a bucket for each combination of values."""

    __slots__ = ("_buckets", "_key")

    def __init__(self, shape: Shape) -> None:
        self._key = _key_of(shape)
        self._buckets: dict[Hashable, _Bucket[ItemT]] = {}

    @property
    def is_empty(self) -> bool:
        return not self._buckets

    def add(self, place: _Place, item: ItemT) -> None:
        bucket = self._buckets.get(place.key)
        if bucket is None:
            bucket = self._buckets[place.key] = _Bucket()
        bucket.add(place, item)

    def remove(self, place: _Place, item: ItemT) -> None:
        bucket = self._buckets[place.key]
        bucket.remove(place, item)
        if bucket.is_empty:
            del self._buckets[place.key]

    def find(self, change: RowChange, found: dict[ItemT, None]) -> None:
        key_before = None
        if change.before is not None:
            key_before = self._key(change.before)
            bucket = self._buckets.get(key_before)
            if bucket is not None:
                bucket.find(change.before, None, found)
        if change.after is not None:
            key = self._key(change.after)
            bucket = self._buckets.get(key)
            if bucket is not None:
                bucket.find(change.after, change.before if key == key_before else None, found)


class _Bucket(Generic[ItemT]):
    """The items whose conjunctions ask for the same values, by the one interval that each may have beside."""

    __slots__ = ("_by_column", "_unbounded")

    def __init__(self) -> None:
        self._unbounded: dict[ItemT, None] = {}
        self._by_column: dict[int, Intervals[ItemT]] = {}

    @property
    def is_empty(self) -> bool:
        return not self._unbounded and not self._by_column

    def add(self, place: _Place, item: ItemT) -> None:
        if place.bound is None:
            self._unbounded[item] = None
            return
        column, interval = place.bound
        intervals = self._by_column.get(column)
        if intervals is None:
            intervals = self._by_column[column] = Intervals()
        intervals.add(interval, item)

    def remove(self, place: _Place, item: ItemT) -> None:
        if place.bound is None:
            del self._unbounded[item]
            return
        column, interval = place.bound
        intervals = self._by_column[column]
        intervals.remove(interval, item)
        if intervals.is_empty:
            del self._by_column[column]

    def find(self, row: Row, seen: Row | None, found: dict[ItemT, None]) -> None:
        """Adds to `found` what `row` can concern, but for what `seen`, looked up here before, led to."""
        if seen is None:
            found.update(self._unbounded)
        for column, intervals in self._by_column.items():
            if seen is None or seen[column] != row[column]:
                found.update(dict.fromkeys(intervals.stab(row[column])))
