"""Owns the measuring of the daemon's own process: processor time, memory, a late event loop."""

from __future__ import annotations

from collections.abc import Callable
from time import process_time_ns

from pjai_wire.measures import Measures
from pjaid.metering.histogram import Histogram


class ProcessMeter:
    """What the process took, since it started.

    Args:
        memory_bytes: tells how much memory it has.
    """

    def __init__(self, memory_bytes: Callable[[], int]) -> None:
        self._memory_bytes = memory_bytes
        self._lag = Histogram()

    def late(self, ns: int) -> None:
        """The event loop woke somebody so much later than was asked for, in nanoseconds."""
        self._lag.note(max(0, ns))

    def told(self) -> Measures:
        """All of it."""
        return Measures(
            counts={"cpu_us": process_time_ns() // 1000},
            gauges={"memory_bytes": self._memory_bytes()},
            latencies={"loop_lag": self._lag.told()},
        )
