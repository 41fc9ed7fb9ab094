"""Owns values derived from live ones."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar, overload

from msgspec import UNSET, UnsetType

from pjai.live_value import LiveValue, differ
from pjai.tracking import Dependent

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
T = TypeVar("T")


class Computed(LiveValue[T], Dependent):
    """A value derived from live ones: computed when asked for, and again only once one of them changed.

    An async iterator as it stands; `async with` ends it, and whoever iterates over it, at the block's end.
    Reading it raises whatever the function raises.
    """

    def __init__(self, function: Callable[..., T], inputs: tuple[LiveValue[Any], ...]) -> None:
        LiveValue.__init__(self)
        Dependent.__init__(self, inputs)
        self._function = function
        self._inputs = inputs
        self._value: T | UnsetType = UNSET
        self._is_computed = False
        self._is_due = False
        """Whether a source may have moved since the value was last looked at."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _newest(self) -> T:
        is_due, self._is_due = self._is_due, False
        if not self._is_computed or (is_due and self._is_outdated()):
            self._is_computed = False
            value = self._run(lambda: self._function(*(one.current for one in self._inputs)))
            if differ(value, self._value):
                self._value = value
            self._is_computed = True
        assert self._value is not UNSET
        return self._value

    def _ended(self) -> bool:
        return super()._ended() or self._sources_ended()

    def _source_moved(self) -> None:
        # Told once until somebody looks: what depends on one source in many ways would be told, and would
        # look at it, once for each way.
        if not self._is_due:
            self._is_due = True
            self._wake()


@overload
def computed(function: Callable[[], T], /) -> Computed[T]: ...
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
    """A value derived from live queries, signals, or other computed values.

    It depends on whichever of them the function reads, and that may be others from one time to the next.

    Args:
        function: pure; takes the current value of each of `live`, and may read the `current` of others.
        live: what to give the function.

    Example:
        async with db.watch(hot) as live, pjai.computed(len, live) as how_many:
            async for number in how_many:
                print(number)

        heaviest = pjai.computed(lambda: [one for one in live.current if one.importance >= limit.current])
    """
    return Computed(function, live)
