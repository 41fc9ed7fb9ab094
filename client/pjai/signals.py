"""Owns signals: live values that the program sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pjai.live_value import LiveValue, differ
from pjai_wire.documents import copied

T = TypeVar("T")


class Signal(LiveValue[T]):
    """A value that the program sets, for what is computed or watched to follow; of one event loop."""

    def __init__(self, value: T) -> None:
        super().__init__()
        self._value = copied(value)

    def __repr__(self) -> str:
        return f"<signal {self._value!r}>"

    def set(self, value: T) -> None:
        """Makes `value` the newest; an equal one changes nothing and wakes nobody."""
        if differ(value, self._value):
            self._value = copied(value)
            self._wake()

    def update(self, function: Callable[[T], T]) -> None:
        """Sets what `function` makes of the newest value, such as `lambda number: number + 1`."""
        self.set(function(copied(self._value)))

    def _newest(self) -> T:
        return self._value


def signal(value: T) -> Signal[T]:
    """A value that the program sets.

    Args:
        value: what it is at first.

    Example:
        chosen = pjai.signal(ada)
        async with db.watch(lambda: memories.where(persona_id=chosen.current)) as live:
            chosen.set(bob)  # from now on `live` is about Bob's memories
    """
    return Signal(value)
