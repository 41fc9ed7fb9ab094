"""Owns a live query as its reader sees it: the result, kept up to date."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final, TypeVar

import anyio

from pjai.live_state import Gap, Held, follow, replaced
from pjai.live_value import LiveValue
from pjai.rows import RowReader, WatchAnswer, reader
from pjai_wire.documents import copied
from pjai_wire.envelope import LiveUpdate
from pjai_wire.errors import PjaiError, TimedOut, UnknownTopic
from pjai_wire.select import Select

T = TypeVar("T")

UPDATES_KEPT_MAX = 1_000
"""Updates that are kept while a whole result is asked for; past it the oldest go, and it is asked again."""


class LiveQuery(LiveValue[list[T]]):
    """The result of a query: iterate over it for the result now and at each change.

    Args:
        select: the query.
        label: what the program calls it.
        lost: called when the result cannot be followed any further: `show` must be called again.
        timeout: seconds that `reached` waits unless it is told otherwise.
    """

    topic: str = ""
    """Where the daemon publishes the changes; another one after a restart of the daemon."""

    def __init__(
        self, select: Select[T], label: str, lost: Callable[[LiveQuery[Any]], None], timeout: float
    ) -> None:
        super().__init__()
        self.select: Final = select
        self.label: Final = label
        self.heard_at = 0.0
        """When the daemon last said anything about this query, by the event loop's clock."""
        self._lost = lost
        self._timeout = timeout
        self._held: Held[T] = Held(-1, [])
        self._reader: RowReader[T]
        self._kept: deque[LiveUpdate] | None = None
        self._advanced: anyio.Event | None = None
        self._is_closed = False
        self._failure: PjaiError | None = None

    def __repr__(self) -> str:
        return f"<live query {self.label or self.select.query.table} at {self.seq}>"

    @property
    def current(self) -> list[T]:
        """The result now; the list, and rows that are dicts, are the caller's own."""
        return copied(self._held.rows)

    @property
    def seq(self) -> int:
        """The state that the result shows."""
        return self._held.seq

    async def reached(self, seq: int, *, timeout: float | None = None) -> int:
        """Waits until the result shows the state at `seq`, such as a receipt's.

        Where the commit did not touch the result, the daemon's next tick tells so.

        Args:
            seq: which state.
            timeout: seconds; the connection's own where it is None, and `math.inf` for never.

        Returns:
            The seq that it shows.

        Raises:
            TimedOut: it did not show that state in time.
            UnknownTopic: the live query ended before.
        """
        wait = self._timeout if timeout is None else timeout
        with anyio.move_on_after(wait):
            while self.seq < seq:
                if self._ended():
                    raise UnknownTopic("the live query has ended")
                self._advanced = self._advanced or anyio.Event()
                await self._advanced.wait()
        if self.seq < seq:
            raise TimedOut(
                f"the live query did not reach {seq} within {wait:g} s",
                hint=f"it shows the state at {self.seq}",
            )
        return self.seq

    def show(self, answer: WatchAnswer) -> None:
        """Shows a whole result, and what has come after it.

        Raises:
            InvalidQuery: a record cannot be without a column that the answer lacks.
            InternalError: the answer does not fit the contract.
        """
        self._reader = reader(self.select, answer.columns)
        rows = self._reader.many(answer.rows)
        kept = self._kept if self._kept and answer.topic == self.topic else ()
        self.topic = answer.topic
        self._kept = None
        self._heard()
        self._hold(replaced(self._held, answer.seq, rows))
        for update in kept:
            self.take(update)

    def take(self, update: LiveUpdate) -> None:
        """Follows an update."""
        self._heard()
        if self._kept is not None:
            self._kept.append(update)
            return
        after = follow(self._held, update, self._reader.one)
        if isinstance(after, Gap):
            self.lose()
            self.take(update)
        else:
            self._hold(after)

    def lose(self) -> None:
        """Asks for a whole result, unless that is under way; until then the last one stands."""
        if self._kept is None:
            self._kept = deque(maxlen=UPDATES_KEPT_MAX)
            self._lost(self)

    def close(self, failure: PjaiError | None = None) -> None:
        """Ends the iteration, with an error where there is one."""
        self._is_closed = True
        self._failure = failure
        self._wake()
        self._wake_reached()

    def _state(self) -> object:
        return self._held.rows

    def _ended(self) -> bool:
        if self._failure is not None:
            raise self._failure
        return self._is_closed

    def _heard(self) -> None:
        self.heard_at = asyncio.get_running_loop().time()

    def _hold(self, held: Held[T]) -> None:
        before, self._held = self._held, held
        if held.rows is not before.rows:
            self._wake()
        if held.seq != before.seq:
            self._wake_reached()

    def _wake_reached(self) -> None:
        if self._advanced is not None:
            self._advanced.set()
            self._advanced = None
