"""Owns the names of the indexes that are made automatically, which tell them from those of the schema."""

from __future__ import annotations

from typing import Any

from pjai_wire.columns import Column
from pjai_wire.tables import Table

PREFIX = "auto_"
"""Of every index that may be dropped again."""


def index_name(table: Table[Any], columns: tuple[Column, ...]) -> str:
    """The name of the index of a table's columns: `auto_memories_by_persona_id_type`."""
    return f"{PREFIX}{table.table_name}_by_{'_'.join(column.python_name for column in columns)}"
