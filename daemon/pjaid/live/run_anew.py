"""Owns the result of a query that is run anew whenever a row that it reads has changed (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Any

from msgspec import Raw

from pjai_wire.changes import Change
from pjai_wire.codec import encode
from pjai_wire.envelope import Row
from pjaid.live.difference import Result
from pjaid.live.kept import NotKept
from pjaid.live.plan import Plan
from pjaid.store.changed import RowChange
from pjaid.store.statements import Statement


class RunAnew:
    """A result that only SQLite can tell.

    Args:
        plan: of the query.
    """

    reads_stored = False
    lacks_rows = False
    is_exact = False
    is_shown_meanwhile = True

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._result = Result([], [])
        self.bytes_kept = 0

    def loading(self) -> Statement:
        """The query itself."""
        return self._plan.statement

    def digest(self, rows: Sequence[tuple[Any, ...]]) -> Result:
        """The result that the query found."""
        return Result(_keys(self._plan.statement, rows), [encode(row) for row in rows])

    def load(self, result: Result) -> None:
        """Shows a newer result."""
        self._result = result
        self.bytes_kept = sum(map(len, result.rows))

    def shown(self) -> Result:
        """The rows that are asked for."""
        return self._result

    def take(self, change: RowChange) -> list[Change[Raw]]:
        """Follows a changed row, if nothing that the query reads has changed.

        Raises:
            NotKept: something has.
        """
        if self._plan.footprint.concerns(change):
            raise NotKept
        return []


def _keys(statement: Statement, rows: Sequence[Row]) -> list[Hashable]:
    if statement.key is not None:
        return [tuple(row[index] for index in statement.key) for row in rows]
    # Without an id a row is told from its likes by its content and how many like it came before.
    seen: Counter[bytes] = Counter()
    keys: list[Hashable] = []
    for row in rows:
        content = encode(row)
        keys.append((content, seen[content]))
        seen[content] += 1
    return keys
