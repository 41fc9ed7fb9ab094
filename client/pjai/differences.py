"""Owns what differs between one result of a live query and the next, in decoded rows (pure)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

from msgspec import Raw, Struct

from pjai_wire import changes as wire

T = TypeVar("T")


class Inserted(Struct, Generic[T], frozen=True):
    """A row came to stand at a position."""

    position: int
    row: T


class Updated(Struct, Generic[T], frozen=True):
    """The row at a position changed."""

    position: int
    row: T
    before: T


class Moved(Struct, Generic[T], frozen=True):
    """The row at a position was taken out and put in again at another, perhaps changed."""

    position: int
    to: int
    """Where it stands once it was taken out and put in."""
    row: T
    before: T


class Deleted(Struct, Generic[T], frozen=True):
    """The row at a position left."""

    position: int
    row: T


class Reset(Struct, Generic[T], frozen=True):
    """The whole result is another: the first one, one after a loss, or that of another query."""

    rows: list[T]


Change = Inserted[T] | Updated[T] | Moved[T] | Deleted[T] | Reset[T]


class Difference(Struct, Generic[T], frozen=True):
    """What differs from the result before."""

    seq: int
    """The state that the result now shows."""
    changes: tuple[Change[T], ...]
    """In order: each position is one in the list as the changes before it have left it."""

    def applied_to(self, rows: Iterable[T]) -> list[T]:
        """The result after this difference, as a new list.

        Args:
            rows: the result before it.
        """
        after = list(rows)
        for change in self.changes:
            _apply(change, after)
        return after


def applied(
    rows: Sequence[T], changes: Iterable[wire.Change[Raw]], decode: Callable[[Raw], T]
) -> tuple[list[T], tuple[Change[T], ...]]:
    """The result after what the daemon published, and the same changes in decoded rows.

    Args:
        rows: the result before.
        changes: the difference as it travels; an update to an equal row is left out.
        decode: makes a row of an encoded one.

    Raises:
        IndexError: the changes are not about `rows`.
    """
    after = list(rows)
    decoded: list[Change[T]] = []
    for encoded in changes:
        change = _decoded(encoded, after, decode)
        _apply(change, after)
        if not (isinstance(change, Updated) and change.row == change.before):
            decoded.append(change)
    return after, tuple(decoded)


def _decoded(change: wire.Change[Raw], rows: list[T], decode: Callable[[Raw], T]) -> Change[T]:
    match change:
        case wire.Insert(position, row):
            return Inserted(position, decode(row))
        case wire.Update(position, row):
            return Updated(position, decode(row), rows[position])
        case wire.Move(position, to, row):
            return Moved(position, to, decode(row), rows[position])
        case wire.Delete(position):
            return Deleted(position, rows[position])


def _apply(change: Change[T], rows: list[T]) -> None:
    match change:
        case Inserted(position, row):
            _insert(rows, position, row)
        case Updated(position, row, _):
            rows[position] = row
        case Moved(position, to, row, _):
            del rows[position]
            _insert(rows, to, row)
        case Deleted(position, _):
            del rows[position]
        case Reset(whole):
            rows[:] = whole


def _insert(rows: list[T], position: int, row: T) -> None:
    # A list would take any position past its end for its end.
    if position > len(rows):
        raise IndexError(position)
    rows.insert(position, row)
