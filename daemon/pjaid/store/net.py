"""Owns the merging of changes: all that happened to a row becomes one change of it (pure)."""

from __future__ import annotations

from collections.abc import Iterable

from pjaid.store.changed import RowChange
from pjaid.store.values import SqlValue


def net_changes(changes: Iterable[RowChange]) -> tuple[RowChange, ...]:
    """One change for each row that is not what it was, in the order in which they first changed.

    A row is known by its id, which stands first in it and never changes.
    """
    merged: dict[tuple[str, SqlValue], RowChange] = {}
    for change in changes:
        table, before, after = change
        row = after if before is None else before
        assert row is not None
        key = table, row[0]
        earlier = merged.get(key)
        merged[key] = change if earlier is None else RowChange(table, earlier.before, after)
    return tuple([change for change in merged.values() if change.before != change.after])
