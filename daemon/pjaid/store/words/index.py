"""Owns the index of words: an FTS5 table beside each table that is searched, which triggers keep.

What triggers write is written in the transaction of the row, so that what is committed is found. The index
holds words and where they stand, not the texts themselves. It is derived: `make` fills it from the rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import apsw
from msgspec import Struct

from pjai_wire.columns import Column
from pjai_wire.errors import UnknownTable
from pjai_wire.tables import Table, conversations, memories, messages, workflows

TOKENIZER = "porter unicode61 remove_diacritics 2"

PERSONA = "persona"
"""The index's first column: one word that stands for the persona, and weighs nothing."""

PERSONA_OF_MESSAGE = "(SELECT persona_id FROM conversations WHERE id = {row}.conversation_id)"


class Indexed(Struct, frozen=True, eq=False):
    """What a search by words reads of a table."""

    table: Table[Any]
    weighted: tuple[tuple[Column, float], ...]
    """Its columns that are searched, and how much a word counts in each."""
    persona: str = "{row}.persona_id"
    """SQL for the persona of a row."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """Its columns that are searched."""
        return tuple(column for column, _ in self.weighted)

    @property
    def name(self) -> str:
        """The name of its index."""
        return f"{self.table.table_name}_words"

    @property
    def can_be_deleted(self) -> bool:
        """Whether rows stay that are deleted; the index does not have them."""
        return self.table.has("deletedAt")


_INDEXED = (
    Indexed(
        memories,
        (
            (memories.name, 2.0),
            (memories.summary, 1.5),
            (memories.tags, 2.0),
            (memories.content, 1.0),
        ),
    ),
    Indexed(messages, ((messages.content, 1.0),), persona=PERSONA_OF_MESSAGE),
    Indexed(conversations, ((conversations.summary, 1.0), (conversations.topics, 1.0))),
    Indexed(workflows, ((workflows.name, 2.0), (workflows.description, 1.0), (workflows.tags, 2.0))),
)
INDEXED: Mapping[str, Indexed] = {one.table.table_name: one for one in _INDEXED}
"""By the name of the table."""


_OF_TURNS: Mapping[str, frozenset[str]] = {
    "memories": frozenset({"type", "metadata", "createdAt"}),
    "messages": frozenset({"conversationId", "position"}),
}
"""What tells which rows are neighbours."""

COLUMNS_READ: Mapping[str, frozenset[str]] = {
    name: frozenset(column.name for column in one.columns)
    | {column for column in ("personaId", "deletedAt") if one.table.has(column)}
    | _OF_TURNS.get(name, frozenset())
    for name, one in INDEXED.items()
}
"""By table the columns on which it depends what a search by words finds, beside those of its filter."""


def indexed(table: str) -> Indexed:
    """What is indexed of a table.

    Raises:
        UnknownTable: nothing is.
    """
    try:
        return INDEXED[table]
    except KeyError:
        raise UnknownTable.near(f"{table} is not searched", table, INDEXED) from None


def make(connection: apsw.Connection) -> None:
    """Makes the index of each table, filled from its rows, and the triggers that keep it."""
    for one in _INDEXED:
        columns = ", ".join(_columns(one))
        weights = ", ".join(map(str, (0.0, *(weight for _, weight in one.weighted))))
        connection.execute(
            f"CREATE VIRTUAL TABLE {one.name} USING fts5"
            f"({columns}, content='', contentless_delete=1, tokenize='{TOKENIZER}')"
        )
        connection.execute(f"INSERT INTO {one.name} ({one.name}, rank) VALUES ('rank', 'bm25({weights})')")
        table = one.table.table_name
        alive = " WHERE deleted_at IS NULL" if one.can_be_deleted else ""
        connection.execute(f"{_insert(one)} SELECT {_values(one, table)} FROM {table}{alive}")
        connection.execute(_triggers(one))


def remove(connection: apsw.Connection) -> None:
    """Removes the index of each table, and the triggers."""
    for one in _INDEXED:
        for what in _TRIGGERS:
            connection.execute(f"DROP TRIGGER IF EXISTS {one.name}_{what}")
        connection.execute(f"DROP TABLE IF EXISTS {one.name}")


_TRIGGERS = ("comes", "changes", "leaves")


def _triggers(one: Indexed) -> str:
    table = one.table.table_name
    names = [column.python_name for column in one.columns]
    differs = [_differs(column) for column in one.columns]
    alive = ""
    if one.can_be_deleted:
        names.append("deleted_at")
        differs.insert(0, "old.deleted_at IS NOT new.deleted_at")
        alive = " WHERE new.deleted_at IS NULL"
    if one.table.has("personaId"):
        names.append("persona_id")
        differs.insert(0, "old.persona_id IS NOT new.persona_id")
    come = f"{_insert(one)} SELECT {_values(one, 'new')}{alive};"
    leave = f"DELETE FROM {one.name} WHERE rowid = old.rowid;"
    return f"""
CREATE TRIGGER {one.name}_comes AFTER INSERT ON {table} BEGIN {come} END;
CREATE TRIGGER {one.name}_changes AFTER UPDATE OF {", ".join(names)} ON {table}
WHEN {" OR ".join(differs)} BEGIN {leave} {come} END;
CREATE TRIGGER {one.name}_leaves AFTER DELETE ON {table} BEGIN {leave} END;
"""


def _columns(one: Indexed) -> list[str]:
    return [PERSONA, *(column.python_name for column in one.columns)]


def _insert(one: Indexed) -> str:
    return f"INSERT INTO {one.name} (rowid, {', '.join(_columns(one))})"


def _values(one: Indexed, row: str) -> str:
    texts = (f"searchable({row}.{column.python_name})" for column in one.columns)
    return ", ".join((f"{row}.rowid", f"persona_word({one.persona.format(row=row)})", *texts))


def _differs(column: Column) -> str:
    """That a row's text is another, however it is stored."""
    name = column.python_name
    if column.kind == "document":
        return f"is_other_document(old.{name}, new.{name})"
    return f"old.{name} IS NOT new.{name}"
