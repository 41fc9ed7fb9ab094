"""Owns which stream a live query follows, and how it goes over to another when its query becomes another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from pjai.live_query import LiveQuery
from pjai.live_state import Step
from pjai.stream import Stream
from pjai.streams import Streams
from pjai.tracking import Dependent
from pjai.wanted import Wanted

T = TypeVar("T")


class Following(Generic[T]):
    """Lets a live query show the stream of the query that is wanted.

    Until that stream has a result, the result of the one before stands, and goes on to change. Only one
    stream is waited for at a time: once its result has come, all that was wanted meanwhile but the last is
    forgotten.

    Args:
        live: shows the result.
        streams: where streams come from.
    """

    def __init__(self, live: LiveQuery[T], streams: Streams) -> None:
        self._live = live
        self._streams = streams
        self._wanted: Wanted[T]
        self._shown: Stream[T] | None = None
        self._awaited: Stream[T] | None = None

    def want(self, wanted: Wanted[T]) -> None:
        """Shows the result of `wanted` from now on, or as soon as it has come.

        Raises:
            ConnectionLost: the connection was closed.
            RuntimeError: the connection belongs to another event loop.
        """
        if not self._live.is_closed:
            self._wanted = wanted
            if self._awaited is None:
                self._pursue()

    def outdate(self) -> None:
        """Another query may be wanted; `want` will be called."""
        if not self._live.is_closed:
            self._live.outdate(is_outdated=True)

    def leave(self, failure: Exception | None = None) -> None:
        """Ends the live query, with an error where there is one, and follows nothing more."""
        self._live.close(failure)
        for stream in (self._shown, self._awaited):
            if stream is not None:
                stream.leave(self)
        self._shown = self._awaited = None

    def take(self, stream: Stream[Any], step: Step[Any]) -> None:
        """As `Follower.take`."""
        if stream.wanted.key == self._wanted.key:
            before, self._shown, self._awaited = self._shown, stream, None
            stream.show_in(self, self._live.take)
            self._live.show(stream, step.held)
            if before is not None:
                before.leave(self)
        else:
            self._awaited = None
            stream.leave(self)
            self._pursue()

    def end(self, stream: Stream[Any], failure: Exception | None) -> None:
        """As `Follower.end`."""
        if stream is self._shown:
            self._shown = None
        else:
            self._awaited = None
        if failure is None or stream.wanted.key == self._wanted.key:
            self.leave(failure)
        elif self._awaited is None:
            # It failed somebody who has asked for something else since.
            self._pursue()

    def _pursue(self) -> None:
        stream = self._streams.of(self._wanted, self._live.label)
        if stream is self._shown:
            self._live.outdate(is_outdated=False)
        else:
            self._awaited = stream
            stream.join(self)


class Aim(Dependent, Generic[T]):
    """Finds out which query is wanted: that which a function returns, now and whenever what it read changed.

    Args:
        wanted: the function; what it raises later ends the live query.
        following: is told.
    """

    def __init__(self, wanted: Callable[[], Wanted[T]], following: Following[T]) -> None:
        super().__init__()
        self._wanted = wanted
        self._following = following
        self._is_due = False

    def take(self) -> None:
        """Runs the function.

        Raises:
            Exception: whatever the function raises, or ended what it read; and as `Following.want`.
        """
        self._is_due = False
        wanted = self._run(self._wanted)
        # Of a value that ended well the last one stands; that of one that failed cannot be relied upon.
        self._sources_ended()
        self._following.want(wanted)

    def _source_moved(self) -> None:
        self._following.outdate()
        # Many changes in one turn of the event loop are one.
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._take_again)

    def _take_again(self) -> None:
        try:
            self.take()
        except Exception as problem:
            self._following.leave(problem)
