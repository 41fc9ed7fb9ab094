"""Owns the order of rows: keys that compare as SQLite compares the rows that they are made of (pure)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, total_ordering
from typing import Any

from msgspec import Struct

from pjai_wire.columns import Kind
from pjai_wire.query import Direction
from pjaid.live.intervals import Interval
from pjaid.store.changed import Row
from pjaid.store.values import SqlValue

Key = tuple[Any, ...]
"""Of a row: smaller is earlier, and no two rows of one result have the same."""


ORDERS_KEPT_MAX = 256


class Term(Struct, frozen=True):
    """A column that rows are ordered by."""

    position: int
    """Of the column in the row."""
    kind: Kind
    direction: Direction


@total_ordering
class Descending:
    """A text that is the smaller the later it comes; numbers are negated instead."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Descending) and self.text == other.text

    def __lt__(self, other: Descending) -> bool:
        return self.text > other.text

    def __hash__(self) -> int:
        return hash(self.text)


@lru_cache(maxsize=ORDERS_KEPT_MAX)
def row_key(terms: tuple[Term, ...]) -> Callable[[Row], Key]:
    """What makes the key of a row; views of the same order share it.

    NULL is the smallest. Texts compare by code points, which is the order of their UTF-8 bytes.
    """
    parts = [(term.position, _part(term)) for term in terms]
    if len(parts) == 1:
        ((position, part),) = parts
        return lambda row: (part(row[position]),)
    return lambda row: tuple([part(row[position]) for position, part in parts])


def values_key(terms: Sequence[Term], values: Sequence[SqlValue]) -> Key:
    """The key of the place that a cursor names.

    Args:
        terms: the order.
        values: one for each term, as stored.
    """
    return tuple(_part(term)(value) for term, value in zip(terms, values, strict=True))


def key_values(terms: Sequence[Term], key: Key) -> tuple[SqlValue | bool, ...]:
    """The values that a cursor names the place of `key` with: the inverse of `values_key`."""
    return tuple(_value(term, part[1]) for term, part in zip(terms, key, strict=True))


def values_before(term: Term, key: Key) -> Interval | None:
    """Where the values of an order's first term lie up to the place of `key`, but for NULLs before it.

    None where NULL stands there itself.
    """
    _, part = key[0]
    if part is None:
        return None
    if term.direction == "asc":
        return Interval(None, part)
    return Interval(part.text if isinstance(part, Descending) else -part, None)


def _value(term: Term, part: Any) -> SqlValue | bool:
    if part is None:
        return None
    value = part.text if isinstance(part, Descending) else part if term.direction == "asc" else -part
    return bool(value) if term.kind == "boolean" else value


def _part(term: Term) -> Callable[[Any], object]:
    """What makes a key's part of a value: whether it is there, and then the value."""
    if term.direction == "asc":
        return lambda value: (value is not None, value)
    if term.kind == "text":
        return lambda value: (value is None, None if value is None else Descending(value))
    return lambda value: (value is None, None if value is None else -value)
