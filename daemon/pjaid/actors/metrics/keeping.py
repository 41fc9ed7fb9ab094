"""Owns which seconds are worth a point, and what is in it (pure)."""

from __future__ import annotations

from msgspec.structs import replace

from pjai.readings import COVERED
from pjai_wire import limits
from pjai_wire.measures import QUIET, Measures, increase
from pjai_wire.methods import MetersResult

IDLE_MS_MAX = limits.METERS_WAIT_MS_MAX
"""So that every minute has its gauges, and an idle disk its peace."""


class Keeping:
    """Makes points of what was measured since the last one that was kept."""

    def __init__(self) -> None:
        self._kept: MetersResult | None = None

    def point(self, now: MetersResult) -> Measures | None:
        """What to keep of the time since the last point; None while nothing happens.

        Nothing is lost by that: the next point covers the idle time too. What was before the first call, or
        in another run of the daemon, is not known to belong to now, and is left out.
        """
        kept = self._kept
        if kept is None or kept.instance != now.instance:
            self._kept = now
            return None
        covered_ms = now.uptime_ms - kept.uptime_ms
        happened = increase(kept.measures, now.measures)
        if covered_ms < IDLE_MS_MAX and not _has_life(happened):
            return None
        return replace(happened, counts={**happened.counts, COVERED: covered_ms})

    def idle_s_left(self, now: MetersResult) -> float:
        """How long nothing may happen until there is a point of that, in seconds."""
        covered_ms = now.uptime_ms - self._kept.uptime_ms if self._kept else 0
        return max(0, IDLE_MS_MAX - covered_ms) / 1000

    def keep(self, now: MetersResult) -> None:
        """The point that was made of it is kept."""
        self._kept = now


def _has_life(happened: Measures) -> bool:
    told = (name.partition(":") for name in (*happened.latencies, *happened.counts))
    return any(kind == "errors" or (kind == "request" and of not in QUIET) for kind, _, of in told)
