"""Owns the shards of vectors: which of them lie together in the file, and how that stands in a vector's id.

A shard is what a model made of a persona's rows of a table. Its number comes before the row's in a vector's
id: so the keys are whole numbers, which inner pages have room for, and a persona's vectors are one range.
"""

from __future__ import annotations

import apsw

SHARDS = "vector_shards"

ROW_BITS = 40
"""Of a vector's id, for the number of its row: no table comes to have so many."""

ROW_MAX = 2**ROW_BITS - 1

SHARD_MAX = 2 ** (63 - ROW_BITS) - 1
"""The greatest number of a shard that leaves an id positive: more than there will ever be."""

TABLE = f"""
CREATE TABLE {SHARDS} (
    id INTEGER PRIMARY KEY CHECK (id BETWEEN 1 AND {SHARD_MAX}),
    table_name TEXT NOT NULL,
    model INTEGER NOT NULL,
    persona_id TEXT NOT NULL,
    UNIQUE (table_name, persona_id, model)
) STRICT;
"""
"""By persona before model, as a row that leaves takes the vectors of all models with it."""


def shard_of(table: str, model: str, persona: str) -> str:
    """The SQL of a shard's number, of the SQL of what it is; NULL where there is none."""
    return (
        f"(SELECT id FROM {SHARDS} WHERE table_name = {table} AND model = {model} AND persona_id = {persona})"
    )


def vector_id(shard: str, row: str) -> str:
    """The SQL of a vector's id, of the SQL of its shard's number and of its row's."""
    return f"({shard} << {ROW_BITS} | {row})"


def ids_of(shard: str) -> str:
    """The SQL of between which ids the vectors in a shard are, of the SQL of its number."""
    return f"{vector_id(shard, '0')} AND {vector_id(shard, str(ROW_MAX))}"


def has_vectors(shard: str) -> str:
    """The SQL of whether there are vectors in a shard, of the SQL of its number."""
    return f"EXISTS (SELECT 1 FROM vectors WHERE id BETWEEN {ids_of(shard)})"


def shard_and_row(vector: int) -> tuple[int, int]:
    """What a vector's id consists of."""
    return vector >> ROW_BITS, vector & ROW_MAX


def found_shard(connection: apsw.Connection, table: str, model: int, persona_id: str) -> int | None:
    """A shard's number; None where there is none, and so no vector in it."""
    number: int | None = connection.execute(_FOUND, (table, model, persona_id)).get
    return number


def made_shard(connection: apsw.Connection, table: str, model: int, persona_id: str) -> int:
    """A shard's number, inside a transaction; it is made where there is none."""
    number = found_shard(connection, table, model, persona_id)
    if number is not None:
        return number
    connection.execute(_MADE, (table, model, persona_id))
    return connection.last_insert_rowid()


def described(connection: apsw.Connection, shard: int) -> tuple[str, int, str]:
    """A shard's table, model and persona; it is there."""
    sql = f"SELECT table_name, model, persona_id FROM {SHARDS} WHERE id = ?"
    found: tuple[str, int, str] = connection.execute(sql, (shard,)).fetchone()  # type: ignore[assignment] # as the schema has it
    return found


_FOUND = f"SELECT {shard_of('?', '?', '?')}"
_MADE = f"INSERT INTO {SHARDS} (table_name, model, persona_id) VALUES (?, ?, ?)"

REMOVE_EMPTY = f"""
    DELETE FROM {SHARDS} WHERE id < (SELECT max(id) FROM {SHARDS}) AND NOT {has_vectors(f"{SHARDS}.id")};"""
"""Run when a persona or a model goes, which is enough: each that is there has a few shards at most, and fills
them again. The newest stays: SQLite numbers a new one past the greatest that there is, and no number may come
twice, as it is what tells changes of one transaction apart."""
