"""Owns live values as a synchronous program sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from types import TracebackType
from typing import Final, Self, TypeVar
from weakref import WeakSet

from pjai import feed as feeds
from pjai import live_query, live_value, signals
from pjai.blocking.callbacks import Callbacks
from pjai.blocking.facade import Iteration, Loop
from pjai.differences import Difference
from pjai.feed import RowChange
from pjai_wire.methods import MeaningState
from pjai_wire.select import Select

T = TypeVar("T")


class LiveValue(Iteration[T]):
    """A value that changes: iterate over what it becomes, beginning with what it is; `with` ends it."""

    def __init__(self, loop: Loop, live: live_value.LiveValue[T]) -> None:
        super().__init__(loop, live)
        self.inner: live_value.LiveValue[T] = live
        self._callbacks: WeakSet[Callbacks[T]] = WeakSet()
        """Each lives as long as its thread, or whoever can stop it."""

    @property
    def current(self) -> T:
        """The newest value."""
        return self._loop.call(lambda: self.inner.current)

    def on_change(self, callback: Callable[[T], object]) -> Callable[[], None]:
        """Calls a function with the value of now, and with each that it becomes, in a thread of its own.

        The function may use everything here. Where it is slower than the changes it meets the newest value.
        What it raises ends the value: it is logged, and raised to whoever iterates over the value or waits
        for it. So does what ends the value otherwise.

        Args:
            callback: the function; it has returned for the last time when the value's block has ended.

        Returns:
            What stops it, and waits until it has returned.
        """
        callbacks = Callbacks(self._loop, self.inner, callback)
        self._callbacks.add(callbacks)
        return callbacks.stop

    def end(self) -> None:
        """Ends the value, and waits for the callbacks on it."""
        self._loop.release(self.inner.close)
        for callbacks in tuple(self._callbacks):
            callbacks.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()


class LiveQuery(LiveValue[list[T]]):
    """The result of a query, kept up to date."""

    def __init__(self, loop: Loop, live: live_query.LiveQuery[T]) -> None:
        super().__init__(loop, live)
        self._query = live
        self.label = live.label

    @property
    def select(self) -> Select[T]:
        """The query whose result this is."""
        return self._query.select

    @property
    def seq(self) -> int:
        """The state that the result shows."""
        return self._query.seq

    @property
    def meaning(self) -> MeaningState | None:
        """Whether vectors had a part in a search when it was first watched; None of a query."""
        return self._query.meaning

    @property
    def why(self) -> str:
        """Why meaning was not to be had then."""
        return self._query.why

    @property
    def topic(self) -> str:
        """Where the daemon publishes the changes."""
        return self._query.topic

    def changes(self) -> Iterator[Difference[T]]:
        """What changes from now on: first a `Reset` to the result as it is, then each difference to it."""
        return Iteration(self._loop, self._loop.call(self._query.changes))

    def reached(self, seq: int, *, timeout: float | None = None) -> int:
        """Waits until the result shows the state at `seq`, such as a receipt's; the seq that it shows."""
        return self._loop.wait(partial(self._query.reached, seq, timeout=timeout))


class Feed(Iteration[RowChange[T]]):
    """Each change to the rows of a table: iterate over it."""

    def __init__(self, loop: Loop, feed: feeds.Feed[T]) -> None:
        super().__init__(loop, feed)
        self.seq: Final = feed.seq
        """The state after which every change comes."""


class Computed(LiveValue[T]):
    """A value derived from live ones."""


class Signal(LiveValue[T]):
    """A value that the program sets, from any thread."""

    def __init__(self, loop: Loop, live: signals.Signal[T]) -> None:
        super().__init__(loop, live)
        self._signal = live

    def set(self, value: T) -> None:
        """Makes `value` the newest; an equal one changes nothing and wakes nobody."""
        self._loop.call(partial(self._signal.set, value))

    def update(self, function: Callable[[T], T]) -> None:
        """Sets what `function` makes of the newest value; no other thread comes between."""
        self._loop.call(partial(self._signal.update, function))
