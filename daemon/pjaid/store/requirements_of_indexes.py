"""Owns what must hold before an event of an index is recorded, so that rows and indexes say the same.

An index is made and dropped in the transaction that records it, so these look whether it is there.
"""

from __future__ import annotations

from typing import Any

import apsw

from pjai_wire.columns import Column
from pjai_wire.errors import AlreadyExists, Conflict, InvalidQuery, InvalidValue
from pjai_wire.events import v1
from pjai_wire.index_names import index_name
from pjai_wire.tables import STATE, Table, table_named
from pjaid.store.conditions import COMPARABLE


def indexed_columns(table: Table[Any], names: tuple[str, ...]) -> tuple[Column, ...]:
    """The columns of an index, in its order.

    Raises:
        RequestError: the table has none of a name, or they make no index.
    """
    if table not in STATE:
        raise InvalidQuery(f"{table.table_name} is not made from the log", hint="it is small")
    columns = tuple(table.column(name) for name in names)
    if len(set(names)) < len(names):
        raise InvalidQuery("an index has each column once")
    for column in columns:
        if column.kind not in COMPARABLE:
            raise InvalidQuery(f"{column.name} is a {column.kind} and has no order")
    return columns


def may_be_proposed(connection: apsw.Connection, event: v1.IndexProposed) -> str | None:
    """It is an index of the contract's columns, by its own name, and not there or proposed yet."""
    table = table_named(event.of_table)
    name = index_name(table, indexed_columns(table, event.on_columns))
    if event.id != name:
        raise InvalidValue("IndexProposed.id is not the name of such an index", hint=f"it is {name}")
    if _state(connection, event.id) in ("proposed", "created"):
        raise AlreadyExists("this index is proposed or created", hint="look into the table indexes")
    return None


def is_proposed(connection: apsw.Connection, event: v1.IndexCreated | v1.IndexRejected) -> str | None:
    """The index waits to be made."""
    _require(connection, event.id, "proposed")
    return None


def is_created(connection: apsw.Connection, event: v1.IndexMeasured | v1.IndexDropped) -> str | None:
    """The index is in use."""
    _require(connection, event.id, "created")
    return None


def is_built(connection: apsw.Connection, event: v1.IndexCreated) -> str | None:
    """The database has it."""
    if not has_index(connection, event.id):
        raise Conflict("there is no such index in the database", hint="ask index_create to make it")
    return None


def is_gone(connection: apsw.Connection, event: v1.IndexDropped) -> str | None:
    """The database has it no longer."""
    if has_index(connection, event.id):
        raise Conflict("the index is still in the database", hint="ask index_drop to drop it")
    return None


def has_index(connection: apsw.Connection, name: str) -> bool:
    """Whether the database has an index of a name."""
    sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND name = ?"
    return bool(connection.execute(sql, (name,)).get)


def _require(connection: apsw.Connection, index_id: str, wanted: str) -> None:
    if (state := _state(connection, index_id)) != wanted:
        raise Conflict(f"the index is {state}, and not {wanted}", hint="look into the table indexes")


def _state(connection: apsw.Connection, index_id: str) -> str | None:
    state: str | None = connection.execute("SELECT state FROM indexes WHERE id = ?", (index_id,)).get
    return state
