"""Owns values that change: the newest one at any time, and each next one for whoever waits."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from typing import Generic, Self, TypeVar, cast

from msgspec import UNSET

from pjai.tracking import Source
from pjai.waiting import Waiting
from pjai_wire.documents import copied

T = TypeVar("T")


class LiveValue(Source, Generic[T]):
    """A value that changes, and an async iterator over what it becomes, beginning with what it is.

    Whoever is slower than the changes meets the newest value, not a queue of old ones, and never the same
    value twice in a row. There is one iterator: several tasks that iterate share the values out.

    What `computed` computes, and which query `watch` follows, depends on every live value whose `current`
    the function reads, and on no other.
    """

    def __init__(self) -> None:
        super().__init__()
        self._movement = Waiting()
        self._last: object = UNSET
        self.is_closed = False
        """Whether it was ended."""
        self._failure: Exception | None = None

    @property
    def current(self) -> T:
        """The newest value; its maps and lists are the caller's own."""
        return self._own(cast("T", self._read()))

    @abstractmethod
    def _newest(self) -> T:
        """As `Source._newest`."""

    def _own(self, value: T) -> T:
        """A value whose maps and lists are the caller's own."""
        return copied(value)

    def close(self, failure: Exception | None = None) -> None:
        """Ends the iteration, with an error where there is one; an end is final."""
        if not self.is_closed:
            self.is_closed = True
            self._failure = failure
            self._wake()

    def _ended(self) -> bool:
        if self._failure is not None:
            raise self._failure
        return self.is_closed

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        while not self._ended():
            newest = self._newest()
            # A thousand that move at once feel each call, and each coroutine.
            if newest is not self._last and differ(newest, self._last):
                self._last = newest
                return self._own(newest)
            movement = self._movement.join()
            try:
                await movement
            except asyncio.CancelledError:
                self._movement.leave(movement)
                raise
        raise StopAsyncIteration

    def _wake(self) -> None:
        """Lets whoever waits look again, here and in what is derived from this."""
        self._movement.wake()
        self._tell_dependents()


def differ(one: object, other: object) -> bool:
    """Whether two values are to be taken for different: unless they are the same or a comparison says equal.

    Some values, such as numpy's arrays, cannot tell by one plain bool.
    """
    if one is other:
        return False
    try:
        unequal: object = one != other
    except Exception:
        return True
    return unequal is not False
