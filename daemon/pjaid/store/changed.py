"""Owns what a commit changed: rows as they were before, and as they are after it."""

from __future__ import annotations

from typing import NamedTuple

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
