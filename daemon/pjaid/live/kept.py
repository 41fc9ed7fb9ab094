"""Owns what the ways to keep a result have in common (pure)."""

from __future__ import annotations

from typing import Any, Protocol

from msgspec import Raw

from pjai_wire.changes import Change
from pjaid.live.difference import Result
from pjaid.live.search_plan import SearchPlan
from pjaid.store.changed import RowChange
from pjaid.store.statements import Statement


class NotKept(Exception):
    """The result can't be followed by what is known: it must be read anew."""


class Kept(Protocol):
    """A result, and how it follows changed rows."""

    reads_stored: bool
    """Whether it reads rows as they are stored, or else as they travel."""
    is_shown_meanwhile: bool
    """Whether what it read last is shown, with the state of that reading, until the next has come."""

    @property
    def is_exact(self) -> bool:
        """Whether `take` tells each change of the rows that are asked for; else two results are compared."""

    @property
    def lacks_rows(self) -> bool:
        """Whether rows that are asked for are not known: `Refilled.refilling` reads them."""

    @property
    def bytes_kept(self) -> int:
        """What the rows take together, encoded."""

    def loading(self) -> Statement | SearchPlan:
        """What to read in order to begin anew."""

    def digest(self, rows: Any) -> Any:
        """What `load` takes of what was read, rows or hits; in whatever thread has read them."""

    def load(self, digested: Any) -> None:
        """Begins anew.

        Raises:
            NotKept: the result is not one that can be kept.
        """

    def shown(self) -> Result:
        """The rows that are asked for."""

    def take(self, change: RowChange) -> list[Change[Raw]]:
        """Follows a changed row.

        Raises:
            NotKept: what the result becomes can't be told; nothing is to be believed until `load`.
        """
