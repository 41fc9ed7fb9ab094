"""Owns what the tests of routes share: conditions, stored rows, and SQLite's word on which fit."""

from __future__ import annotations

from typing import Any

import apsw
from hypothesis import strategies as st

from pjai_wire.codec import Decoder, encode
from pjai_wire.columns import Column
from pjai_wire.query import Condition, Query
from pjai_wire.tables import Table, memories, memory_links, personas
from pjaid.store.changed import Row
from pjaid.store.conditions import COMPARABLE, Conditions
from pjaid.store.schema import stored_columns

tables: st.SearchStrategy[Table[Any]] = st.sampled_from([memories, personas, memory_links])

FAVOURED = {
    "memories": ("personaId", "type", "importance", "createdAt", "deletedAt", "embeddingModel", "name"),
    "personas": ("isActive", "lastUsedAt", "name", "avatar"),
    "memory_links": ("fromId", "toId", "weight", "kind"),
}
"""Columns that conditions ask for more often than for the others."""

_words = st.sampled_from(["", "a", "ab", "b", "é", "\U0001f600"])
_lists = st.lists(st.sampled_from(["a", "b"]), max_size=2)


def _values(column: Column) -> st.SearchStrategy[Any]:
    """Values of a column as clients write them; few, so that conditions and rows meet."""
    if column.choices:
        return st.sampled_from(column.choices[:3])
    match column.kind:
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(-1, 4) | st.integers(0, 4).map(float)
        case "real":
            return st.integers(0, 1) | st.sampled_from([-0.0, 0.25, 0.5, float("inf"), float("-inf")])
        case _:
            return _words


def _filling(column: Column) -> list[Any] | None:
    """Members that make a list longer than what one query is filed under; None where the values are few."""
    if column.choices or column.kind not in ("text", "integer"):
        return None
    numbers = range(100, 200)
    return list(numbers) if column.kind == "integer" else [f"x{number}" for number in numbers]


def _comparisons(table: Table[Any], column: Column) -> st.SearchStrategy[list[Any]]:
    values = _values(column)
    lists = st.lists(values, max_size=4)
    if (filling := _filling(column)) is not None:
        lists |= lists.map(lambda members: members + filling)
    options = [st.tuples(st.just("is_null"), st.booleans())]
    if column.kind in COMPARABLE:
        options += [
            st.tuples(st.sampled_from(["=", "!="]), values | st.none()),
            st.tuples(st.sampled_from(["=", "<", "<=", ">", ">="]), values),
            st.tuples(st.sampled_from(["in", "not_in"]), lists),
        ]
    if column.kind == "text":
        options.append(st.tuples(st.sampled_from(["like", "contains"]), _words))
    if column.kind == "list":
        options.append(st.tuples(st.just("contains"), _words))
    return st.one_of(options).map(lambda rest: [column.name, *rest])


def conditions(table: Table[Any]) -> st.SearchStrategy[Any]:
    """Conditions on `table`, as they travel, joined to some depth."""
    columns = stored_columns(table)
    favoured = [column for column in columns if column.name in FAVOURED[table.table_name]]
    leaves = (st.sampled_from(favoured) | st.sampled_from(columns)).flatmap(
        lambda column: _comparisons(table, column)
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.fixed_dictionaries({"and": st.lists(inner, max_size=4)}),
            st.fixed_dictionaries({"or": st.lists(inner, max_size=4)}),
            st.fixed_dictionaries({"not": inner}),
        ),
        max_leaves=10,
    )


def read(table: Table[Any], where: list[Any]) -> tuple[Condition, ...]:
    """Conditions that travelled."""
    return Decoder(Query).decode(encode({"table": table.table_name, "where": where})).where


def _stored(column: Column) -> st.SearchStrategy[Any]:
    match column.kind:
        case "text":
            present: st.SearchStrategy[Any] = _values(column)
        case "boolean":
            present = st.integers(0, 1)
        case "integer":
            present = st.integers(0, 4)
        case "real":
            present = st.sampled_from([0.0, 0.25, 0.5, 1.0])
        case "list":
            present = _lists.map(encode)
        case _:
            present = st.just(b"\x80")
    return st.none() | present if column.nullable else present


def rows(table: Table[Any]) -> st.SearchStrategy[Row]:
    """Rows of `table`, as they are stored."""
    return st.tuples(*(_stored(column) for column in stored_columns(table)))


class Oracle:
    """SQLite's word on whether conditions hold for a row."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def matches(self, table: Table[Any], where: tuple[Condition, ...], row: Row) -> bool:
        """Whether a query with the conditions `where` finds `row`."""
        compiled = Conditions(table)
        clause = compiled.where(where)
        name = table.table_name
        self._connection.execute(f"DELETE FROM {name}")
        self._connection.execute(f"INSERT INTO {name} VALUES ({', '.join('?' * len(row))})", row)
        (count,) = self._connection.execute(
            f"SELECT count(*) FROM {name}{clause}", compiled.bindings
        ).fetchall()[0]
        return bool(count)
