"""Owns what is searched by words: which tables, which columns, and how much a word counts in each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from pjai_wire.columns import Column
from pjai_wire.errors import UnknownTable
from pjai_wire.tables import Table, conversations, memories, messages, workflows

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


def indexed(table: str) -> Indexed:
    """What is indexed of a table.

    Raises:
        UnknownTable: nothing is.
    """
    try:
        return INDEXED[table]
    except KeyError:
        raise UnknownTable.near(f"{table} is not searched", table, INDEXED) from None
