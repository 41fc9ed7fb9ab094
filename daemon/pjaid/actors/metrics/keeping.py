"""Owns which seconds are worth a point, and what is in it (pure)."""

from __future__ import annotations

from msgspec.structs import replace

from pjai.readings import COVERED, QUIET
from pjai_wire.measures import Measures, increase
from pjai_wire.methods import MetersResult

IDLE_MS_MAX = 60_000
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

    def keep(self, now: MetersResult) -> None:
        """The point that was made of it is kept."""
        self._kept = now


def _has_life(happened: Measures) -> bool:
    return any(name.startswith("request:") and name not in QUIET for name in happened.latencies) or any(
        name.startswith("errors:") for name in happened.counts
    )
