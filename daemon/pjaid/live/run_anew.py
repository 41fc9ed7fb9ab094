"""Owns the result of a query that is run anew whenever a row that it reads has changed (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Raw

from pjai_wire.changes import Change
from pjaid.live.difference import Result, result_of
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
        return result_of(self._plan.statement.key, rows)

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
