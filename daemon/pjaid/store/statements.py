"""Owns the compilation of queries into SQL: columns come from the contract, never from a client's text."""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Sequence
from typing import Any

from msgspec import Struct, structs

from pjai_wire.columns import Column, Kind
from pjai_wire.errors import InvalidQuery, UnknownColumn
from pjai_wire.methods import CountParams, GetParams
from pjai_wire.query import Direction, Function, Query
from pjai_wire.tables import Table, table_named
from pjaid.store.conditions import COMPARABLE, Conditions
from pjaid.store.values import PACKED, SqlValue, compared

_AGGREGATE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_COUNTED: dict[str, tuple[Function, str]] = {"count": ("count", "*")}
NUMBERS: frozenset[Kind] = frozenset({"integer", "real"})

Order = list[tuple[Column, Direction]]


class Statement(Struct, frozen=True):
    """A query, compiled."""

    table: Table[Any]
    sql: str
    bindings: list[SqlValue]
    columns: tuple[str, ...]
    """Names of the answer's columns on the wire."""
    kinds: tuple[Kind, ...]
    """What each of them is; the gathered one, if any, stands last and is not in the SQL."""
    bulky: tuple[int, ...]
    """Which of the columns may hold large values."""
    key: tuple[int, ...] | None
    """Which of the columns tell a row from the others; None where none do."""
    packed: int | None = None
    """Which of the columns may be stored packed."""
    is_heavy: bool = False
    """Whether one row may take long, so that the event loop is no place for it."""
    query: Query | None = None
    """What was asked; None where that is one row by its id."""

    @property
    def stored_kinds(self) -> tuple[Kind, ...]:
        """What the columns in the SQL are."""
        return self.kinds[:-1] if self.gathers else self.kinds

    @property
    def effort(self) -> Hashable:
        """Equal for statements that differ in values, and in a page that reaches about as far."""
        if self.query is None:
            return self.sql
        text, _, _ = self.sql.partition(" LIMIT ")
        return text, (self.query.limit + self.query.offset).bit_length()

    @property
    def shared(self) -> bool:
        """Whether the table comes from the shared log, whose seq its answers then carry."""
        return not self.table.is_local

    @property
    def gathers(self) -> bool:
        """Whether each row is to be given its messages."""
        return bool(self.kinds) and self.kinds[-1] == "gathered"


def compile_query(query: Query) -> Statement:
    """The statement that answers `query`.

    Raises:
        RequestError: it names what the contract lacks, or means nothing.
    """
    table = table_named(query.table)
    if query.aggregates or query.group_by:
        return _compile_groups(table, query)
    columns = selected(table, query.select, query.omit)
    conditions = Conditions(table)
    sql = f"SELECT {_names(columns)}{_rows_in_order(table, query, conditions)}"
    return _statement(table, sql, conditions.bindings, columns, is_heavy=conditions.is_heavy, query=query)


def compile_stored_rows(query: Query, needed: Collection[Column]) -> Statement:
    """The statement that finds whole rows as they are stored, for `query`'s conditions, order and limit.

    Columns that are not `needed` are NULL in them, so that each row has the shape of a `changed.Row`.
    """
    table = table_named(query.table)
    conditions = Conditions(table)
    names = [column.name for column in needed]
    stored = [column for column in table.columns if column.kind != "gathered"]
    columns = ", ".join(_names([column]) if column.name in names else "NULL" for column in stored)
    sql = f"SELECT {columns}{_rows_in_order(table, query, conditions)}"
    return _statement(table, sql, conditions.bindings, stored, is_heavy=conditions.is_heavy, query=query)


def _rows_in_order(table: Table[Any], query: Query, conditions: Conditions) -> str:
    """All of a statement about rows but the columns that it answers."""
    order = total_order(table, query)
    where = conditions.where(query.where)
    if query.after is not None:
        beyond = _beyond(order, query.after, conditions.bindings)
        where = f"{where} AND {beyond}" if where else f" WHERE {beyond}"
    return (
        f" FROM {table.table_name}{where}"
        f" ORDER BY {_ordering(order)} LIMIT {query.limit} OFFSET {query.offset}"
    )


def compile_get(params: GetParams) -> Statement:
    """The statement that answers `params` with one row or none.

    Raises:
        RequestError: it names what the contract lacks.
    """
    table = table_named(params.table)
    columns = selected(table, params.select, params.omit)
    alive = " AND deleted_at IS NULL" if table.has("deletedAt") else ""
    sql = f"SELECT {_names(columns)} FROM {table.table_name} WHERE id = ?{alive}"
    return _statement(table, sql, [params.id], columns)


def compile_rows(table: Table[Any], select: Sequence[str], omit: Sequence[str], condition: str) -> Statement:
    """The statement that answers rows whose numbers are told, as a JSON array and its first value.

    Args:
        table: where they are.
        select: columns to answer, behind the row's number.
        omit: columns to leave out of all.
        condition: SQL that they must meet too.

    Raises:
        RequestError: it names what the contract lacks.
    """
    columns = selected(table, select, omit)
    # A cross join is taken in the order in which it stands there: rows are found by their numbers.
    sql = (
        f"SELECT rowid, {_names(columns)} FROM (SELECT value AS number FROM json_each(?))"
        f" CROSS JOIN {table.table_name} ON rowid = number WHERE {condition}"
    )
    plain = _statement(table, sql, [], columns)
    return structs.replace(
        plain,
        columns=("rowid", *plain.columns),
        kinds=("integer", *plain.kinds),
        bulky=tuple(index + 1 for index in plain.bulky),
        key=None if plain.key is None else tuple(index + 1 for index in plain.key),
        packed=None if plain.packed is None else plain.packed + 1,
    )


def compile_count(params: CountParams) -> Statement:
    """The statement that counts the rows that `params` names.

    Raises:
        RequestError: it names what the contract lacks, or means nothing.
    """
    table = table_named(params.table)
    conditions = Conditions(table)
    sql = f"SELECT count(*) FROM {table.table_name}{conditions.where(params.where)}"
    query = Query(table=params.table, where=params.where, limit=1, aggregates=_COUNTED)
    return Statement(
        table,
        sql,
        conditions.bindings,
        ("count",),
        ("integer",),
        (),
        (),
        is_heavy=conditions.is_heavy,
        query=query,
    )


def _statement(
    table: Table[Any],
    sql: str,
    bindings: list[SqlValue],
    columns: Sequence[Column],
    *,
    is_heavy: bool = False,
    query: Query | None = None,
) -> Statement:
    names = tuple(column.name for column in columns)
    key = (names.index("id"),) if "id" in names else None
    kinds = tuple(column.kind for column in columns)
    bulky = tuple(index for index, column in enumerate(columns) if column.is_bulky)
    column = PACKED.get(table.table_name)
    packed = names.index(column) if column in names else None
    return Statement(table, sql, bindings, names, kinds, bulky, key, packed, is_heavy, query)


def selected(table: Table[Any], select: Sequence[str], omit: Sequence[str]) -> list[Column]:
    """The columns to answer, the gathered one last."""
    if select and omit:
        raise InvalidQuery("a query has select or omit, not both")
    if len(set(select)) < len(select):
        raise InvalidQuery("a query selects each column once")
    left_out = {table.column(name).name for name in omit}
    chosen = [table.column(name) for name in select] or [
        column for column in table.default_columns if column.name not in left_out
    ]
    if not any(column.kind != "gathered" for column in chosen):
        raise InvalidQuery("a query answers at least one column of its own", hint="select id too")
    chosen.sort(key=lambda column: column.kind == "gathered")
    if chosen[-1].kind == "gathered" and all(column.name != "id" for column in chosen):
        raise InvalidQuery(f"{chosen[-1].name} are gathered by id", hint="select id too")
    return chosen


def _names(columns: Sequence[Column]) -> str:
    return ", ".join(f'"{column.python_name}"' for column in columns if column.kind != "gathered")


def total_order(table: Table[Any], query: Query) -> Order:
    """The order asked for, then by id, so that equal rows always come in the same order."""
    order: Order = []
    for name, direction in query.order_by:
        column = table.column(name)
        if column.kind not in COMPARABLE:
            raise InvalidQuery(f"{name} is a {column.kind} and has no order")
        order.append((column, direction))
    if not any(column.name == "id" for column, _ in order):
        order.append((table.column("id"), "asc"))
    return order


def cursor_values(order: Order, cursor: Sequence[Any]) -> list[SqlValue]:
    """The stored values of a cursor.

    Raises:
        RequestError: they are not those of the order's columns.
    """
    if len(cursor) != len(order):
        names = ", ".join(column.name for column, _ in order)
        raise InvalidQuery(f"after takes {len(order)} values: {names}")
    return [
        None if value is None and column.nullable else compared(column, value)
        for (column, _), value in zip(order, cursor, strict=True)
    ]


def _ordering(order: Order) -> str:
    return ", ".join(f'"{column.python_name}" {direction.upper()}' for column, direction in order)


def _beyond(order: Order, cursor: Sequence[Any], bindings: list[SqlValue]) -> str:
    """The condition for rows that come after the one with the values of `cursor`.

    A row comes after when, at the first column in which it differs, it stands on the far side.
    """
    values = cursor_values(order, cursor)
    alternatives: list[str] = []
    for position, (column, direction) in enumerate(order):
        if values[position] is None and direction == "desc":
            continue  # NULLs come last here: nothing is beyond one
        equal = [f'"{before.python_name}" IS ?' for before, _ in order[:position]]
        bindings.extend(values[:position])
        alternatives.append(" AND ".join([*equal, _far_side(column, direction, values[position], bindings)]))
    return f"({' OR '.join(f'({alternative})' for alternative in alternatives)})"


def _far_side(column: Column, direction: Direction, value: SqlValue, bindings: list[SqlValue]) -> str:
    """The condition for values that come after `value`; NULLs are the smallest."""
    sql = f'"{column.python_name}"'
    if value is None:
        return f"{sql} IS NOT NULL"
    bindings.append(value)
    if direction == "asc":
        return f"{sql} > ?"
    return f"({sql} < ? OR {sql} IS NULL)" if column.nullable else f"{sql} < ?"


def _compile_groups(table: Table[Any], query: Query) -> Statement:
    if query.select or query.omit or query.after is not None:
        raise InvalidQuery("groups know groupBy and aggregates, not select, omit or after")
    if len(set(query.group_by)) < len(query.group_by):
        raise InvalidQuery("a query groups by each column once")
    groups = [table.column(name) for name in query.group_by]
    for column in groups:
        if column.kind not in COMPARABLE:
            raise InvalidQuery(f"{column.name} is a {column.kind} and makes no groups")
    names = [f'"{column.python_name}"' for column in groups]
    answered: dict[str, tuple[str, Kind]] = {
        column.name: (name, column.kind) for column, name in zip(groups, names, strict=True)
    }
    for name, (function, argument) in query.aggregates.items():
        if not _AGGREGATE_NAME.fullmatch(name) or name in answered:
            raise InvalidQuery("an aggregate has a name of its own: a letter, then letters and digits")
        answered[name] = _aggregate(table, function, argument)
    order = []
    for name, direction in query.order_by:
        if name not in answered:
            raise UnknownColumn.near(f"the groups have no column {name!r}", name, answered)
        order.append(f"{list(answered).index(name) + 1} {direction.upper()}")
    order.extend(str(position + 1) for position in range(len(groups)))
    conditions = Conditions(table)
    sql = (
        f"SELECT {', '.join(expression for expression, _ in answered.values())}"
        f" FROM {table.table_name}{conditions.where(query.where)}"
        + (f" GROUP BY {', '.join(names)}" if names else "")
        + (f" ORDER BY {', '.join(order)}" if order else "")
        + f" LIMIT {query.limit} OFFSET {query.offset}"
    )
    kinds = tuple(kind for _, kind in answered.values())
    bulky = tuple(index for index, kind in enumerate(kinds) if kind == "text")
    key = tuple(range(len(groups)))
    return Statement(
        table,
        sql,
        conditions.bindings,
        tuple(answered),
        kinds,
        bulky,
        key,
        is_heavy=conditions.is_heavy,
        query=query,
    )


def _aggregate(table: Table[Any], function: Function, argument: str) -> tuple[str, Kind]:
    if argument == "*":
        if function != "count":
            raise InvalidQuery(f"{function} is of a column", hint="only count takes *")
        return "count(*)", "integer"
    column = table.column(argument)
    if function in ("sum", "avg") and column.kind not in NUMBERS:
        raise InvalidQuery(f"{function} is of numbers, and {argument} is a {column.kind}")
    if column.kind not in COMPARABLE:
        raise InvalidQuery(f"{argument} is a {column.kind}, which has no {function}")
    kind: Kind = {"count": "integer", "avg": "real"}.get(function, column.kind)  # type: ignore[assignment] # mypy widens the dict's values to str
    return f'{function}("{column.python_name}")', kind
