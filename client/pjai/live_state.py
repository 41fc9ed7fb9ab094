"""Owns what a live query holds and how an update moves it (pure)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from msgspec import UNSET, Raw, Struct
from msgspec.structs import replace

from pjai.differences import Change, Reset, applied
from pjai_wire.envelope import LiveUpdate
from pjai_wire.errors import InternalError

T = TypeVar("T")


class Held(Struct, Generic[T], frozen=True):
    """A result, and the seq of the state that it shows."""

    seq: int
    rows: list[T]
    """Never changed: each different result is another list, and an equal one is the same."""
    told: int
    """The state that its topic told last, from which the next update leads. A pulse moves `seq` alone."""


class Step(Struct, Generic[T], frozen=True):
    """What is held next, and how it differs from what was held before."""

    held: Held[T]
    changes: tuple[Change[T], ...] = ()


class Gap(Struct, frozen=True):
    """An update does not follow what is held: something between them was missed."""

    held: int
    prev: int
    seq: int


def follow(held: Held[T], update: LiveUpdate, decode: Callable[[Raw], T]) -> Step[T] | Gap:
    """The step that an update makes.

    An update that is older than what is held changes nothing. A whole result needs no predecessor; changes
    and ticks do.

    Args:
        held: what is held before it.
        update: what the topic published.
        decode: makes a row of an encoded one; raises InternalError where it cannot.
    """
    if update.seq <= held.told:
        return Step(held)
    gap = Gap(held=held.told, prev=update.prev, seq=update.seq)
    try:
        if update.rows is not UNSET:
            rows = [decode(row) for row in update.rows]
            return _stepped(held, update, rows, (Reset(rows),))
        if update.prev != held.told:
            return gap
        rows, changes = applied(held.rows, () if update.changes is UNSET else update.changes, decode)
    except (IndexError, InternalError):
        return gap
    return _stepped(held, update, rows, changes)


def replaced(held: Held[T], seq: int, rows: list[T]) -> Step[T]:
    """The step to `rows` as the whole result at `seq`, which may be of another time or another query."""
    return _step(held, Held(seq, rows, seq), (Reset(rows),))


def _stepped(held: Held[T], update: LiveUpdate, rows: list[T], changes: tuple[Change[T], ...]) -> Step[T]:
    return _step(held, Held(max(update.seq, held.seq), rows, update.seq), changes)


def _step(held: Held[T], after: Held[T], changes: tuple[Change[T], ...]) -> Step[T]:
    return Step(replace(after, rows=held.rows)) if after.rows == held.rows else Step(after, changes)
