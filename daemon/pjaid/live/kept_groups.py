"""Owns the groups of a query and their aggregates, kept up to date from changed rows alone (pure)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from operator import itemgetter
from typing import Any

from msgspec import Raw, Struct

from pjai_wire.changes import Change
from pjai_wire.query import Query
from pjai_wire.tables import table_named
from pjaid.live.difference import Result
from pjaid.live.kept import NotKept
from pjaid.live.order import Key, Term, row_key
from pjaid.live.predicate import predicate
from pjaid.live.projection import projection
from pjaid.live.window import Window
from pjaid.store.changed import Row, RowChange, positions
from pjaid.store.group_state import GroupState, compile_group_state
from pjaid.store.statements import Statement
from pjaid.store.values import SqlValue

GROUPS_MAX = 10_000

INTEGER_END = 2**63
"""Where SQLite's integers end: past it a sum is an error or a float, depending on the order of its rows."""


class _Summary(Struct):
    """Of the values that one column has in one group."""

    count: int = 0
    total: int = 0
    magnitude: int = 0
    """The sum of the absolute values: below `INTEGER_END` no order of adding overflows."""
    smallest: Any = None
    largest: Any = None

    def add(self, value: Any, *, is_summed: bool) -> None:
        """Counts one value in."""
        if value is None:
            return
        self.count += 1
        if is_summed:
            self.total += value
            self.magnitude += abs(value)
            if self.magnitude >= INTEGER_END:
                raise NotKept
        if self.count == 1:
            self.smallest = self.largest = value
        elif value < self.smallest:
            self.smallest = value
        elif value > self.largest:
            self.largest = value

    def remove(self, value: Any, *, is_summed: bool) -> None:
        """Counts one value out."""
        if value is None:
            return
        self.count -= 1
        if is_summed:
            self.total -= value
            self.magnitude -= abs(value)
        if not self.count:
            self.smallest = self.largest = None
        elif value in (self.smallest, self.largest):
            raise NotKept


class _Group(Struct):
    rows: int
    summaries: list[_Summary]


class KeptGroups:
    """Every group of a query, and the window of those that are asked for.

    Args:
        query: about groups; found valid.
        statement: what it was compiled to.
    """

    reads_stored = True
    is_shown_meanwhile = False
    lacks_rows = False
    is_exact = False

    def __init__(self, query: Query, statement: Statement) -> None:
        table = table_named(query.table)
        places = positions(table)
        self._state: GroupState = compile_group_state(query, limit=GROUPS_MAX + 1)
        self._grouped = [places[name] for name in query.group_by]
        self._columns = [places[column.name] for column in self._state.columns]
        self._are_summed = [column.kind == "integer" for column in self._state.columns]
        self._meets = predicate(table, query.where)
        summary_of = {column.name: index for index, column in enumerate(self._state.columns)}
        self._aggregates = [
            _aggregate(function, summary_of.get(argument)) for function, argument in query.aggregates.values()
        ]
        names = statement.columns
        ordered = [(names.index(name), direction) for name, direction in query.order_by]
        ordered += [(position, "asc") for position in range(len(self._grouped))]
        self._key = row_key(
            tuple([Term(position, statement.kinds[position], way) for position, way in ordered])
        )
        self._encoded = projection(tuple(enumerate(statement.kinds)))
        self._is_whole = not query.group_by
        self._groups: dict[tuple[SqlValue, ...], _Group] = {}
        self._identity: Callable[[Key], Hashable] = lambda key: key[len(query.order_by) :]
        self._asked = slice(query.offset, query.offset + query.limit)
        self._window = Window(query.offset + query.limit)

    @property
    def bytes_kept(self) -> int:
        """What the answers of all groups take, encoded."""
        return self._window.bytes_kept

    def loading(self) -> Statement:
        """What to read in order to begin anew."""
        return self._state.statement

    def digest(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Groups that were read, ready to be taken."""
        return rows

    def load(self, rows: Sequence[Row]) -> None:
        """Begins anew with what `loading` found.

        Raises:
            NotKept: there are too many groups.
        """
        if len(rows) > GROUPS_MAX:
            raise NotKept
        width = len(self._grouped)
        self._groups = {row[:width]: _group(row[width:]) for row in rows}
        answers = sorted(
            ((self._key(row), self._encoded(row)) for row in map(self._answer, self._groups)),
            key=itemgetter(0),
        )
        self._window.hold_all([key for key, _ in answers], [row for _, row in answers])

    def shown(self) -> Result:
        """The groups that are asked for."""
        keys = self._window.keys[self._asked]
        return Result(list(map(self._identity, keys)), self._window.rows[self._asked])

    def take(self, change: RowChange) -> list[Change[Raw]]:
        """Follows a changed row; what became of the groups is for a comparison to find.

        Raises:
            NotKept: what an aggregate becomes can't be told; nothing is to be believed until `load`.
        """
        old = self._group_of(change.before)
        new = self._group_of(change.after)
        if old == new:
            if old is not None:
                self._regroup(old, added=change.after, removed=change.before)
            return []
        if new is not None:
            self._regroup(new, added=change.after)
        if old is not None:
            self._regroup(old, removed=change.before)
        return []

    def _group_of(self, row: Row | None) -> tuple[SqlValue, ...] | None:
        if row is None or not self._meets(row):
            return None
        return tuple([row[position] for position in self._grouped])

    def _regroup(
        self, values: tuple[SqlValue, ...], *, added: Row | None = None, removed: Row | None = None
    ) -> None:
        """Counts a row into a group, one out of it, or both."""
        group = self._groups.get(values)
        before = None if group is None else self._answer(values)
        if group is None:
            if len(self._groups) >= GROUPS_MAX:
                raise NotKept
            group = self._groups[values] = _Group(0, [_Summary() for _ in self._columns])
        group.rows += (added is not None) - (removed is not None)
        for position, is_summed, summary in zip(
            self._columns, self._are_summed, group.summaries, strict=True
        ):
            _exchange(
                summary,
                added=None if added is None else added[position],
                removed=None if removed is None else removed[position],
                is_summed=is_summed,
            )
        if not group.rows and not self._is_whole:
            del self._groups[values]
        after = self._answer(values) if values in self._groups else None
        self._window.replace(
            None if before is None else self._key(before),
            None if after is None else self._key(after),
            b"" if after is None else self._encoded(after),
        )

    def _answer(self, values: tuple[SqlValue, ...]) -> Row:
        """The row that answers for a group."""
        group = self._groups[values]
        return (*values, *[aggregate(group) for aggregate in self._aggregates])


def _exchange(summary: _Summary, *, added: Any, removed: Any, is_summed: bool) -> None:
    """Counts a value in and another out; first in, as it may be the next extreme."""
    if added == removed:
        return
    summary.add(added, is_summed=is_summed)
    summary.remove(removed, is_summed=is_summed)


def _group(state: Iterable[Any]) -> _Group:
    """A group as it was read: its rows, then five values for each column."""
    rows, *values = state
    summaries = [
        _Summary(values[at], values[at + 1] or 0, values[at + 2] or 0, values[at + 3], values[at + 4])
        for at in range(0, len(values), 5)
    ]
    return _Group(rows, summaries)


def _aggregate(function: str, column: int | None) -> Callable[[_Group], SqlValue]:
    """What computes an aggregate, over a column or, where it is None, over whole rows."""
    if column is None:
        return lambda group: group.rows
    match function:
        case "count":
            return lambda group: group.summaries[column].count
        case "sum":
            return lambda group: group.summaries[column].total if group.summaries[column].count else None
        case "avg":
            return lambda group: _mean(group.summaries[column])
        case "min":
            return lambda group: group.summaries[column].smallest
        case _:
            return lambda group: group.summaries[column].largest


def _mean(summary: _Summary) -> float | None:
    """As SQLite computes it: both as floats, then divided."""
    return float(summary.total) / float(summary.count) if summary.count else None
