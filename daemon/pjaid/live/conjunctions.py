"""Owns the bounds that a query's conditions put on rows: a few conjunctions that no match escapes (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from msgspec import UNSET, Struct

from pjai_wire.query import Comparison, Condition, Junction
from pjai_wire.tables import Table
from pjaid.live.intervals import Interval
from pjaid.store.schema import stored_columns
from pjaid.store.values import SqlValue, compared

CONJUNCTIONS_MAX = 64
"""What one query is filed under at most; past it the bounds are widened."""


class Conjunction(Struct, frozen=True):
    """Values that a row must have, all of them; columns go by their positions in a stored row."""

    equal: Mapping[int, SqlValue]
    """The value that a column must have; None where it must be NULL."""
    between: Mapping[int, Interval]
    """The interval in which a column's value must lie, which is then not NULL."""


class Horizon(Struct, frozen=True):
    """What all rows have in common that stand before the last one that is known of an ordered result."""

    position: int
    """Of the first column in the order, in a stored row."""
    interval: Interval
    """In which its value then lies, and is not NULL."""


def up_to(horizon: Horizon | None, asked: Sequence[Conjunction]) -> tuple[Conjunction, ...]:
    """The conjunctions of rows that fulfil one of `asked` and stand before the horizon, if there is one."""
    if horizon is None:
        return tuple(asked)
    bounded = []
    for one in asked:
        if horizon.position in one.equal:
            bounded.append(one)
            continue
        others = dict(one.between)
        interval = horizon.interval
        if (known := others.pop(horizon.position, None)) is not None:
            interval = interval.intersection(known)
        if not interval.is_empty:
            # First, as it is the one that grows narrower the more rows there are.
            bounded.append(Conjunction(one.equal, {horizon.position: interval, **others}))
    return tuple(bounded)


def conjunctions(table: Table[Any], where: Sequence[Condition]) -> tuple[Conjunction, ...]:
    """The conjunctions of which every row fulfils one at least, if all of the conditions hold for it.

    More rows may fulfil one than match, and where there is none, no row can match. A row that is deleted,
    but not yet cleaned up, matches only where a condition names `deletedAt`.

    Args:
        table: what the query reads.
        where: its conditions, which `compile_query` has found valid.
    """
    reading = _Reading(table)
    asked = [reading.alternatives(condition) for condition in where]
    if table.has("deletedAt") and "deletedAt" not in reading.named:
        asked.append([{reading.positions["deletedAt"]: None}])
    return tuple(_conjunction(bounds) for bounds in _all_of(asked))


_Bounds = dict[int, Interval | None]
"""What a row must fulfil, column by column; None where the column must be NULL."""

_Alternatives = list[_Bounds]
"""Of which a row must fulfil one; of none it cannot, and one without bounds it always does."""

_ANY_ROW: _Bounds = {}


class _Reading:
    """Reads conditions as bounds, and notes the columns that they name."""

    def __init__(self, table: Table[Any]) -> None:
        self.positions = {column.name: position for position, column in enumerate(stored_columns(table))}
        self.named: set[str] = set()
        self._table = table

    def alternatives(self, condition: Condition) -> _Alternatives:
        if not isinstance(condition, Junction):
            return self._compared(condition)
        if condition.all_of is not UNSET:
            return _all_of([self.alternatives(member) for member in condition.all_of])
        if condition.any_of is not UNSET:
            return _any_of([self.alternatives(member) for member in condition.any_of])
        assert condition.none_of is not UNSET
        self.alternatives(condition.none_of)  # it bounds nothing, and yet names columns
        return [_ANY_ROW]

    def _compared(self, comparison: Comparison) -> _Alternatives:
        name, operator, value = comparison
        self.named.add(name)
        column = self._table.column(name)
        if name not in self.positions:  # what is gathered from another table is no value of the row's
            return [_ANY_ROW]
        bounds: list[Interval | None]
        match operator, value:
            case ("=", None) | ("is_null", True):
                bounds = [None]
            case "=", _:
                exact = compared(column, value)
                bounds = [Interval(exact, exact)]
            case "in", _:
                exacts = dict.fromkeys(compared(column, member) for member in value)
                bounds = [Interval(exact, exact) for exact in exacts]
            case ((">" | ">="), _):
                bounds = [Interval(compared(column, value), None)]
            case (("<" | "<="), _):
                bounds = [Interval(None, compared(column, value))]
            case _:
                return [_ANY_ROW]
        return [{self.positions[name]: bound} for bound in bounds]


def _all_of(asked: Sequence[_Alternatives]) -> _Alternatives:
    """The alternatives that fulfil one of each; those that cost most are widened where they are too many."""
    joined = [_ANY_ROW]
    for alternatives in sorted(asked, key=len):
        if len(joined) * len(alternatives) > CONJUNCTIONS_MAX:
            alternatives = [_hull(alternatives)]
        pairs = (_both(one, other) for one in joined for other in alternatives)
        joined = [bounds for bounds in pairs if bounds is not None]
    return joined


def _any_of(asked: Sequence[_Alternatives]) -> _Alternatives:
    """The alternatives of all; one that bounds nothing leaves nothing bounded."""
    offered = [bounds for alternatives in asked for bounds in alternatives]
    if len(offered) > CONJUNCTIONS_MAX or not all(offered):
        return [_hull(offered)]
    return offered


def _both(one: _Bounds, other: _Bounds) -> _Bounds | None:
    """The bounds of both, or None where no value fulfils them."""
    joined = one.copy()
    for position, bound in other.items():
        mine = joined.setdefault(position, bound)
        if mine is None or bound is None:
            if mine is not bound:
                return None
            continue
        joined[position] = overlap = mine.intersection(bound)
        if overlap.is_empty:
            return None
    return joined


def _hull(alternatives: _Alternatives) -> _Bounds:
    """The narrowest bounds that leave room for each of `alternatives`, of which there is at least one."""
    hull: _Bounds = {}
    for position in alternatives[0]:
        bounds = [other[position] for other in alternatives if position in other]
        intervals = [bound for bound in bounds if bound is not None]
        if len(bounds) < len(alternatives):
            continue
        if not intervals:
            hull[position] = None
        elif len(intervals) == len(bounds):
            span = reduce(Interval.span, intervals)
            if span != Interval(None, None):
                hull[position] = span
    return hull


def _conjunction(bounds: _Bounds) -> Conjunction:
    equal: dict[int, SqlValue] = {}
    between: dict[int, Interval] = {}
    for position, bound in bounds.items():
        if bound is None:
            equal[position] = None
        elif bound.low == bound.high:
            equal[position] = bound.low
        else:
            between[position] = bound
    return Conjunction(equal, between)
