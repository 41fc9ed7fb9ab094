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
PROGRAMS = 8
FEW_PROGRAMS = 2
RUNS_MAX = 100
KIND: MemoryType = "event"


async def fan(bench: Bench) -> Finding:
    """The time from the first to the last of the subscribers holding the new result.

    They are tasks of eight programs, each with a live query of its own; those of a program share a link.
    The last is served when the last task has run. Told beside: how long it takes until each program holds the
    result, the same for two programs, and as many bare connections as subscribers in one process, each with a
    topic to itself.
    """
    number = max(PROGRAMS, bench.some_live_queries)
    spreads = await alternate(bench.progress, min(bench.runs, RUNS_MAX), echo=bench.echo.run)
    held, followed = await _spans_us(bench, "shared", PROGRAMS, number // PROGRAMS)
    programs, last = spread(held), spread(followed)
    held_by_few, followed_by_few = await _spans_us(bench, "shared", FEW_PROGRAMS, number // FEW_PROGRAMS)
    few, last_of_few = spread(held_by_few), spread(followed_by_few)
    _, received = await _spans_us(bench, "separate", 1, number)
    separate = spread(received)
    echo = spreads["echo"]
    return Finding(
        title=f"first to last of {number // PROGRAMS * PROGRAMS} subscribers",
        spread=last,
        floor_p50=echo.p50,
        floor="an echo",
        target=Target(last.p50 / echo.p50, ECHOES, "x echo"),
        details={
            "programs_hold_us": programs.p50,
            "programs_hold_x_echo": programs.p50 / echo.p50,
            "two_programs_hold_us": few.p50,
            "two_programs_last_us": last_of_few.p50,
            "two_programs_last_x_echo": last_of_few.p50 / echo.p50,
            "separate_connections_us": separate.p50,
            "separate_x_echo": separate.p50 / echo.p50,
        },
    )


async def _spans_us(bench: Bench, kind: str, processes: int, each: int) -> tuple[list[float], list[float]]:
    """How long it took each time from the first process to the last, and to the last subscriber of all."""
    persona_id = bench.data.persona_ids[0]
    runs = min(bench.runs, RUNS_MAX)
    async with AsyncExitStack() as stack:
        children = [
            await stack.enter_async_context(watchers(kind, bench.home.endpoint, each, persona_id, KIND))
            for _ in range(processes)
        ]
        held, followed = [], []
        for memory in at_the_head(bench.data.more_memories(runs + 1), persona_id, KIND):
            await _told(children, memory.id)
            await bench.db.commit(memory)
            spans = [tuple(map(int, (await one.line()).split())) for one in children]
            begun = min(first for first, _ in spans)
            held.append((max(first for first, _ in spans) - begun) / 1000)
            followed.append((max(last for _, last in spans) - begun) / 1000)
            bench.progress.at(len(held) / runs)
    return held[1:], followed[1:]


async def _told(children: Sequence[Child], memory_id: str) -> None:
    """All of them wait for the memory when this returns."""
    for one in children:
        await one.tell(memory_id)
        await one.line()
