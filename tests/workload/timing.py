"""Owns the timing: an operation and its floors in turns, and how long their runs took."""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable
from time import perf_counter_ns

import numpy as np
from msgspec import Struct

from tests.workload.progress import Progress

BLOCK_RUNS = 25
"""Runs of the one before it is the other's turn: short beside a disturbance, long beside a cold cache.

Ratios depend on it. With turns of one run the floors find caches, disk and processes as cold as the operation
does, and ratios come out lower; that would flatter, so it is not done.
"""

WARM_UP_SHARE = 10
"""One run to warm up for so many that are timed."""

WARM_UP_RUNS_MAX = 100
SLOW_RUN_US = 100_000
SLOW_RUNS_MAX = 30

Run = Callable[[int], Awaitable[object]]
"""Runs once; it is given how many times it ran before."""


class Spread(Struct, frozen=True):
    """How long the runs of one thing took, in microseconds."""

    runs: int
    p50: float
    p95: float
    p99: float
    longest: float


def spread(times_us: list[float]) -> Spread:
    """The percentiles of `times_us`."""
    p50, p95, p99 = np.percentile(times_us, [50, 95, 99])
    return Spread(len(times_us), float(p50), float(p95), float(p99), max(times_us))


def warm_up_runs(runs: int) -> int:
    """How many runs come before `runs` that are timed."""
    return min(WARM_UP_RUNS_MAX, max(1, runs // WARM_UP_SHARE))


async def timed(run: Run, number: int) -> float:
    """How many microseconds one run takes."""
    begun = perf_counter_ns()
    await run(number)
    return (perf_counter_ns() - begun) / 1000


async def alternate(progress: Progress, runs: int, **contenders: Run) -> dict[str, Spread]:
    """Runs each contender so many times, in alternating blocks.

    Args:
        progress: is told how far it is.
        runs: how often each is timed; at most 30 times where one run takes more than 100 ms.
        contenders: by name. Each sees the numbers 0, 1, 2, … of its runs, those to warm up among them.
    """
    warm_up = warm_up_runs(runs)
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for name, run in contenders.items():
        times[name] = [await timed(run, number) for number in range(warm_up)]
    if max(float(np.median(warm)) for warm in times.values()) > SLOW_RUN_US:
        runs = min(runs, SLOW_RUNS_MAX)
    times = {name: [] for name in contenders}
    # What the benchmark itself holds must not lengthen the collector's visits during a run.
    gc.collect()
    gc.freeze()
    for start in range(0, runs, BLOCK_RUNS):
        numbers = range(warm_up + start, warm_up + min(start + BLOCK_RUNS, runs))
        for name, run in contenders.items():
            times[name] += [await timed(run, number) for number in numbers]
        progress.at(len(times[name]) / runs)
    gc.unfreeze()
    return {name: spread(taken) for name, taken in times.items()}
