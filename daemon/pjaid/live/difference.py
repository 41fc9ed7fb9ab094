"""Owns the difference between two results: a short list of changes that makes the one of the other (pure)."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Sequence

from msgspec import Raw, Struct

from pjai_wire.changes import Change, Delete, Insert, Move, Update
from pjai_wire.codec import encode
from pjai_wire.envelope import Row

REORDERINGS_MAX = 200
"""Rows that come or move in one difference; past it the whole result is the better message."""


class Result(Struct, frozen=True):
    """A live query's rows: in order, each with the key that tells it from the others."""

    keys: list[Hashable]
    rows: list[bytes]
    """Each row, encoded as it travels."""


def result_of(key: Sequence[int] | None, rows: Sequence[Row]) -> Result:
    """The result that some rows are.

    Args:
        key: which of their columns tell a row from the others; None where none do.
        rows: in order.
    """
    encoded = [encode(row) for row in rows]
    if key is not None:
        return Result([tuple(row[index] for index in key) for row in rows], encoded)
    # Without an id a row is told from its likes by its content and how many like it came before.
    seen: Counter[bytes] = Counter()
    keys: list[Hashable] = []
    for content in encoded:
        keys.append((content, seen[content]))
        seen[content] += 1
    return Result(keys, encoded)


def difference(before: Result, after: Result) -> list[Change[Raw]] | None:
    """The changes that make `after` of `before`, or None where the whole result is the shorter message.

    Rows that stay in order among themselves are left standing; as many as possible are (a longest
    increasing subsequence of their old positions).
    """
    if before.rows == after.rows:
        return []
    if before.keys == after.keys:
        changes = _updates(before, after, range(len(after.keys)))
        return changes if _shorter(changes, after) else None
    old_position = {key: position for position, key in enumerate(before.keys)}
    kept = {key for key in after.keys if key in old_position}
    standing = _longest_increasing([(old_position[key], key) for key in after.keys if key in kept])
    if len(after.keys) - len(standing) > REORDERINGS_MAX:
        return None
    changes = _deletions(before.keys, kept)
    list_now = [key for key in before.keys if key in kept]
    changes += _arrivals(list_now, before, after, old_position, standing)
    stood = [position for position, key in enumerate(after.keys) if key in standing]
    changes += _updates(before, after, stood, old_position)
    return changes if _shorter(changes, after) else None


def _shorter(changes: Sequence[Change[Raw]], after: Result) -> bool:
    carried = sum(10 + (0 if isinstance(change, Delete) else len(bytes(change.row))) for change in changes)
    return carried <= sum(map(len, after.rows)) + 10


def _updates(
    before: Result,
    after: Result,
    positions: Sequence[int],
    old_position: dict[Hashable, int] | None = None,
) -> list[Change[Raw]]:
    changes: list[Change[Raw]] = []
    for position in positions:
        old = position if old_position is None else old_position[after.keys[position]]
        if before.rows[old] != after.rows[position]:
            changes.append(Update(position, Raw(after.rows[position])))
    return changes


def _deletions(keys: Sequence[Hashable], kept: set[Hashable]) -> list[Change[Raw]]:
    """From the end, so that each position is the one in the old list."""
    return [Delete(position) for position in range(len(keys) - 1, -1, -1) if keys[position] not in kept]


def _arrivals(
    list_now: list[Hashable],
    before: Result,
    after: Result,
    old_position: dict[Hashable, int],
    standing: set[Hashable],
) -> list[Change[Raw]]:
    """Puts each row that is new, or moved, behind the one that it follows."""
    changes: list[Change[Raw]] = []
    previous: Hashable | None = None
    for key, row in zip(after.keys, after.rows, strict=True):
        if key not in standing:
            moved_from = list_now.index(key) if key in old_position else None
            if moved_from is not None:
                del list_now[moved_from]
            to = list_now.index(previous) + 1 if previous is not None else 0
            list_now.insert(to, key)
            carried = Raw(row)
            changes.append(Insert(to, carried) if moved_from is None else Move(moved_from, to, carried))
        previous = key
    return changes


def _longest_increasing(items: Sequence[tuple[int, Hashable]]) -> set[Hashable]:
    """The keys of a longest subsequence whose numbers increase (patience sorting, with links back)."""
    tops: list[int] = []
    top_index: list[int] = []
    link: list[int | None] = []
    for index, (number, _) in enumerate(items):
        pile = bisect_left(tops, number)
        link.append(top_index[pile - 1] if pile else None)
        tops[pile : pile + 1] = [number]
        top_index[pile : pile + 1] = [index]
    chosen: set[Hashable] = set()
    at = top_index[-1] if top_index else None
    while at is not None:
        chosen.add(items[at][1])
        at = link[at]
    return chosen
