"""Owns the fairness: q6 of one client while another's query takes a second."""

from __future__ import annotations

import anyio

from pjai_wire.tables import memories
from tests.workload.bench import Bench
from tests.workload.processes import Child, child
from tests.workload.report import Finding, Target
from tests.workload.timing import spread, timed

LIMIT_MS = 10.0
SLOW_S = 1.0
ROUNDS_MAX = 5
KINDS = ("texts", "lists")

FIRST_SIZE = 10
SIZE_MAX = 95
"""A query has a hundred conditions at most."""


async def fairness(bench: Bench) -> Finding:
    """q6 with a slow query under way, in turns with q6 alone.

    The slow query is one of two: patterns over every message, which SQLite matches by itself, and members
    of every memory's tags, for which it calls Python. Both answer as many rows as a query may.

    A client that waits for each answer asks thousands of times in the second, so one long stall is a single
    run that no percentile shows: the longest run is told beside them.
    """
    alone: list[float] = []
    beside: dict[str, list[float]] = {kind: [] for kind in KINDS}
    slow_s: dict[str, list[float]] = {kind: [] for kind in KINDS}
    async with child("-m", "tests.workload.slow_reader", bench.home.endpoint) as reader:
        sizes = {kind: await _size(reader, kind) for kind in KINDS}
        rounds = min(bench.runs, ROUNDS_MAX)
        for number in range(rounds):
            for kind, size in sizes.items():
                alone += await _point_gets(bench, bench.runs // rounds)
                times, seconds = await _point_gets_beside(bench, reader, f"{kind} {size}")
                beside[kind] += times
                slow_s[kind].append(seconds)
            bench.progress.at((number + 1) / rounds)
    whole = spread([time for times in beside.values() for time in times])
    quiet = spread(alone)
    details = {f"{kind}_p99_us": spread(times).p99 for kind, times in beside.items()}
    details |= {f"{kind}_longest_us": max(times) for kind, times in beside.items()}
    details |= {f"{kind}_slow_query_us": 1e6 * max(seconds) for kind, seconds in slow_s.items()}
    return Finding(
        title="q6 beside a slow query",
        spread=whole,
        floor_p50=quiet.p50,
        floor="q6 alone",
        target=Target(whole.p99 / 1000, LIMIT_MS, "ms at p99"),
        details={"alone_p99_us": quiet.p99, "alone_longest_us": quiet.longest, **details},
    )


async def _size(reader: Child, kind: str) -> int:
    """How large a query of this kind must be to take about a second, as far as it can be."""
    await reader.tell(f"{kind} {FIRST_SIZE}")
    await reader.line()
    await reader.tell(f"{kind} {FIRST_SIZE}")
    seconds = float(await reader.line())
    return max(1, min(SIZE_MAX, round(FIRST_SIZE * SLOW_S / seconds)))


async def _point_gets(bench: Bench, number: int) -> list[float]:
    async def get(position: int) -> None:
        await bench.db.get(memories, bench.questions.point_get[position % len(bench.questions.point_get)])

    return [await timed(get, position) for position in range(number)]


async def _point_gets_beside(bench: Bench, reader: Child, question: str) -> tuple[list[float], float]:
    """The point gets until the slow reader has its answer, and how long that took it."""
    times: list[float] = []
    answers: list[str] = []

    async def wait() -> None:
        answers.append(await reader.line())

    async with anyio.create_task_group() as tasks:
        await reader.tell(question)
        tasks.start_soon(wait)
        while not answers:
            times += await _point_gets(bench, 1)
    return times, float(answers[0])
