"""Owns the writes that materializers ask for, and their SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

import apsw
from msgspec import UNSET, Struct, structs

from pjai_wire.columns import Column, Increment
from pjai_wire.events import Event
from pjai_wire.select import Select
from pjai_wire.tables import Table
from pjaid.store.conditions import Conditions
from pjaid.store.dictionaries import packed, unpacked
from pjaid.store.values import SqlValue, to_sql

Values = Mapping[str, Any]


class Insert(Struct, frozen=True):
    """A new row; one whose id, or other unique key, is there already stays as it is."""

    table: Table[Any]
    values: Values


class Put(Struct, frozen=True):
    """A row, new or in the place of the one with its id; columns not named stay as they were."""

    table: Table[Any]
    values: Values
    first: Values
    """Columns that only a new row is given."""


class Update(Struct, frozen=True):
    """New values in the rows that a query names."""

    rows: Select[Any]
    values: Values


class Delete(Struct, frozen=True):
    """The rows that a query names go."""

    rows: Select[Any]


class DeleteReferring(Struct, frozen=True):
    """The rows go whose column holds the id of a row that a query names."""

    table: Table[Any]
    column: str
    rows: Select[Any]


class Pack(Struct, frozen=True):
    """A column's values are stored packed in the rows that a query names; they are the same values."""

    rows: Select[Any]
    column: str
    dictionary: int
    """The version of that with which they are packed."""


class Unpack(Struct, frozen=True):
    """A column's values are stored as they travel again, in the rows that a query names."""

    rows: Select[Any]
    column: str


Write = Insert | Put | Update | Delete | DeleteReferring | Pack | Unpack


def insert(table: Table[Any], **values: Any) -> Insert:
    """A new row with these values."""
    return Insert(table, values)


def put(table: Table[Any], first: Values | None = None, **values: Any) -> Put:
    """A row with these values, new or changed; a new one is given `first` too."""
    return Put(table, values, first or {})


def update(rows: Select[Any], **values: Any) -> Update:
    """These values in those rows."""
    return Update(rows, values)


def delete(rows: Select[Any]) -> Delete:
    """Those rows go."""
    return Delete(rows)


def delete_referring(table: Table[Any], column: Column, rows: Select[Any]) -> DeleteReferring:
    """The rows of `table` go whose `column` refers to one of `rows`."""
    return DeleteReferring(table, column.python_name, rows)


def pack(rows: Select[Any], column: Column, dictionary: int) -> Pack:
    """The values of `column` in those rows are packed with a dictionary."""
    return Pack(rows, column.python_name, dictionary)


def unpack(rows: Select[Any], column: Column) -> Unpack:
    """The values of `column` in those rows are packed no more."""
    return Unpack(rows, column.python_name)


def given(event: Event, *without: str) -> dict[str, Any]:
    """The event's own fields by name, without its time, those left out (`UNSET`) and those named."""
    return {
        name: value
        for name, value in structs.asdict(event).items()
        if value is not UNSET and name != "at" and name not in without
    }


def apply_write(connection: apsw.Connection, write: Write) -> None:
    """Carries out a write."""
    match write:
        case Insert(table, values):
            connection.execute(_insert_sql(table, tuple(values)), _bound(table, values))
        case Put(table, values, first):
            row = {**first, **values}
            connection.execute(_put_sql(table, tuple(row), tuple(values)), _bound(table, row))
        case Update(rows, values):
            _update(connection, rows, values)
        case Delete(rows):
            conditions = Conditions(rows.table)
            sql = f"DELETE FROM {rows.table.table_name}{conditions.where(rows.query.where)}"
            connection.execute(sql, conditions.bindings)
        case DeleteReferring(table, column, rows):
            conditions = Conditions(rows.table)
            named = f"SELECT id FROM {rows.table.table_name}{conditions.where(rows.query.where)}"
            sql = f"DELETE FROM {table.table_name} WHERE {column} IN ({named})"
            connection.execute(sql, conditions.bindings)
        case Pack(rows, column, version):
            _store_anew(connection, rows, column, partial(packed, connection, version))
        case Unpack(rows, column):
            _store_anew(connection, rows, column, partial(unpacked, connection))


def _bound(table: Table[Any], values: Values) -> list[SqlValue]:
    columns = _columns(table, tuple(values))
    return [to_sql(column, value) for column, value in zip(columns, values.values(), strict=True)]


@lru_cache(maxsize=256)
def _columns(table: Table[Any], names: tuple[str, ...]) -> tuple[Column, ...]:
    return tuple(getattr(table, name) for name in names)


@lru_cache(maxsize=256)
def _insert_sql(table: Table[Any], names: tuple[str, ...]) -> str:
    places = ", ".join("?" * len(names))
    return f"INSERT INTO {table.table_name} ({', '.join(names)}) VALUES ({places}) ON CONFLICT DO NOTHING"


@lru_cache(maxsize=256)
def _put_sql(table: Table[Any], names: tuple[str, ...], changed: tuple[str, ...]) -> str:
    places = ", ".join("?" * len(names))
    changes = ", ".join(f"{name} = excluded.{name}" for name in changed if name != "id")
    return (
        f"INSERT INTO {table.table_name} ({', '.join(names)}) VALUES ({places})"
        f" ON CONFLICT (id) DO UPDATE SET {changes}"
    )


def _update(connection: apsw.Connection, rows: Select[Any], values: Values) -> None:
    assignments: list[str] = []
    bindings: list[SqlValue] = []
    for name, value in values.items():
        if isinstance(value, Increment):
            assignments.append(f"{name} = {value.column} + ?")
            bindings.append(value.amount)
        else:
            assignments.append(f"{name} = ?")
            bindings.append(to_sql(getattr(rows.table, name), value))
    conditions = Conditions(rows.table)
    where = conditions.where(rows.query.where)
    sql = f"UPDATE {rows.table.table_name} SET {', '.join(assignments)}{where}"
    connection.execute(sql, bindings + conditions.bindings)


def _store_anew(
    connection: apsw.Connection, rows: Select[Any], column: str, form: Callable[[bytes], bytes]
) -> None:
    """Gives stored values another form, one after the other, as together they may be large."""
    table = rows.table.table_name
    conditions = Conditions(rows.table)
    ids = f"SELECT id FROM {table}{conditions.where(rows.query.where)}"
    for (row_id,) in connection.execute(ids, conditions.bindings).fetchall():
        stored = connection.execute(f"SELECT {column} FROM {table} WHERE id = ?", (row_id,)).get
        if (formed := form(stored)) != stored:
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE id = ?", (formed, row_id))
