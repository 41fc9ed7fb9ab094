"""Owns the result of a watched search, which is run anew whenever something changed that it reads (pure)."""

from __future__ import annotations

from msgspec import Raw

from pjai_wire.changes import Change
from pjaid.live.difference import Result, result_of
from pjaid.live.kept import NotKept
from pjaid.live.search_plan import Found, SearchPlan
from pjaid.store.changed import RowChange

Digested = tuple[Result, Found]


class Searched:
    """What a search found last, and on what that depends.

    Args:
        plan: of the search.
    """

    reads_stored = False
    lacks_rows = False
    is_exact = False
    is_shown_meanwhile = True

    def __init__(self, plan: SearchPlan) -> None:
        self._plan = plan
        self._result = Result([], [])
        self.bytes_kept = 0
        self.found: Found | None = None
        """What was found last; None before the first time."""

    def loading(self) -> SearchPlan:
        """The search itself."""
        return self._plan

    def digest(self, found: Found) -> Digested:
        """The result that the search found."""
        return result_of(self._plan.key, found.rows), found

    def load(self, digested: Digested) -> None:
        """Shows a newer result."""
        self._result, self.found = digested
        self.bytes_kept = sum(map(len, self._result.rows))

    def shown(self) -> Result:
        """The hits, the best first."""
        return self._result

    def take(self, change: RowChange) -> list[Change[Raw]]:
        """Follows a changed row, which nobody would have told it of if it did not matter.

        Raises:
            NotKept: always.
        """
        raise NotKept
