"""Owns what clients hold: the result of a live query, the rows of a feed, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from msgspec import UNSET, Raw, Struct

from pjai_wire.changes import apply_changes
from pjai_wire.codec import Decoder, encode
from pjai_wire.envelope import LiveUpdate
from pjai_wire.feed import FeedUpdate, RowDeleted, RowInserted

_update = Decoder(LiveUpdate)
_feed_update = Decoder(FeedUpdate)
_row = Decoder(list[Any])


class Shown(Struct, frozen=True):
    """What a client takes for the result at a state."""

    seq: int
    rows: list[bytes]


class Copy(Protocol):
    """What a client holds of one topic."""

    about: int
    """Which of the history's questions it is the answer to."""
    seq: int
    is_heard: bool
    shown: list[Shown]
    """What was shown since somebody last looked."""

    def hear(self, message: bytes) -> None:
        """Takes an update."""

    @property
    def rows(self) -> list[bytes]:
        """What is held now."""


class Wrong(Exception):
    """An update does not fit what its client holds."""


class ResultCopy:
    """The result of a live query, as its updates make it.

    Args:
        about: which of the history's questions it answers.
        seq: of the snapshot.
        rows: of the snapshot.
    """

    def __init__(self, about: int, seq: int, rows: list[bytes]) -> None:
        self.about = about
        self.is_heard = False
        self.is_behind = False
        """Whether an update was too large to be sent, so that a client asks for the whole result."""
        self.shown: list[Shown] = []
        self.begin(seq, rows)

    def begin(self, seq: int, rows: list[bytes]) -> None:
        """Takes a snapshot."""
        self.seq, self.rows = seq, list(rows)
        self.is_behind = False
        self.shown.append(Shown(seq, self.rows))

    def hear(self, message: bytes) -> None:
        """Takes an update.

        Raises:
            Wrong: it does not fit what is held.
        """
        update = _update.decode(message)
        self.is_behind = self.is_behind or (update.changes == () and update.prev == update.seq > self.seq)
        if self.is_behind:
            return
        _require_next(self.seq, update.prev, update.seq)
        if update.rows is not UNSET:
            self.rows = [bytes(row) for row in update.rows]
        elif update.changes is not UNSET:
            copied: Callable[[Raw], bytes] = bytes
            try:
                self.rows = apply_changes(self.rows, update.changes, copied)
            except IndexError as error:
                raise Wrong(f"changes beyond the rows: {update.changes}") from error
        self.seq = update.seq
        self.shown.append(Shown(self.seq, self.rows))


class FeedCopy:
    """Rows that are kept as a feed tells of them.

    Args:
        about: which of the history's questions asks for the same rows.
        seq: of the feed's beginning.
        rows: the rows of that state.
        may_lose: whether changes may be dropped, which the next update then shows.
    """

    def __init__(self, about: int, seq: int, rows: list[bytes], *, may_lose: bool) -> None:
        self.about = about
        self.seq = seq
        self.is_heard = False
        self.is_lost = False
        """Whether changes were dropped, so that a client would read the table anew."""
        self._may_lose = may_lose
        self.shown: list[Shown] = []
        self._by_id = {_id_of(row): row for row in rows}

    @property
    def rows(self) -> list[bytes]:
        """The rows, by id."""
        return [self._by_id[row_id] for row_id in sorted(self._by_id)]

    def hear(self, message: bytes) -> None:
        """Takes an update.

        Raises:
            Wrong: it does not fit what is held.
        """
        update = _feed_update.decode(message)
        self.is_lost = self.is_lost or (self._may_lose and update.prev > self.seq)
        if self.is_lost:
            return
        _require_next(self.seq, update.prev, update.seq)
        for change in update.changes:
            row_id = change.id if isinstance(change, RowDeleted) else _id_of(bytes(change.row))
            if (row_id in self._by_id) == isinstance(change, RowInserted):
                raise Wrong(f"{type(change).__name__} of {row_id}")
            if isinstance(change, RowDeleted):
                del self._by_id[row_id]
            else:
                self._by_id[row_id] = bytes(change.row)
        if update.changes and update.seq == self.seq:
            return  # One part of what changed; the copy shows no state before the last.
        self.seq = update.seq
        self.shown.append(Shown(self.seq, self.rows))


def differences(copies: Mapping[str, Copy], truth: Sequence[Mapping[int, list[bytes]]]) -> str:
    """What was shown and is not so; nothing where all is right.

    Args:
        copies: by topic; what they have shown is looked at once.
        truth: of each question, what is right at each state that is known.
    """
    for copy in copies.values():
        shown, copy.shown = copy.shown, []
        for one in shown:
            right = truth[copy.about].get(one.seq)
            if right is not None and right != one.rows:
                return difference(copy, one.seq, right, one.rows)
    return ""


def difference(copy: Copy, seq: int, right: list[bytes], shown: list[bytes]) -> str:
    """What is right, and what was shown instead."""
    where = f"{type(copy).__name__} of question {copy.about} at seq {seq}"
    return f"{where}\nexpected {_readable(right)}\ngot      {_readable(shown)}"


def _readable(rows: list[bytes]) -> str:
    return "[" + ",\n          ".join(str(_row.decode(row)) for row in rows) + "]"


def encoded(rows: list[tuple[Any, ...]]) -> list[bytes]:
    """Rows, as they travel."""
    return [encode(row) for row in rows]


def _require_next(held: int, prev: int, seq: int) -> None:
    if prev != held:
        raise Wrong(f"an update leads from {prev}, and {held} is held")
    if seq < prev:
        raise Wrong(f"an update goes back from {prev} to {seq}")


def _id_of(row: bytes) -> str:
    return str(_row.decode(row)[0])
