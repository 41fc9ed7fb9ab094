"""Owns what a commit changed: rows as they were before, and as they are after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

from msgspec import Struct

from pjai_wire.tables import Table
from pjaid.store.schema import stored_columns
from pjaid.store.values import SqlValue

Row = tuple[SqlValue, ...]
"""The stored values of a row, in the order of `schema.stored_columns`."""

_SIZED = (str, bytes)

T = TypeVar("T")


class RowChange(Struct, frozen=True):
    """A row that came, changed or left."""

    table: str
    before: Row | None
    """None where the row is new."""
    after: Row | None
    """None where it is gone."""
    made: dict[tuple[Callable[[Row], Any], int], Any] = {}
    """What was made of its rows, for those who follow it later."""

    def once(self, make: Callable[[Row], T], row: Row) -> T:
        """What `make` makes of one of its rows; equal views share what makes it, so that it is made once."""
        key = make, id(row)
        made: T | None = self.made.get(key)
        if made is None:
            made = self.made[key] = make(row)
        return made


def row_size(row: Row | None) -> int:
    """What the texts and documents of a row take; a row before shares with the one after it what stayed."""
    return sum([len(value) for value in row or () if isinstance(value, _SIZED)])


@cache
def positions(table: Table[Any]) -> Mapping[str, int]:
    """Where in a row each column stands, by its name on the wire."""
    return {column.name: position for position, column in enumerate(stored_columns(table))}
