"""Owns the counting of times, where they are taken (pure)."""

from __future__ import annotations

from pjai_wire.histogram import BUCKETS, bucket_of
from pjai_wire.measures import Latency, latency


class Histogram:
    """How long something took, each time."""

    def __init__(self) -> None:
        self._counts = [0] * BUCKETS
        self._sum_us = 0
        self._noted = 0
        self._told_at = 0
        self._told = latency({}, 0)

    def note(self, ns: int) -> None:
        """Counts a time in nanoseconds."""
        us = ns // 1000
        self._counts[bucket_of(us)] += 1
        self._sum_us += us
        self._noted += 1

    @property
    def noted(self) -> int:
        """How many times were counted."""
        return self._noted

    def told(self) -> Latency:
        """All that was counted; another thread than the one that counts may ask."""
        noted = self._noted
        if noted != self._told_at:
            counts = {bucket: count for bucket, count in enumerate(self._counts) if count}
            self._told, self._told_at = latency(counts, self._sum_us), noted
        return self._told
