"""Owns the rows of a query, kept up to date from changed rows alone (pure)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from msgspec import Raw
from msgspec.structs import replace

from pjai_wire.changes import Change
from pjai_wire.query import Query
from pjai_wire.tables import table_named
from pjaid.live.conjunctions import Horizon
from pjaid.live.difference import Result
from pjaid.live.order import Key, Term, key_values, row_key, values_before, values_key
from pjaid.live.predicate import predicate
from pjaid.live.projection import projection
from pjaid.live.window import Window
from pjaid.store.changed import Row, RowChange, positions
from pjaid.store.statements import Statement, compile_stored_rows, cursor_values, selected, total_order

Prepared = tuple[list[Key], list[bytes]]
"""Rows as the window takes them: their keys, and they themselves, encoded."""


class KeptRows:
    """The first rows of a query's result, and some beyond.

    Args:
        query: about rows, not groups; found valid.
    """

    reads_stored = True
    is_shown_meanwhile = False

    def __init__(self, query: Query) -> None:
        table = table_named(query.table)
        places = positions(table)
        order = total_order(table, query)
        answered = selected(table, query.select, query.omit)
        self._query = query
        self._needed = [*answered, *(column for column, _ in order)]
        self._terms = [Term(places[column.name], column.kind, direction) for column, direction in order]
        first, direction = order[0]
        self._begins_with_null = first.nullable and direction == "asc"
        self._key = row_key(tuple(self._terms))
        self._meets = predicate(table, query.where)
        self._encoded = projection(tuple((places[column.name], column.kind) for column in answered))
        self._cursor = (
            None if query.after is None else values_key(self._terms, cursor_values(order, query.after))
        )
        ids = [column.name for column, _ in order].index("id")
        self._identity: Callable[[Key], Hashable] = lambda key: key[ids]
        self._refilled_after: Key | None = None
        self._horizon: Horizon | None = None
        self._horizon_of: Key | None = None
        self._window = Window(query.offset + query.limit)
        self.is_exact = not query.offset and any(column.name == "id" for column in answered)

    @property
    def lacks_rows(self) -> bool:
        """Whether rows that are asked for lie beyond those that are known."""
        return self._window.lacks_rows

    @property
    def bytes_kept(self) -> int:
        """What all known rows take, encoded."""
        return self._window.bytes_kept

    @property
    def horizon(self) -> Horizon | None:
        """What the known rows have, and any that would stand among them; None where that is nothing."""
        bound = self._window.bound
        if bound is not self._horizon_of:
            self._horizon_of = bound
            self._horizon = None if bound is None or self._begins_with_null else self._up_to(bound)
        return self._horizon

    def loading(self) -> Statement:
        """What to read in order to begin anew."""
        return self._statement(limit=self._window.wanted)

    def digest(self, rows: Sequence[Row]) -> Prepared:
        """Rows that were read, ready to be taken."""
        return [self._key(row) for row in rows], [self._encoded(row) for row in rows]

    def load(self, prepared: Prepared) -> None:
        """Begins anew with what `loading` found."""
        self._window.fill(*prepared)

    def refilling(self) -> Statement:
        """What to read when the window lacks rows."""
        assert self._window.bound is not None
        self._refilled_after = self._window.bound
        beyond = key_values(self._terms, self._window.bound)
        return self._statement(limit=self._window.wanted, after=beyond)

    def refill(self, prepared: Prepared) -> list[Change[Raw]]:
        """Takes what `refilling` found; tells how that changed the rows that are asked for."""
        if self._window.bound != self._refilled_after:
            return []  # So many rows came meanwhile that the farthest were let go of.
        keys, rows = prepared
        return self._window.refill(keys, rows, is_more=len(keys) == self._window.wanted)

    def shown(self) -> Result:
        """The rows that are asked for."""
        asked = slice(self._query.offset, self._query.offset + self._query.limit)
        return Result(list(map(self._identity, self._window.keys[asked])), self._window.rows[asked])

    def take(self, change: RowChange) -> list[Change[Raw]]:
        """Follows a changed row; tells how that changed the rows that are asked for."""
        old = self._place(change, change.before)
        new = self._place(change, change.after)
        if not self._window.reaches(old) and not self._window.reaches(new):
            return []
        row = b"" if new is None or change.after is None else change.once(self._encoded, change.after)
        return self._window.replace(old, new, row)

    def _up_to(self, bound: Key) -> Horizon | None:
        interval = values_before(self._terms[0], bound)
        return None if interval is None else Horizon(self._terms[0].position, interval)

    def _place(self, change: RowChange, row: Row | None) -> Key | None:
        """The key of a row of a change, or None where it is not in the result."""
        if row is None or not self._meets(row):
            return None
        key = change.once(self._key, row)
        return key if self._cursor is None or key > self._cursor else None

    def _statement(self, **changed: Any) -> Statement:
        return compile_stored_rows(replace(self._query, offset=0, **changed), self._needed)
