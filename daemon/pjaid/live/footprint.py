"""Owns the footprint of a query: the rows, and of them the columns, on which its result depends (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from pjai_wire.query import Condition, Query
from pjai_wire.tables import table_named
from pjaid.live.conjunctions import Conjunction, conjunctions
from pjaid.live.predicate import comparisons
from pjaid.store.changed import RowChange, positions
from pjaid.store.statements import Statement, total_order

ANY_ROW = (Conjunction({}, {}),)
"""Fulfilled by every row."""


class Footprint(Struct, frozen=True):
    """What a result depends on."""

    table: str
    rows: tuple[tuple[str, tuple[Conjunction, ...]], ...]
    """Of each table the rows that can concern it."""
    columns: tuple[int, ...]
    """Where in a row of `table` the columns stand that are looked at; of other tables all are. No set, as
    there are many footprints, and a set takes ten times the room."""

    def concerns(self, change: RowChange) -> bool:
        """Whether a row that can concern the result changed in what is looked at."""
        if change.before is None or change.after is None or change.table != self.table:
            return True
        return any(change.before[position] != change.after[position] for position in self.columns)


def footprint(query: Query, statement: Statement) -> Footprint:
    """What the result of `query`, which was compiled to `statement`, depends on."""
    bounds = conjunctions(statement.table, query.where) if query.limit else ()
    rows = [(query.table, bounds)]
    if statement.gathers:
        rows.append((statement.columns[-1], ANY_ROW))
    return Footprint(query.table, tuple(rows), tuple(_columns(query, statement)))


def footprint_of_count(table_name: str, where: Sequence[Condition]) -> Footprint:
    """What the number of rows that meet some conditions depends on."""
    table = table_named(table_name)
    places = positions(table)
    names = {name for name, _ in comparisons(where)} | ({"deletedAt"} if table.has("deletedAt") else set())
    bounds = conjunctions(table, where)
    return Footprint(table_name, ((table_name, bounds),), tuple(places[name] for name in names))


def _columns(query: Query, statement: Statement) -> Iterator[int]:
    table = statement.table
    places = positions(table)
    names = {name for name, _ in comparisons(query.where)}
    if table.has("deletedAt"):
        names.add("deletedAt")
    if query.aggregates or query.group_by:
        names |= {*query.group_by, *(argument for _, argument in query.aggregates.values())}
    else:
        names |= {*statement.columns, *(column.name for column, _ in total_order(table, query))}
    return (places[name] for name in names if name in places)
