"""Owns when an actor that fell is started again, and when it is left down for a while (pure)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from msgspec import Struct

DOUBLED_MAX = 60
"""As often as a pause doubles at most; no float has as many as there may be restarts."""


class Restart(Struct, frozen=True):
    """How often an actor may fall."""

    most: int = 5
    """Restarts within `within_s`, and in a row of which none was healthy; with one more the actor is down."""
    within_s: float = 60.0
    first_delay_s: float = 0.05
    """Before the second restart in a row; the first is at once, each further one waits twice as long."""
    longest_delay_s: float = 5.0
    down_s: float = 60.0
    """How long an actor stays down before it is tried again."""
    healthy_s: float = 10.0
    """An actor that was up for as long begins with no delay when it falls."""


class Verdict(Struct, frozen=True):
    """What becomes of an actor that fell."""

    delay_s: float
    is_down: bool


class Budget:
    """The restarts of one actor.

    Args:
        restart: what is allowed.
        chance: a number from 0 to 1, another one each time; it keeps actors that fell together from starting
            together.
    """

    def __init__(self, restart: Restart, chance: Callable[[], float]) -> None:
        self._restart = restart
        self._chance = chance
        self._fallen: deque[float] = deque()
        self._in_a_row = 0

    def fell(self, now: float, up_s: float) -> Verdict:
        """What becomes of the actor.

        Args:
            now: on any clock that goes forward, in seconds.
            up_s: how long it had served.
        """
        self._in_a_row = 0 if up_s >= self._restart.healthy_s else self._in_a_row
        while self._fallen and self._fallen[0] <= now - self._restart.within_s:
            self._fallen.popleft()
        self._fallen.append(now)
        if max(len(self._fallen) - 1, self._in_a_row) >= self._restart.most:
            self.forgive()
            return Verdict(self._restart.down_s, is_down=True)
        delay_s = self._delay_s()
        self._in_a_row += 1
        return Verdict(delay_s, is_down=False)

    def forgive(self) -> None:
        """Begins anew, as after a restart that somebody asked for."""
        self._fallen.clear()
        self._in_a_row = 0

    def _delay_s(self) -> float:
        """Nothing at first, then doubling, each with up to half of it less."""
        if not self._in_a_row:
            return 0.0
        doubled_s = self._restart.first_delay_s * 2.0 ** min(self._in_a_row - 1, DOUBLED_MAX)
        delay_s = min(doubled_s, self._restart.longest_delay_s)
        return delay_s * (1.0 - self._chance() / 2)
