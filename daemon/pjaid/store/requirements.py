"""Owns what must hold before an event is recorded, so that a recorded event always applies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import apsw
from msgspec import UNSET

from pjai_wire import tables
from pjai_wire.errors import AlreadyExists, Conflict, InvalidValue, NotFound
from pjai_wire.events import Event
from pjai_wire.tables import Table
from pjaid.store.packing import Dictionary

Requirement = Callable[[apsw.Connection, Any], str | None]
"""Checks an event against the state; returns the persona that the event concerns, where it knows."""

_OWNERS: dict[str, str] = {
    "personas": "id",
    "memories": "persona_id",
    "conversations": "persona_id",
    "workflows": "persona_id",
    "warnings": "persona_id",
    "memory_links": "(SELECT persona_id FROM memories WHERE memories.id = memory_links.from_id)",
}
"""How to tell the persona that a row belongs to."""


def exists(table: Table[Any], field: str = "id") -> Requirement:
    """The row that the event's `field` names is there; a field left empty names none."""
    alive = " AND deleted_at IS NULL" if table.has("deletedAt") else ""
    owner = _OWNERS.get(table.table_name, "NULL")
    sql = f"SELECT {owner} FROM {table.table_name} WHERE id = ?{alive}"

    def check(connection: apsw.Connection, event: Event) -> str | None:
        row_id = getattr(event, field)
        if row_id is None:
            return None
        found = connection.execute(sql, (row_id,)).fetchone()
        if found is None:
            raise NotFound(
                f"{table.table_name} has no such row: {type(event).__name__}.{_wire(field)}",
                hint="create it first, or earlier in the same commit",
            )
        persona: str | None = found[0]
        return persona

    return check


def absent(table: Table[Any]) -> Requirement:
    """No row has the event's id."""
    sql = f"SELECT 1 FROM {table.table_name} WHERE id = ?"

    def check(connection: apsw.Connection, event: Any) -> str | None:
        if connection.execute(sql, (event.id,)).fetchone() is not None:
            raise AlreadyExists(
                f"{table.table_name} has a row with this id: {type(event).__name__}.id", hint="use a new id"
            )
        return event.id if table is tables.personas else None

    return check


def name_free(connection: apsw.Connection, event: Any) -> str | None:
    """No other persona has the name."""
    if event.name is not UNSET:
        sql = "SELECT 1 FROM personas WHERE name = ? AND id != ?"
        if connection.execute(sql, (event.name, event.id)).fetchone() is not None:
            raise AlreadyExists("another persona has this name", hint="choose another name")
    return None


def of_one_persona(connection: apsw.Connection, event: Any) -> str | None:
    """A link joins two memories of one persona."""
    if event.from_id == event.to_id:
        raise InvalidValue("a memory is not linked to itself", hint="fromId and toId must differ")
    sql = "SELECT count(DISTINCT persona_id) FROM memories WHERE id IN (?, ?)"
    if connection.execute(sql, (event.from_id, event.to_id)).get != 1:
        raise InvalidValue("the memories belong to different personas", hint="link those of one persona")
    return None


def not_linked(connection: apsw.Connection, event: Any) -> str | None:
    """No link of this kind joins the memories yet in this direction."""
    sql = "SELECT 1 FROM memory_links WHERE from_id = ? AND to_id = ? AND kind = ?"
    if connection.execute(sql, (event.from_id, event.to_id, event.kind)).fetchone() is not None:
        raise AlreadyExists("the memories are linked so already", hint="use another kind")
    return None


def version_follows(connection: apsw.Connection, event: Any) -> str | None:
    """The version that an update makes is the one after the row's."""
    sql = "SELECT version FROM memories WHERE id = ?"
    current = connection.execute(sql, (event.id,)).get
    if event.version != current + 1:
        raise Conflict(
            f"the memory is at version {current}, and the update makes version {event.version}",
            hint="read the memory again, and make the change to what it is now",
        )
    return None


def all_of_persona(condition: str, *fields: str) -> Requirement:
    """Every memory that an event names is of the persona that its id names, and is as it says.

    Args:
        condition: of SQL, with a `?` for each of the fields.
        fields: of the event.
    """

    def check(connection: apsw.Connection, event: Any) -> str | None:
        ids = set(event.ids)
        # With a plus, as SQLite would else look at all that the persona has, rather than at many ids.
        sql = (
            f"SELECT count(*) FROM memories WHERE id IN ({', '.join('?' * len(ids))})"
            f" AND +persona_id = ? AND {condition}"
        )
        values = (getattr(event, field) for field in fields)
        if connection.execute(sql, (*ids, event.id, *values)).get != len(ids):
            raise Conflict(
                f"{type(event).__name__}.ids has memories of which it does not hold",
                hint="they may have changed: read them again",
            )
        persona: str = event.id
        return persona

    return check


def untouched(connection: apsw.Connection, event: Any) -> str | None:
    """The conversation was not touched since the instant that the event names, where it names one."""
    sql = "SELECT 1 FROM conversations WHERE id = ? AND updated_at >= ?"
    if event.before is not None and connection.execute(sql, (event.id, event.before)).fetchone():
        raise Conflict("the conversation was touched since", hint="read it again")
    return None


def dictionary_new(connection: apsw.Connection, event: Any) -> str | None:
    """The data are a dictionary, and the version is not taken."""
    sql = "SELECT 1 FROM dictionaries WHERE version = ?"
    if connection.execute(sql, (event.version,)).fetchone() is not None:
        raise Conflict("a dictionary has this version", hint="read the last one's again, and take the next")
    try:
        Dictionary(event.version, event.data).check()
    except ValueError as problem:
        raise InvalidValue(f"DictionaryTrained.data is {problem}", hint="train it with Zstandard") from None
    return None


def dictionary_known(connection: apsw.Connection, event: Any) -> str | None:
    """There is a dictionary of the version that the event names."""
    sql = "SELECT 1 FROM dictionaries WHERE version = ?"
    if connection.execute(sql, (event.dictionary,)).fetchone() is None:
        raise NotFound("no dictionary has this version", hint="train it first")
    return None


def _wire(python_name: str) -> str:
    first, *rest = python_name.split("_")
    return first + "".join(word.capitalize() for word in rest)
