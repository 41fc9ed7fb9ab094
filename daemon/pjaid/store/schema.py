"""Owns the database's schema: state tables derived from the contract, the event log, and the indexes."""

from __future__ import annotations

from typing import Any

import apsw

from pjai_wire import tables
from pjai_wire.columns import Column, Kind
from pjai_wire.ids import new_id
from pjai_wire.tables import Table
from pjaid.errors import EX_DATAERR, StartError
from pjaid.store import vectors
from pjaid.store.local import COUNTER
from pjaid.store.words import keeping

SCHEMA_VERSION = 7
"""Counted up whenever the state tables change, or what materializers make of the log: `upgrade` then makes
the state anew. A program refuses the files of a later one."""

APPLICATION_ID = 0x504A4169
"""`PJAi` in ASCII, as `file` and SQLite's own tools look for it."""

_SQL_TYPES: dict[Kind, str] = {
    "text": "TEXT",
    "integer": "INTEGER",
    "real": "REAL",
    "boolean": "INTEGER",
    "list": "BLOB",
    "document": "BLOB",
    "vector": "BLOB",
    "binary": "BLOB",
}

LOG = """
CREATE TABLE origins (
    id INTEGER PRIMARY KEY,
    client TEXT NOT NULL,
    session TEXT NOT NULL,
    device TEXT NOT NULL,
    UNIQUE (client, session, device)
) STRICT;
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    commit_id TEXT NOT NULL,
    name TEXT NOT NULL,
    args BLOB,
    args_hash BLOB NOT NULL,
    recorded_at INTEGER NOT NULL,
    origin INTEGER NOT NULL REFERENCES origins (id),
    persona_id TEXT,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX events_by_persona ON events (persona_id);
"""

INDEXES = """
CREATE UNIQUE INDEX personas_by_name ON personas (name);
CREATE INDEX personas_by_use ON personas (is_active, last_used_at);
CREATE INDEX memories_by_type ON memories (persona_id, type, importance);
CREATE INDEX memories_by_importance ON memories (persona_id, importance, deleted_at, pinned, memory_tier);
CREATE INDEX memories_by_content ON memories (content_hash) WHERE content_hash IS NOT NULL;
CREATE INDEX memories_by_deletion ON memories (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX memories_by_thread ON memories (persona_id, thread_of(metadata), created_at, id)
    WHERE type = 'conversation' AND deleted_at IS NULL;
CREATE INDEX memories_to_pack ON memories (id) WHERE memory_tier <> 'hot' AND compression_dictionary IS NULL;
CREATE INDEX memory_links_by_from ON memory_links (from_id);
CREATE INDEX memory_links_by_to ON memory_links (to_id);
CREATE INDEX conversations_by_age ON conversations (persona_id, created_at);
CREATE INDEX conversations_by_session ON conversations (session_id);
CREATE INDEX messages_by_position ON messages (conversation_id, position);
CREATE INDEX workflows_by_persona ON workflows (persona_id);
CREATE UNIQUE INDEX dictionaries_by_version ON dictionaries (version);
"""
"""Of the state tables; each serves a query of the product's, and together they stay small. They are few, as
each makes a commit of a memory by a tenth longer: tiers are told apart within a range of importance."""


def stored_columns(table: Table[Any]) -> tuple[Column, ...]:
    """The columns that the database holds, which are all but the gathered ones."""
    return tuple(column for column in table.columns if column.kind != "gathered")


def _create_table(table: Table[Any], *, where: str = "") -> str:
    columns = [
        f'"{column.python_name}" {_SQL_TYPES[column.kind]}'
        + ("" if column.nullable else " NOT NULL")
        + (" PRIMARY KEY" if column.name == "id" else "")
        for column in stored_columns(table)
    ]
    return f"CREATE TABLE {where} {table.table_name} ({', '.join(columns)}) STRICT;"


STATE = "\n".join(_create_table(table) for table in tables.STATE) + INDEXES

LOCAL = f"""
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;
{"".join(_create_table(table, where="IF NOT EXISTS") for table in tables.LOCAL)}
CREATE UNIQUE INDEX IF NOT EXISTS documents_by_name ON client_documents (client, name);
CREATE UNIQUE INDEX IF NOT EXISTS metric_points_by_time ON metric_points (resolution, at);
"""
"""Run on the files of older programs too, which lack some of it."""

LASTING = ("origins", "events", "meta", *(table.table_name for table in tables.LOCAL))
"""Tables that nothing could make again; all others come from the log."""

DERIVED = vectors.DERIVED
"""Tables that are made of the state, apart from the indexes of words, which follow it row by row."""


def create_state(connection: apsw.Connection) -> None:
    """Makes the state tables, empty, and those that are derived from them."""
    connection.execute(STATE)
    connection.execute(vectors.SCHEMA)


def drop_state(connection: apsw.Connection) -> None:
    """Drops every table that is made from the log, with its indexes, whichever program made it."""
    lasting = ", ".join("?" * len(LASTING))
    # Tables that a virtual one keeps its data in go with it.
    sql = (
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type <> 'shadow'"
        f" AND name NOT LIKE 'sqlite~_%' ESCAPE '~' AND name NOT IN ({lasting})"
    )
    for (name,) in connection.execute(sql, LASTING).fetchall():
        connection.execute(f'DROP TABLE IF EXISTS "{name}"')


def clear_state(connection: apsw.Connection) -> None:
    """Empties the state tables, and those that are derived from them."""
    for name in DERIVED:
        connection.execute(f"DELETE FROM {name}")
    for table in tables.STATE:
        connection.execute(f"DELETE FROM {table.table_name}")


def prepare(connection: apsw.Connection, store_id: str) -> None:
    """Makes the schema in a new file, and checks that an old one is ours; `upgrade` brings it up to date.

    Raises:
        StartError: a newer program made the file, or it is not PJai's.
    """
    version = connection.pragma("user_version")
    application = connection.pragma("application_id")
    if version > SCHEMA_VERSION:
        raise StartError(
            f"the database has schema version {version}, and this program knows {SCHEMA_VERSION} at most",
            hint='a newer PJai wrote it: pip install --upgrade "pjai[daemon]"',
            exit_code=EX_DATAERR,
        )
    if version and application == APPLICATION_ID:
        return
    if connection.execute("SELECT count(*) FROM sqlite_schema").get:
        raise StartError("the database file is not PJai's", hint="set data_dir", exit_code=EX_DATAERR)
    with connection:
        connection.execute(LOG + LOCAL)
        create_state(connection)
        keeping.make(connection)
        connection.executemany(
            "INSERT INTO meta VALUES (?, ?)",
            [("store_id", store_id), ("device", new_id()), (COUNTER, 0)],
        )
        connection.pragma("user_version", SCHEMA_VERSION)
        connection.pragma("application_id", APPLICATION_ID)
