"""Owns work that is done one at a time, and shared by all who wait for the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from itertools import count
from typing import Generic, NamedTuple, TypeVar

import anyio

T = TypeVar("T")


class _Done(NamedTuple, Generic[T]):
    """Work that is over."""

    began: int
    result: T


class OneAtATime(Generic[T]):
    """Does work one after the other. Work that began after somebody asked for the same is theirs as well."""

    def __init__(self) -> None:
        self._lock = anyio.Lock()
        self._moments = count()
        self._done: dict[Hashable, _Done[T]] = {}
        """What was done last, by what it was; as long as anybody waits."""

    async def do(self, what: Hashable, work: Callable[[], Awaitable[T]]) -> T:
        """The result of the work, or of the same work that somebody else had done meanwhile.

        Args:
            what: tells it from other work.
            work: is done where nobody else did it since this was asked.
        """
        asked = next(self._moments)
        async with self._lock:
            done = self._done.get(what)
            if done is None or done.began < asked:
                done = _Done(next(self._moments), await work())
                self._done[what] = done
            if not self._lock.statistics().tasks_waiting:
                self._done.clear()
            return done.result
