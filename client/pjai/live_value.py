"""Owns values that change: the newest one at any time, and each next one for whoever waits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Generic, Self, TypeVar
from weakref import WeakSet

import anyio

T = TypeVar("T")


class LiveValue(ABC, Generic[T]):
    """A value that changes, and an async iterator over what it becomes, beginning with what it is.

    Whoever is slower than the changes meets the newest value, not a queue of old ones, and never the same
    value twice in a row. There is one iterator: several tasks that iterate share the values out.
    """

    def __init__(self) -> None:
        self._moved = anyio.Event()
        self._last: object = self
        self._dependents: WeakSet[LiveValue[Any]] = WeakSet()

    @property
    @abstractmethod
    def current(self) -> T:
        """The newest value."""

    @abstractmethod
    def _state(self) -> object:
        """What `current` is made of: another object exactly when the value is another."""

    @abstractmethod
    def _ended(self) -> bool:
        """Whether there will be no more values.

        Raises:
            PjaiError: there will be none, and this is why.
        """

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        while not self._ended():
            moved = self._moved
            state = self._state()
            if differ(state, self._last):
                self._last = state
                return self.current
            await moved.wait()
        raise StopAsyncIteration

    def _wake(self) -> None:
        """Lets whoever waits look again, here and in what is derived from this."""
        self._moved.set()
        self._moved = anyio.Event()
        for dependent in tuple(self._dependents):
            dependent._wake()


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
