"""Owns the query builder: each step makes a new query, and nothing is read until a client sends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import msgspec
from msgspec.structs import replace

from pjai_wire.columns import Column, Ordering
from pjai_wire.query import Condition, Function, Junction, Query

if TYPE_CHECKING:
    from pjai_wire.tables import Table

RowT = TypeVar("RowT")

Aggregate = tuple[Function, str]


class Select(Generic[RowT]):
    """A query over a table, written step by step; each step makes a new one."""

    def __init__(self, table: Table[Any], query: Query) -> None:
        self.table: Final = table
        self.query: Final = query

    def __repr__(self) -> str:
        return f"<query {msgspec.json.encode(self.query).decode()}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Select) and self.query == other.query

    def __hash__(self) -> int:
        return hash(msgspec.msgpack.encode(self.query))

    def _with(self, **changed: Any) -> Select[RowT]:
        return Select(self.table, replace(self.query, **changed))

    def where(self, *conditions: Condition, **equal: object) -> Select[RowT]:
        """Only the rows on which all `conditions` hold too and whose columns have the `equal` values."""
        named = tuple((_column_name(self.table, name), "=", value) for name, value in equal.items())
        return self._with(where=(*self.query.where, *conditions, *named))

    def order_by(self, *orderings: Ordering | Column | str) -> Select[RowT]:
        """In this order; a column alone means ascending."""
        order = tuple(
            (one.column, one.direction)
            if isinstance(one, Ordering)
            else (_column_name(self.table, one), "asc")
            for one in orderings
        )
        return self._with(order_by=order)

    def limit(self, rows: int) -> Select[RowT]:
        """At most `rows` rows."""
        return self._with(limit=rows)

    def offset(self, rows: int) -> Select[RowT]:
        """Without the first `rows` rows; `after` is cheaper for pages."""
        return self._with(offset=rows)

    def after(self, *values: object) -> Select[RowT]:
        """Only what comes after the row with these values in the ordering's columns and then this id."""
        return self._with(after=values)

    def omit(self, *columns: Column | str) -> Select[RowT]:
        """Without these columns, whose fields then have their defaults."""
        return self._with(omit=tuple(_column_name(self.table, column) for column in columns))

    def select(self, *columns: Column | str) -> Select[dict[str, Any]]:
        """Only these columns; each row is a dict."""
        names = tuple(_column_name(self.table, column) for column in columns)
        return Select(self.table, replace(self.query, select=names))

    def group_by(self, *columns: Column | str, **aggregates: Aggregate) -> Select[dict[str, Any]]:
        """One row a group: the columns, and each aggregate under its name."""
        names = tuple(_column_name(self.table, column) for column in columns)
        return Select(self.table, replace(self.query, group_by=names, aggregates=aggregates))


def _column_name(table: Table[Any], column: Column | str) -> str:
    return column.name if isinstance(column, Column) else getattr(table, column).name


def count() -> Aggregate:
    """How many rows."""
    return ("count", "*")


def total(column: Column) -> Aggregate:
    """The sum of a column; null where there is no value."""
    return ("sum", column.name)


def average(column: Column) -> Aggregate:
    """The mean of a column; null where there is no value."""
    return ("avg", column.name)


def smallest(column: Column) -> Aggregate:
    """The least value of a column."""
    return ("min", column.name)


def largest(column: Column) -> Aggregate:
    """The greatest value of a column."""
    return ("max", column.name)


def both(*conditions: Condition) -> Condition:
    """All the conditions hold."""
    return Junction(all_of=conditions)


def either(*conditions: Condition) -> Condition:
    """At least one of the conditions holds."""
    return Junction(any_of=conditions)


def negated(condition: Condition) -> Condition:
    """The condition does not hold."""
    return Junction(none_of=condition)
