"""Owns the merging of changes: all that happened to a row becomes one change of it (pure)."""

from __future__ import annotations

from collections.abc import Iterable

from pjaid.store.changed import Row, RowChange
from pjaid.store.values import SqlValue


def net_changes(changes: Iterable[RowChange]) -> tuple[RowChange, ...]:
    """One change for each row that is not what it was, in the order in which they first changed.

    A row is known by its id, which stands first in it and never changes.
    """
    first: dict[tuple[str, SqlValue], RowChange] = {}
    last: dict[tuple[str, SqlValue], Row | None] = {}
    for change in changes:
        table, before, after = change
        row = after if before is None else before
        assert row is not None
        key = table, row[0]
        first.setdefault(key, change)
        last[key] = after
    return tuple(
        change if change.after is last[key] else change._replace(after=last[key])
        for key, change in first.items()
        if change.before != last[key]
    )
