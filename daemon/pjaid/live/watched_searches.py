"""Owns the watched searches: one dependent for all over a table tells those that a commit concerns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pjai_wire.ids import now_ms
from pjai_wire.tables import Table, memory_links
from pjaid.live.awaiting import Awaiting
from pjaid.live.concerns import Concerns
from pjaid.live.dependents import Dependents
from pjaid.live.footprint import ANY_ROW
from pjaid.live.search_plan import Found, SearchPlan
from pjaid.live.watched import Watched
from pjaid.store.changed import RowChange
from pjaid.store.vectors import VECTORS
from pjaid.store.writer import Committed

DAY_MS = 24 * 3600 * 1000


def today() -> int:
    """The number of the day since the epoch, UTC."""
    return now_ms() // DAY_MS


class WatchedSearches:
    """Tells watched searches of commits.

    Args:
        dependents: tells of all commits.
    """

    def __init__(self, dependents: Dependents) -> None:
        self._dependents = dependents
        self._over: dict[str, _Over] = {}
        self.awaiting = Awaiting(dependents)

    def add(self, watched: Watched, plan: SearchPlan) -> None:
        """Tells a search from now on."""
        name = plan.table.table_name
        if name not in self._over:
            over = self._over[name] = _Over(plan.table)
            for table_name in (name, VECTORS, memory_links.table_name):
                self._dependents.add(table_name, ANY_ROW, over)
        self._over[name].concerns.add(watched, plan)

    def running(self, watched: Watched) -> None:
        """A search is about to be run: whatever happens until it `ran` concerns it."""
        self._over[watched.view.plan.table.table_name].concerns.running(watched)

    def ran(self, watched: Watched, found: Found) -> None:
        """A search was run: what it found decides what concerns it from now on."""
        self._over[watched.view.plan.table.table_name].concerns.ran(watched, found)
        if found.awaits_embedder:
            self.awaiting.add(watched)
        else:
            self.awaiting.discard(watched)

    def remove(self, watched: Watched) -> None:
        """Tells a search no more."""
        self.awaiting.discard(watched)
        name = watched.view.plan.table.table_name
        self._over[name].concerns.remove(watched)
        if not self._over[name].concerns:
            self._dependents.remove(self._over.pop(name))


class _Over:
    """The searches over one table, as a dependent."""

    def __init__(self, table: Table[Any]) -> None:
        self.concerns: Final[Concerns[Watched]] = Concerns(table)
        self._day = today()

    def touched(self, committed: Committed, changes: Sequence[RowChange]) -> None:
        """Rows changed that can concern some."""
        concerned = dict.fromkeys(self.concerns.of(changes))
        if self._day != (day := today()):
            # Searches weigh how old a row is, in whole days.
            self._day = day
            concerned = dict.fromkeys(self.concerns)
        for watched in concerned:
            # One that is to be run at its next turn anyway will find these changes too.
            if not watched.is_due:
                watched.touched(committed, changes)

    def failed(self, error: Exception) -> None:
        """Nobody knows whom rows concern."""
        for watched in self.concerns:
            watched.failed(error)

    def lost(self, committed: Committed) -> None:
        """Any row may have changed."""
        for watched in self.concerns:
            watched.lost(committed)
