"""Owns a live query as its reader sees it: the result, kept up to date."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Final, TypeVar
from weakref import WeakSet

import anyio

from pjai.backlog import Backlog
from pjai.differences import Difference
from pjai.exchange import ConnectionLost
from pjai.live_state import Held, Step, replaced
from pjai.live_value import LiveValue
from pjai.stream import Stream
from pjai.waiting import Waiting
from pjai_wire.documents import copied
from pjai_wire.errors import TimedOut, UnknownTopic
from pjai_wire.methods import MeaningState
from pjai_wire.select import Select

T = TypeVar("T")


class LiveQuery(LiveValue[list[T]]):
    """The result of a query: iterate over it for the result now and at each change.

    Live queries of equal queries on one connection share one subscription and the rows of its result; each
    has its own place in the iteration.

    Args:
        label: what the program calls it.
        timeout: seconds that `reached` waits unless it is told otherwise.
    """

    def __init__(self, label: str, timeout: float) -> None:
        super().__init__()
        self.label: Final = label
        self.is_outdated = True
        """Whether it is to show the result of a query that it does not show yet."""
        self._timeout = timeout
        self._held: Held[T] = Held(-1, [], -1)
        self._stream: Stream[T]
        self._backlogs: WeakSet[Backlog[T]] | None = None
        """Made when it is needed first: to look through an empty one takes longer than the rest of a step."""
        self._advance: Waiting | None = None
        """As of the backlogs: made when somebody waits."""

    def __repr__(self) -> str:
        return f"<live query {self.label or self.select.query.table} at {self.seq}>"

    @property
    def select(self) -> Select[T]:
        """The query whose result this is: another in time, where the program gave a function."""
        return self._stream.wanted.select

    @property
    def topic(self) -> str:
        """Where the daemon publishes the changes; another one after a restart of the daemon."""
        return self._stream.topic

    @property
    def seq(self) -> int:
        """The state that the result shows."""
        return self._held.seq

    @property
    def meaning(self) -> MeaningState | None:
        """Whether vectors had a part in a search when it was first watched; None of a query.

        Where they were not to be had, they have one as soon as they are: hits then have a `meaning`.
        """
        return self._stream.meaning

    @property
    def why(self) -> str:
        """Why meaning was not to be had then."""
        return self._stream.why

    def changes(self) -> AsyncIterator[Difference[T]]:
        """What changes from now on: first a `Reset` to the result as it is, then each difference to it.

        A difference is a `Reset` too where the whole result was replaced: after a restart of the daemon or a
        missed message, once the query is another, and where the reader is a thousand differences behind.
        `rows = difference.applied_to(rows)` always leads to a result that `current` was or is.
        """
        backlog = Backlog(self._held, self._ended)
        self._backlogs = self._backlogs or WeakSet()
        self._backlogs.add(backlog)
        return backlog

    async def reached(self, seq: int, *, timeout: float | None = None) -> int:
        """Waits until the result shows the state at `seq`, such as a receipt's.

        Where the commit did not touch the result, the daemon's next pulse tells so. While the result of
        another query is on its way, because a function now returns that one, it is the one waited for.

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
        if not await self._until(lambda: not self.is_outdated and self.seq >= seq, wait):
            raise TimedOut(
                f"the live query did not reach {seq} within {wait:g} s",
                hint=f"it shows the state at {self.seq}",
            )
        if self.is_outdated or self.seq < seq:
            raise UnknownTopic("the live query has ended")
        return self.seq

    async def begun(self, timeout: float | None) -> None:
        """Waits for the first result.

        Args:
            timeout: as of `reached`.

        Raises:
            TimedOut: it did not come in time.
            ConnectionLost: the connection was closed before.
        """
        wait = self._timeout if timeout is None else timeout
        if not await self._until(lambda: not self.is_outdated, wait):
            raise TimedOut(f"no result to watch within {wait:g} s", hint="give a longer timeout")
        if self.is_outdated:
            raise ConnectionLost("the connection was closed")

    def show(self, stream: Stream[T], held: Held[T]) -> None:
        """Shows the result of the query that is wanted, which is that of `stream`."""
        self._stream = stream
        self.is_outdated = False
        self.take(replaced(self._held, held.seq, held.rows))
        self._advanced()

    def take(self, step: Step[T]) -> None:
        """The result moved."""
        before, self._held = self._held, step.held
        if self._backlogs is not None:
            for backlog in tuple(self._backlogs):
                backlog.take(step)
        if step.held.rows is not before.rows:
            self._wake()
        if self._advance is not None and step.held.seq != before.seq:
            self._advanced()

    def outdate(self, *, is_outdated: bool) -> None:
        """Whether another query may be wanted than the one whose result is shown."""
        self.is_outdated = is_outdated
        self._advanced()

    def close(self, failure: Exception | None = None) -> None:
        """As `LiveValue.close`."""
        super().close(failure)
        for backlog in tuple(self._backlogs or ()):
            backlog.wake()
        self._advanced()

    def _newest(self) -> list[T]:
        return self._held.rows

    def _own(self, value: list[T]) -> list[T]:
        # Records are shared, frozen as they are; only dicts are each reader's own.
        return copied(value) if value and isinstance(value[0], dict) else value[:]

    def _advanced(self) -> None:
        """Lets whoever waits for a state look again."""
        if self._advance is not None:
            advance, self._advance = self._advance, None
            advance.wake()

    async def _until(self, is_so: Callable[[], bool], wait: float) -> bool:
        """Whether something became so, or the live query ended, within `wait` seconds."""
        with anyio.move_on_after(wait):
            while not (is_so() or self._ended()):
                self._advance = self._advance or Waiting()
                await self._advance.change()
        return is_so() or self._ended()
