"""Owns what a query wants of an index: which columns it compares, in which way, and in which order (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import UNSET, Struct

from pjai_wire.query import Comparison, Condition, Direction, Junction, Query
from pjai_wire.tables import table_named
from pjaid.store.conditions import COMPARABLE

EQUAL = ("=", "in")
BELOW = ("<", "<=")
ABOVE = (">", ">=")


class Wanted(Struct, frozen=True):
    """What an index could do for a query."""

    equal: tuple[str, ...]
    """Columns that have one value, or one of some; by their names on the wire, as all here."""
    ranges: tuple[str, ...]
    """Columns whose values lie above or below one."""
    order: tuple[tuple[str, Direction], ...]
    is_grouped: bool
    """It answers groups, or one number for all rows."""
    rows_max: int
    """How many rows it answers at most."""


def wanted(query: Query) -> Wanted:
    """What an index could do for `query`."""
    equal: dict[str, None] = {}
    ranges: dict[str, None] = {}
    for name, operator, value in required(query.where):
        if table_named(query.table).column(name).kind not in COMPARABLE:
            continue
        if operator in EQUAL or (operator == "is_null" and value is True):
            equal[name] = None
        elif operator in ABOVE + BELOW:
            ranges[name] = None
    is_grouped = bool(query.aggregates or query.group_by)
    return Wanted(
        equal=tuple(equal),
        ranges=tuple(name for name in ranges if name not in equal),
        order=() if is_grouped else query.order_by,
        is_grouped=is_grouped,
        rows_max=query.limit + query.offset,
    )


def required(conditions: Iterable[Condition]) -> Iterator[Comparison]:
    """The comparisons that hold for every row of the answer."""
    for condition in conditions:
        if not isinstance(condition, Junction):
            yield condition
        elif condition.all_of is not UNSET:
            yield from required(condition.all_of)
