"""Owns what a commit changed: rows as they were before, and as they are after it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from pjai_wire.tables import Table
from pjaid.store.schema import stored_columns
from pjaid.store.values import SqlValue

Row = tuple[SqlValue, ...]
"""The stored values of a row, in the order of `schema.stored_columns`."""


class RowChange(NamedTuple):
    """A row that came, changed or left."""

    table: str
    before: Row | None
    """None where the row is new."""
    after: Row | None
    """None where it is gone."""


@cache
def positions(table: Table[Any]) -> Mapping[str, int]:
    """Where in a row each column stands, by its name on the wire."""
    return {column.name: position for position, column in enumerate(stored_columns(table))}
