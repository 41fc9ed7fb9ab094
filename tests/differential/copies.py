"""Owns what clients hold: the result of a live query, the rows of a feed, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from msgspec import UNSET, Raw, Struct

from pjai_wire.changes import apply_changes
from pjai_wire.codec import Decoder, encode
from pjai_wire.envelope import LiveUpdate
from pjai_wire.feed import FeedUpdate, RowDeleted, RowInserted
from pjai_wire.pulse import Pulse

_update = Decoder(LiveUpdate)
_feed_update = Decoder(FeedUpdate)
_pulse = Decoder(Pulse)
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
    is_begun: bool
    """Whether it has had a message, so that the pulse speaks of it."""
    is_local: bool
    """Whether its table is of this machine alone, with states of its own."""
    shown: list[Shown]
    """What was shown since somebody last looked."""

    def hear(self, message: bytes) -> None:
        """Takes an update."""

    def reach(self, seq: int) -> None:
        """Takes what a pulse says: that all is right at a state."""

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
        is_local: as of a `Copy`.
    """

    def __init__(self, about: int, seq: int, rows: list[bytes], *, is_local: bool = False) -> None:
        self.about = about
        self.is_local = is_local
        self.is_heard = self.is_begun = False
        self.is_behind = False
        """Whether an update was too large to be sent, so that a client asks for the whole result."""
        self.shown: list[Shown] = []
        self.begin(seq, rows)

    def begin(self, seq: int, rows: list[bytes]) -> None:
        """Takes a snapshot."""
        self.seq = self._told = seq
        self.rows = list(rows)
        self.is_behind = False
        self.shown.append(Shown(seq, self.rows))

    def hear(self, message: bytes) -> None:
        """Takes an update.

        Raises:
            Wrong: it does not fit what is held.
        """
        update = _update.decode(message)
        self.is_begun = True
        self.is_behind = self.is_behind or (update.changes == () and update.prev == update.seq > self._told)
        if self.is_behind:
            return
        _require_next(self._told, update.prev, update.seq)
        if update.rows is not UNSET:
            self.rows = [bytes(row) for row in update.rows]
        elif update.changes is not UNSET:
            copied: Callable[[Raw], bytes] = bytes
            try:
                self.rows = apply_changes(self.rows, update.changes, copied)
            except IndexError as error:
                raise Wrong(f"changes beyond the rows: {update.changes}") from error
        self._told = update.seq
        self.seq = _later(self.seq, update)
        self.shown.append(Shown(self.seq, self.rows))

    def reach(self, seq: int) -> None:
        """As `Copy.reach`."""
        if not self.is_behind and seq > self.seq:
            self.seq = seq
            self.shown.append(Shown(seq, self.rows))


class FeedCopy:
    """Rows that are kept as a feed tells of them.

    Args:
        about: which of the history's questions asks for the same rows.
        seq: of the feed's beginning.
        rows: the rows of that state.
        may_lose: whether changes may be dropped, which the next update then shows.
        is_local: as of a `Copy`.
    """

    def __init__(
        self, about: int, seq: int, rows: list[bytes], *, may_lose: bool, is_local: bool = False
    ) -> None:
        self.about = about
        self.is_local = is_local
        self.seq = self._told = seq
        self.is_heard = self.is_begun = False
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
        self.is_begun = True
        self.is_lost = self.is_lost or (self._may_lose and update.prev > self._told)
        if self.is_lost:
            return
        _require_next(self._told, update.prev, update.seq)
        for change in update.changes:
            row_id = change.id if isinstance(change, RowDeleted) else _id_of(bytes(change.row))
            if (row_id in self._by_id) == isinstance(change, RowInserted):
                raise Wrong(f"{type(change).__name__} of {row_id}")
            if isinstance(change, RowDeleted):
                del self._by_id[row_id]
            else:
                self._by_id[row_id] = bytes(change.row)
        if update.changes and update.seq == self._told:
            return  # One part of what changed; the copy shows no state before the last.
        self._told = update.seq
        self.seq = _later(self.seq, update)
        self.shown.append(Shown(self.seq, self.rows))

    def reach(self, seq: int) -> None:
        """As `Copy.reach`."""
        if not self.is_lost and seq > self.seq:
            self.seq = seq
            self.shown.append(Shown(seq, self.rows))


def hear_pulse(copies: Mapping[str, Copy], message: bytes) -> None:
    """A client takes what its pulse says of all its copies, by topic.

    Raises:
        Wrong: it does not fit what is heard.
    """
    pulse = _pulse.decode(message)
    begun = [topic for topic, copy in copies.items() if copy.is_begun]
    if pulse.ended or len(begun) > pulse.open:
        raise Wrong(f"{len(begun)} topics are heard, and {pulse} came")
    for topic in begun:
        seq = pulse.local_seq if copies[topic].is_local else pulse.seq
        if seq is not UNSET and topic not in pulse.behind:
            copies[topic].reach(seq)


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


def _later(seq: int, update: LiveUpdate | FeedUpdate) -> int:
    """The state after an update: one with changes must lead beyond what a pulse said."""
    if update.changes and update.seq <= seq:
        raise Wrong(f"an update leads to {update.seq}, and a pulse said that all was right at {seq}")
    return max(seq, update.seq)


def _id_of(row: bytes) -> str:
    return str(_row.decode(row)[0])
