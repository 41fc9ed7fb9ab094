"""Owns values derived from live ones."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar, overload

from pjai.live_value import LiveValue, differ
from pjai_wire.documents import copied

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
T = TypeVar("T")


class Computed(LiveValue[T]):
    """A value derived from live ones: computed when asked for, and again only once one of them changed.

    An async iterator as it stands; `async with` ends it, and whoever iterates over it, at the block's end.
    """

    def __init__(self, function: Callable[..., T], inputs: tuple[LiveValue[Any], ...]) -> None:
        super().__init__()
        self._function = function
        self._inputs = inputs
        self._computed_from: tuple[object, ...] | None = None
        self._value: T
        self._is_closed = False
        for one in inputs:
            one._dependents.add(self)

    @property
    def current(self) -> T:
        """The value of now; its maps and lists are the caller's own.

        Raises:
            Exception: whatever the function raises.
        """
        return copied(self._newest())

    def _newest(self) -> T:
        states = tuple(one._state() for one in self._inputs)
        before = self._computed_from
        if before is None or any(now is not then for now, then in zip(states, before, strict=True)):
            value = self._function(*(one.current for one in self._inputs))
            if before is None or differ(value, self._value):
                self._value = value
            self._computed_from = states
        return self._value

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_closed = True
        self._wake()

    def _state(self) -> object:
        return self._newest()

    def _ended(self) -> bool:
        return self._is_closed or any(one._ended() for one in self._inputs)


@overload
def computed(function: Callable[[A], T], first: LiveValue[A], /) -> Computed[T]: ...
@overload
def computed(function: Callable[[A, B], T], first: LiveValue[A], second: LiveValue[B], /) -> Computed[T]: ...
@overload
def computed(
    function: Callable[[A, B, C], T], first: LiveValue[A], second: LiveValue[B], third: LiveValue[C], /
) -> Computed[T]: ...
@overload
def computed(function: Callable[..., T], /, *live: LiveValue[Any]) -> Computed[T]: ...
def computed(function: Callable[..., T], /, *live: LiveValue[Any]) -> Computed[T]:
    """A value derived from live queries, or from other computed values.

    Args:
        function: pure; takes the current value of each of `live`.
        live: what the value depends on.

    Example:
        async with db.watch(hot) as live, pjai.computed(len, live) as how_many:
            async for number in how_many:
                print(number)
    """
    return Computed(function, live)
