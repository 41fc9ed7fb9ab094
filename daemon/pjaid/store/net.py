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
        row = change.after if change.before is None else change.before
        assert row is not None
        key = change.table, row[0]
        earlier = merged.get(key)
        merged[key] = change if earlier is None else RowChange(change.table, earlier.before, change.after)
    return tuple([change for change in merged.values() if change.before != change.after])
