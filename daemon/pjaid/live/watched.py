"""Owns what is known of a view while it is watched: by whom, at which cost, and when it may be read again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import anyio

from pjaid.live.conjunctions import Horizon
from pjaid.live.plan import Plan
from pjaid.live.search_plan import SearchPlan
from pjaid.live.subscription import Subscription
from pjaid.live.view import Need, View
from pjaid.store.changed import RowChange
from pjaid.store.writer import Committed


class Watched:
    """A view, and whoever watches it.

    A commit may concern hundreds, none of which was looked at for long: so telling one reads little memory.

    Args:
        plan: of its query or search.
        on_touched: told whenever rows changed that can concern it.
        on_failed: told why it can't follow them.
    """

    __slots__ = (
        "_moved",
        "_news",
        "_on_failed",
        "_on_touched",
        "asked_for",
        "failure",
        "holders",
        "horizon",
        "is_of_the_log",
        "read_after",
        "seq",
        "spent_ns",
        "subscriptions",
        "view",
    )

    def __init__(
        self,
        plan: Plan | SearchPlan,
        on_touched: Callable[[Watched], None],
        on_failed: Callable[[Watched, Exception], None],
    ) -> None:
        self.view = View(plan)
        self.is_of_the_log: Final = not plan.table.is_local
        """Whether its states are those of the shared log, or else of the local tables."""
        self.subscriptions: dict[str, Subscription] = {}
        self.asked_for = 0
        """A number that grows each time that somebody comes to watch any view."""
        self.holders = 0
        """How many wait for it, perhaps in order to watch it."""
        self.horizon: Horizon | None = None
        """That of the view, when it was last said which rows concern it."""
        self.seq = 0
        """The state that subscribers were told of last, or are about to be."""
        self.read_after = 0.0
        """Before which it is not read again, on the event loop's clock, in seconds."""
        self.spent_ns = 0
        self._news: list[tuple[int, Sequence[RowChange] | None]] | None = None
        self.failure: Exception | None = None
        """Why it shows nothing any more."""
        self._on_touched = on_touched
        self._on_failed = on_failed
        self._moved: anyio.Event | None = None

    @property
    def is_used(self) -> bool:
        """Whether anybody watches it, or waits for it."""
        return bool(self.subscriptions or self.holders)

    @property
    def is_current(self) -> bool:
        """Whether the view shows the last commit that this was told of."""
        return self._news is None and self.view.is_current

    @property
    def is_due(self) -> bool:
        """Whether the whole result is to be read anyway, whatever else changes until then."""
        return self.view.need is Need.RESULT and not self.view.is_reading

    def touched(self, committed: Committed, changes: Sequence[RowChange]) -> None:
        """A commit changed rows; the view follows when its turn comes, as other views may come before it."""
        self._put_by(committed, changes)

    def lost(self, committed: Committed) -> None:
        """A commit changed more rows than were told: the result is to be read anew."""
        self._put_by(committed, None)

    def follow(self) -> None:
        """Lets the view follow all that this was told of."""
        news, self._news = self._news, None
        for seq, changes in news or ():
            if changes is None:
                self.view.lose(seq)
            else:
                self.view.take(seq, changes)

    def failed(self, error: Exception) -> None:
        """It did not follow a commit."""
        self._on_failed(self, error)

    def moved(self) -> None:
        """Lets those look again who wait for the view."""
        if self._moved is not None:
            self._moved.set()
            self._moved = None

    async def until_shows(self, seq: int) -> None:
        """Waits until the view shows the present, or else a state that is not older than `seq`.

        Raises:
            Exception: why it never will.
        """
        while self.failure is None and not (self.is_current or (self.view.is_told and self.view.seq >= seq)):
            self._moved = self._moved or anyio.Event()
            await self._moved.wait()
        if self.failure is not None:
            raise self.failure

    def _put_by(self, committed: Committed, changes: Sequence[RowChange] | None) -> None:
        news = (committed.seq if self.is_of_the_log else committed.local_seq, changes)
        if self._news is None:
            self._news = [news]
        else:
            self._news.append(news)
        self._on_touched(self)
