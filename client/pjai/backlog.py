"""Owns the differences that wait for one reader: few for a quick one, one whole result for a slow one."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any, Generic, Self, TypeVar

from msgspec.structs import astuple

from pjai.differences import Change, Difference, Reset
from pjai.live_state import Held, Step
from pjai.waiting import Waiting
from pjai_wire.documents import copied

T = TypeVar("T")

DIFFERENCES_KEPT_MAX = 1_000
"""Differences that wait for a slow reader; past it, the result as it is takes the place of all of them."""


class Backlog(AsyncIterator[Difference[T]], Generic[T]):
    """What differs from the result that the reader knows: first all of it, then each difference.

    Args:
        held: the result that it begins with.
        ended: whether there will be no more; raises why.
    """

    def __init__(self, held: Held[T], ended: Callable[[], bool]) -> None:
        self._waiting = deque((_whole(held),))
        self._ended = ended
        self._arrival = Waiting()

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self, step: Step[T]) -> None:
        """The result moved."""
        if not step.changes:
            return
        if len(self._waiting) < DIFFERENCES_KEPT_MAX:
            self._waiting.append(Difference(step.held.seq, step.changes))
        else:
            self._waiting = deque((_whole(step.held),))
        self.wake()

    def wake(self) -> None:
        """Lets the reader look again."""
        self._arrival.wake()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Difference[T]:
        while not self._ended():
            if self._waiting:
                return _own(self._waiting.popleft())
            await self._arrival.change()
        raise StopAsyncIteration


def _whole(held: Held[T]) -> Difference[T]:
    return Difference(held.seq, (Reset(held.rows),))


def _own(difference: Difference[T]) -> Difference[T]:
    """The difference with lists, and rows that are dicts, of the reader's own."""
    return Difference(difference.seq, tuple(map(_own_change, difference.changes)))


def _own_change(change: Change[Any]) -> Change[Any]:
    return type(change)(*map(copied, astuple(change)))
