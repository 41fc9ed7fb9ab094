"""Owns the capture of changed rows, as SQLite changes them on the writer's connection."""

from __future__ import annotations

from collections.abc import Container, Iterator
from contextlib import contextmanager
from typing import Any

import apsw

from pjai_wire.tables import TABLES
from pjaid.store.changed import Row, RowChange, positions, row_size
from pjaid.store.dictionaries import plain
from pjaid.store.net import net_changes
from pjaid.store.packing import Damaged, is_packed
from pjaid.store.values import PACKED
from pjaid.store.vector_shards import SHARDS, described, shard_and_row
from pjaid.store.vectors import VECTORS

_CAPTURED = frozenset((*TABLES, VECTORS))
"""Those of the contract, and vectors; what else there is has nobody who follows its rows."""

_PACKED_AT = {name: positions(TABLES[name])[column] for name, column in PACKED.items()}

CHANGES_MAX = 100_000
CHANGES_BYTES_MAX = 64 * 2**20
"""Changes that are kept, and about what their rows take; of a transaction with more no single one is told."""

SHARDS_KNOWN_MAX = 10_000
"""Shards that are remembered from one transaction to the next."""


class Capture:
    """What was changed on a connection since this was emptied.

    SQLite tells of a change when it makes it, and not when it takes it back: who rolls back to a savepoint
    calls `back_to` with the mark of that moment. Should telling fail, the change stands, and its statement
    raises the error: the caller rolls back, so that nothing is ever changed and not told.

    Args:
        connection: whose changes to capture.
    """

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._changes: list[RowChange] = []
        self._sizes: list[int] = []
        self._bytes = 0
        self._is_whole = True
        self._shards: dict[int, Row] = {}
        """Table, model and persona of shards, by number: of those that came or went, and of others met."""
        connection.preupdate_hook(self._note)

    def mark(self) -> int:
        """The present, for `back_to`."""
        return len(self._changes)

    def back_to(self, mark: int) -> None:
        """Forgets what was changed since a mark, because it was rolled back."""
        self._is_whole = self._is_whole or mark < len(self._changes)
        self._bytes -= sum(self._sizes[mark:])
        del self._changes[mark:], self._sizes[mark:]
        if not mark and len(self._shards) > SHARDS_KNOWN_MAX:
            self._shards.clear()

    def net(self) -> tuple[RowChange, ...] | None:
        """One change for each row that is not what it was, with nothing packed, and vectors with their owner.

        None where there were too many to keep, or where one has a value that is damaged.
        """
        if not self._is_whole:
            return None
        try:
            return self._told(net_changes(self._changes))
        except Damaged:
            return None

    def has_touched(self, tables: Container[str]) -> bool:
        """Whether rows of some tables were changed, though they may be what they were again."""
        return not self._is_whole or any(change.table in tables for change in self._changes)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Captures nothing in the block."""
        self._connection.preupdate_hook(None)
        try:
            yield
        finally:
            self._shards.clear()
            self._connection.preupdate_hook(self._note)

    def _told(self, changes: tuple[RowChange, ...]) -> tuple[RowChange, ...] | None:
        """The changes as others are told of them; None where what was packed would be too much.

        SQLite allows no reading while it tells of a change, so this can't be done at once.
        """
        told: list[RowChange] = []
        size = 0
        for change in changes:
            if change.table == VECTORS:
                told.append(self._owned(change))
                continue
            at = _PACKED_AT.get(change.table)
            if at is None:
                told.append(change)
                continue
            before, after = self._plain(change.before, at), self._plain(change.after, at)
            told.append(RowChange(change.table, before, after))
            size += row_size(before) + row_size(after)
            if size > CHANGES_BYTES_MAX:
                return None
        return tuple(told)

    def _plain(self, row: Row | None, at: int) -> Row | None:
        if row is None or not is_packed(stored := row[at]):
            return row
        return (*row[:at], plain(self._connection, stored), *row[at + 1 :])

    def _owned(self, change: RowChange) -> RowChange:
        """A changed vector with its table, model, persona and row in place of its id."""
        before, after = change.before, change.after
        stored = after if before is None else before
        assert stored is not None
        shard, row = shard_and_row(stored[0])  # type: ignore[arg-type] # as the schema has it
        whose = self._shards.get(shard)
        if whose is None:
            whose = self._shards[shard] = described(self._connection, shard)
        key = (*whose, row)
        return RowChange(VECTORS, before and (*key, before[1]), after and (*key, after[1]))

    def _note(self, update: apsw.PreUpdate) -> None:
        if (table := update.table_name) in _CAPTURED:
            if len(self._changes) == CHANGES_MAX or self._bytes >= CHANGES_BYTES_MAX:
                self._is_whole = False
                return
            before, changed = update.old, update.update
            after = update.new if before is None or changed is None else _updated(before, changed)
            self._changes.append(RowChange(table, before, after))
            self._sizes.append(size := row_size(before if after is None else after))
            self._bytes += size
        elif table == SHARDS:
            # One that goes can't be looked up any more, and one that was rolled back has left its number to
            # the next, which takes its place here: so whatever stands here is true while vectors name it.
            row = update.old or update.new or ()
            self._shards[row[0]] = row[1:]  # type: ignore[index] # as the schema has it


def _updated(before: Row, changed: tuple[Any, ...]) -> Row:
    """A row with new values where there are any; it shares the others, which may be large."""
    after = list(before)
    for position, value in enumerate(changed):
        if value is not apsw.no_change:
            after[position] = value
    return tuple(after)
