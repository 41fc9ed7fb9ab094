"""Owns the spans of time for which what was measured is kept, and how long that is (pure)."""

from __future__ import annotations

from msgspec import Struct

from pjai_wire.fields import Resolution

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


class Span(Struct, frozen=True):
    """A length of time, and for how long points of it are kept."""

    resolution: Resolution
    length_ms: int
    kept_ms: int

    def begin(self, at: int) -> int:
        """When the span began in which an instant lies."""
        return at - at % self.length_ms

    def kept_after(self, begin: int) -> int:
        """The last begin of which no point is kept any more once there is one of `begin`."""
        return begin - self.kept_ms


SPANS = (
    Span("1s", SECOND_MS, HOUR_MS),
    Span("1min", MINUTE_MS, DAY_MS),
    Span("1h", HOUR_MS, 365 * DAY_MS),
)
"""So there are at most 3,600 points of a second, 1,440 of a minute and 8,760 of an hour."""
