"""Owns a view that follows SQLite: commits are told late and reads come late, in whatever order."""

from __future__ import annotations

from collections import deque
from typing import Any

from msgspec import Raw

from pjai_wire.changes import apply_changes
from pjai_wire.codec import encode
from pjai_wire.query import Query
from pjaid.live.kept import NotKept
from pjaid.live.plan import plan
from pjaid.live.view import Advance, Need, View
from pjaid.store.changed import RowChange
from pjaid.store.reads import run
from pjaid.store.statements import Statement
from tests.daemon.live.making import PLENTY, Drop, Put, Reference


class Following:
    """A view, and what somebody holds who was told of each of its advances.

    Args:
        sqlite: what is true.
        query: of the view.
    """

    def __init__(self, sqlite: Reference, query: Query) -> None:
        planned = plan(query)
        self.view = View(planned)
        self.seq = 0
        """The state that SQLite has."""
        self.told = 0
        self.held: list[bytes] | None = None
        self.advances: list[Advance] = []
        self._sqlite = sqlite
        self._statement = planned.statement
        self._untold: deque[tuple[int, tuple[RowChange, ...] | None]] = deque()
        self._read: tuple[int, Any] | None = None
        self.right = {0: sqlite.encoded(self._statement)}
        """What SQLite finds in each state."""

    def commit(self, step: Put | Drop, *, is_lost: bool = False) -> None:
        """Changes rows, of which the view is yet to be told."""
        changes = self._sqlite.play(step)
        self.seq += 1
        self.right[self.seq] = self._sqlite.encoded(self._statement)
        self._untold.append((self.seq, None if is_lost else changes))

    def tell(self) -> None:
        """Tells the view of the oldest commit that it was not told of."""
        if self._untold:
            self.told, changes = self._untold.popleft()
            if changes is None:
                self.view.lose(self.told)
            else:
                self.view.take(self.told, changes)
            self.view.catch_up(self.told)
            self.look()

    def begin(self) -> None:
        """Reads what the view needs, whose taking is for `finish`."""
        if self.view.need is not Need.NOTHING and not self.view.is_reading:
            reading = self.view.begin_reading()
            connection = self._sqlite.connection
            assert isinstance(reading.asked, Statement)
            stored = reading.reads_stored
            rows = self._sqlite.raw(reading.asked) if stored else run(connection, reading.asked, PLENTY).rows
            self._read = (self.seq, self.view.digest(rows))

    def finish(self) -> None:
        """Takes what was read."""
        if self._read is not None:
            (seq, digested), self._read = self._read, None
            try:
                self.view.finish_reading(seq, digested, self.told)
            except NotKept:
                self.view.demote("too large")
            self.look()

    def fail(self) -> None:
        """Nothing could be read."""
        if self._read is not None:
            self._read = None
            self.view.fail_reading()

    def come_to_rest(self) -> None:
        """Does whatever is to be done."""
        while self._untold or self._read is not None or self.view.need is not Need.NOTHING:
            self.finish()
            self.tell()
            self.begin()

    def look(self) -> None:
        """Compares what is held with what is right."""
        advance = self.view.advanced()
        if not self.view.is_told:
            assert advance is None
            return
        if self.held is None:
            assert advance is None
            self.held = self.view.shown().rows
        if advance is not None:
            self.advances.append(advance)
            self.held = applied(self.view, self.held, advance)
            assert self.held == self.right[advance.seq]
        shown = max(self.view.seq, self.told) if self.view.is_current else self.view.seq
        assert self.held == self.view.shown().rows == self.right[shown]


def applied(view: View, held: list[bytes], advance: Advance) -> list[bytes]:
    """What is held after an advance."""
    if advance.changes is None:
        return view.shown().rows
    return apply_changes(held, advance.changes, _content)


def _content(row: Raw) -> bytes:
    return bytes(row)


def answer(*values: object) -> bytes:
    """A row as it travels."""
    return encode(list(values))
