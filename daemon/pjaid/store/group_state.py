"""Owns the statement that finds what must be known of groups to follow their aggregates row by row."""

from __future__ import annotations

from msgspec import Struct

from pjai_wire.columns import Column, Kind
from pjai_wire.query import Query
from pjai_wire.tables import table_named
from pjaid.store.conditions import Conditions
from pjaid.store.statements import NUMBERS, Statement


class GroupState(Struct, frozen=True):
    """How to read the state of a query's groups."""

    statement: Statement
    """A row for each group: its values, its number of rows, and then for each of `columns` how many values
    there are, their sum, the sum of their absolute values, the smallest and the largest. The sums are NULL
    where the values are no numbers."""
    columns: tuple[Column, ...]
    """Those that are aggregated, as they first appear in the query."""


def compile_group_state(query: Query, limit: int) -> GroupState:
    """The statement that reads the state of the groups of `query`, in no order.

    Running it raises `InvalidQuery` where a sum of absolute values is larger than an integer can be, even if
    no sum that the query asks for is.

    Args:
        query: about groups; `compile_query` found it valid.
        limit: the most groups to read.
    """
    table = table_named(query.table)
    groups = [table.column(name) for name in query.group_by]
    names = dict.fromkeys(argument for _, argument in query.aggregates.values() if argument != "*")
    columns = tuple(table.column(name) for name in names)
    answered: list[tuple[str, Kind]] = [(_named(column), column.kind) for column in groups]
    answered.append(("count(*)", "integer"))
    for column in columns:
        answered += _summary(column)
    expressions, kinds = zip(*answered, strict=True)
    conditions = Conditions(table)
    sql = (
        f"SELECT {', '.join(expressions)} FROM {table.table_name}{conditions.where(query.where)}"
        + (f" GROUP BY {', '.join(map(_named, groups))}" if groups else "")
        + f" LIMIT {limit}"
    )
    bulky = tuple(index for index, kind in enumerate(kinds) if kind == "text")
    key = tuple(range(len(groups)))
    statement = Statement(
        table, sql, conditions.bindings, expressions, kinds, bulky, key, is_heavy=conditions.is_heavy
    )
    return GroupState(statement, columns)


def _summary(column: Column) -> list[tuple[str, Kind]]:
    """What is read of a column in each group, and what kind of value each is."""
    name, kind = _named(column), column.kind
    is_summed = kind in NUMBERS
    return [
        (f"count({name})", "integer"),
        (f"sum({name})" if is_summed else "NULL", kind),
        (f"sum(abs({name}))" if is_summed else "NULL", kind),
        (f"min({name})", kind),
        (f"max({name})", kind),
    ]


def _named(column: Column) -> str:
    return f'"{column.python_name}"'
