"""Owns the difference between two results of a live query, and how a client applies it.

Changes are applied in order; each position is one in the list as the changes before it have left it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Generic, TypeVar

from msgspec import Meta, Struct

RowT = TypeVar("RowT")

Position = Annotated[int, Meta(ge=0)]


class Insert(Struct, Generic[RowT], frozen=True, array_like=True, tag="insert"):
    """A row came to stand at a position."""

    position: Position
    row: RowT


class Update(Struct, Generic[RowT], frozen=True, array_like=True, tag="update"):
    """The row at a position changed."""

    position: Position
    row: RowT


class Move(Struct, Generic[RowT], frozen=True, array_like=True, tag="move"):
    """The row at a position was taken out and put in again at another, perhaps changed."""

    position: Position
    to: Position
    row: RowT


class Delete(Struct, frozen=True, array_like=True, tag="delete"):
    """The row at a position left."""

    position: Position


Change = Insert[RowT] | Update[RowT] | Move[RowT] | Delete

DecodedT = TypeVar("DecodedT")


def apply_changes(
    rows: Sequence[DecodedT], changes: Iterable[Change[RowT]], decode: Callable[[RowT], DecodedT]
) -> list[DecodedT]:
    """The result after `changes`, as a new list.

    Args:
        rows: the result before them.
        changes: the difference.
        decode: makes the row that the list holds of the row that a change carries.

    Raises:
        IndexError: the changes are not about `rows`.
    """
    after = list(rows)
    for change in changes:
        match change:
            case Insert(position, row):
                if position > len(after):
                    raise IndexError(position)
                after.insert(position, decode(row))
            case Update(position, row):
                after[position] = decode(row)
            case Move(position, to, row):
                del after[position]
                if to > len(after):
                    raise IndexError(to)
                after.insert(to, decode(row))
            case Delete(position):
                del after[position]
    return after
