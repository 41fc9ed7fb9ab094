"""Owns the reading of what a search has ranked: its rows, what else speaks for them, and their links."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import apsw
from msgspec import Struct, structs

from pjai_wire.envelope import Row
from pjai_wire.errors import InvalidValue, UnknownModel
from pjaid.store.reads import rows
from pjaid.store.statements import Statement, compile_rows
from pjaid.store.values import SqlValue
from pjaid.store.vector_shards import shard_of, vector_id
from pjaid.store.vectors import EMBEDDED
from pjaid.store.words.filters import Filter, condition
from pjaid.store.words.index import indexed
from pjaid.store.words.neighbours import listed

LINKS_MAX = 1_000
"""Links of the hits of one search that are followed, those that weigh most."""


class HitRows(Struct, frozen=True):
    """How rows of a search are read."""

    statement: Statement
    """Answers a row's number before its columns; its first value is the numbers that are asked for."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of a row's columns on the wire, without its number."""
        return self.statement.columns[1:]

    def read(self, connection: apsw.Connection, numbers: Iterable[int], bytes_max: int) -> dict[int, Row]:
        """Rows that are there and that the search may find, by their numbers.

        Raises:
            LimitExceeded: they are larger than `bytes_max`.
            StorageError: one of them is packed, and damaged.
        """
        statement = self.statement
        asked = structs.replace(statement, bindings=[listed(numbers), *statement.bindings])
        return {row[0]: row[1:] for row in rows(connection, asked, bytes_max)}


def compile_hits(table: str, select: Sequence[str], omit: Sequence[str], which: Filter) -> HitRows:
    """How rows of a search are read.

    Raises:
        RequestError: the columns are not those of the table.
    """
    fits, bindings = _condition(table, which)
    statement = compile_rows(indexed(table).table, select, omit, fits)
    return HitRows(structs.replace(statement, bindings=bindings))


def meeting(connection: apsw.Connection, table: str, which: Filter) -> list[int]:
    """The numbers of all rows that a filter lets through."""
    fits, bindings = _condition(table, which)
    return [row for (row,) in connection.execute(f"SELECT rowid FROM {table} WHERE {fits}", bindings)]


def values_of(
    connection: apsw.Connection, table: str, columns: Sequence[str], numbers: Iterable[int], which: Filter
) -> dict[int, Sequence[Any]]:
    """Some columns of those rows, by their numbers, that are there and that a filter lets through."""
    fits, bindings = _condition(table, which)
    sql = (
        f"SELECT {', '.join(('rowid', *columns))} FROM (SELECT value AS number FROM json_each(?))"
        f" CROSS JOIN {table} ON rowid = number WHERE {fits}"
    )
    return {row[0]: row[1:] for row in connection.execute(sql, (listed(numbers), *bindings))}


def numbers_of(connection: apsw.Connection, table: str, ids: Iterable[str]) -> dict[int, str]:
    """The ids of those rows that are there, by their numbers."""
    sql = f"SELECT rowid, id FROM {table} WHERE id IN (SELECT value FROM json_each(?))"
    return dict(connection.execute(sql, (json.dumps(list(ids)),)))


def links_of(connection: apsw.Connection, numbers: Iterable[int]) -> list[tuple[int, int, float]]:
    """What memories are linked with, either way: each memory's number, the other's, and the link's weight."""
    sql = """
    WITH hits AS (SELECT rowid AS row, id FROM memories WHERE rowid IN (SELECT value FROM json_each(?)))
    SELECT hits.row, other.rowid, link.weight FROM hits
        JOIN memory_links AS link ON link.from_id = hits.id JOIN memories AS other ON other.id = link.to_id
    UNION ALL
    SELECT hits.row, other.rowid, link.weight FROM hits
        JOIN memory_links AS link ON link.to_id = hits.id JOIN memories AS other ON other.id = link.from_id
    ORDER BY 3 DESC, 1, 2 LIMIT ?
    """
    return connection.execute(sql, (listed(numbers), LINKS_MAX)).fetchall()  # type: ignore[return-value] # as the schema has it


def vectors_of(
    connection: apsw.Connection, table: str, model: int, numbers: Iterable[int]
) -> dict[int, bytes]:
    """The vectors of those rows that have one, as they are stored: float16 of unit length."""
    shard = shard_of("?", "?", EMBEDDED[table].persona.format(row=table))
    sql = (
        f"SELECT number, (SELECT vector FROM vectors WHERE id = {vector_id(shard, 'number')})"
        f" FROM (SELECT value AS number FROM json_each(?)) CROSS JOIN {table} ON {table}.rowid = number"
    )
    found = connection.execute(sql, (table, model, listed(numbers)))
    return {row: vector for row, vector in found if vector is not None}


def check_model(connection: apsw.Connection, name: str, dimension: int) -> None:
    """Checks that there may be vectors of a model.

    Raises:
        UnknownModel: none of that name has made any.
        InvalidValue: it has other dimensions.
    """
    sql = "SELECT dimension FROM embedding_models WHERE name = ?"
    dimensions = [of_model for (of_model,) in connection.execute(sql, (name,))]
    if not dimensions:
        raise UnknownModel("there are no vectors of that model", hint="memories bring them, or an embedder")
    if dimension not in dimensions:
        has = " or ".join(map(str, dimensions))
        raise InvalidValue(f"vectors of that model have {has} dimensions, and not {dimension}")


def _condition(table: str, which: Filter) -> tuple[str, list[SqlValue]]:
    """The SQL of what a search may find, and its values."""
    one = indexed(table)
    fits, bindings = condition(one, which)
    return f"deleted_at IS NULL AND {fits}" if one.can_be_deleted else fits, bindings
