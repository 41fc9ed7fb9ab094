"""Owns the fan: one write that a thousand subscribers of one query come to hold."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack

from pjai_wire.fields import MemoryType
from tests.workload.bench import Bench
from tests.workload.processes import Child
from tests.workload.reactions import at_the_head
from tests.workload.report import Finding, Target
from tests.workload.timing import alternate, spread
from tests.workload.watchers import watchers

ECHOES = 20.0
PROCESSES = 8
RUNS_MAX = 100
KIND: MemoryType = "event"


async def fan(bench: Bench) -> Finding:
    """The time from the first to the last of the subscribers holding the new result.

    They are spread over eight processes, in each of which they share a connection, and each is a task that
    follows a live query of its own. Beside it the same number in one process, of which each has a connection
    and a topic to itself, and does nothing but receive.
    """
    number = max(PROCESSES, bench.some_live_queries)
    spreads = await alternate(bench.progress, min(bench.runs, RUNS_MAX), echo=bench.echo.run)
    shared = spread(await _spans_us(bench, "shared", PROCESSES, number // PROCESSES))
    separate = spread(await _spans_us(bench, "separate", 1, number))
    echo = spreads["echo"]
    return Finding(
        title=f"first to last of {number // PROCESSES * PROCESSES} subscribers",
        spread=shared,
        floor_p50=echo.p50,
        floor="an echo",
        target=Target(shared.p50 / echo.p50, ECHOES, "x echo"),
        details={"separate_connections_us": separate.p50, "separate_x_echo": separate.p50 / echo.p50},
    )


async def _spans_us(bench: Bench, kind: str, processes: int, each: int) -> list[float]:
    """How long it took each time from the first to the last subscriber of all."""
    persona_id = bench.data.persona_ids[0]
    runs = min(bench.runs, RUNS_MAX)
    async with AsyncExitStack() as stack:
        children = [
            await stack.enter_async_context(watchers(kind, bench.home.endpoint, each, persona_id, KIND))
            for _ in range(processes)
        ]
        spans = []
        for memory in at_the_head(bench.data.more_memories(runs + 1), persona_id, KIND):
            await _told(children, memory.id)
            await bench.db.commit(memory)
            spans.append(await _span_us(children))
            bench.progress.at(len(spans) / runs)
    return spans[1:]


async def _told(children: Sequence[Child], memory_id: str) -> None:
    """All of them wait for the memory when this returns."""
    for one in children:
        await one.tell(memory_id)
        await one.line()


async def _span_us(children: Sequence[Child]) -> float:
    spans = [tuple(map(int, (await one.line()).split())) for one in children]
    return (max(last for _, last in spans) - min(first for first, _ in spans)) / 1000
