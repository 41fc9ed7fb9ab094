"""Owns the fan: one write that a thousand subscribers of one query come to hold."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack

from msgspec import Struct, field

from pjai_wire.fields import MemoryType
from tests.workload.bench import Bench
from tests.workload.processes import Child
from tests.workload.reactions import at_the_head, echoes_us
from tests.workload.report import Finding, Target
from tests.workload.timing import BLOCK_RUNS, spread
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
    many = await _spans(bench, "shared", PROGRAMS, number // PROGRAMS)
    programs, last, echo = spread(many.held_us), spread(many.followed_us), spread(many.echoes_us)
    by_few = await _spans(bench, "shared", FEW_PROGRAMS, number // FEW_PROGRAMS)
    few, last_of_few = spread(by_few.held_us), spread(by_few.followed_us)
    separate = spread((await _spans(bench, "separate", 1, number)).followed_us)
    return Finding(
        title=f"first to last of {number // PROGRAMS * PROGRAMS} subscribers",
        spread=last,
        floor_p50=echo.p50,
        floor="an echo, in turns with it",
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


class _Spans(Struct):
    """How long things took, in microseconds."""

    held_us: list[float] = field(default_factory=list)
    """From the first process to the last."""
    followed_us: list[float] = field(default_factory=list)
    """From the first subscriber of all to the last."""
    echoes_us: list[float] = field(default_factory=list)


async def _spans(bench: Bench, kind: str, processes: int, each: int) -> _Spans:
    """How long it took until all held the result, once one did; blocks of echoes take turns with it."""
    persona_id = bench.data.persona_ids[0]
    runs = min(bench.runs, RUNS_MAX)
    async with AsyncExitStack() as stack:
        children = [
            await stack.enter_async_context(watchers(kind, bench.home.endpoint, each, persona_id, KIND))
            for _ in range(processes)
        ]
        found = _Spans()
        for start in range(0, runs, BLOCK_RUNS):
            block = min(BLOCK_RUNS, runs - start)
            found.echoes_us += await echoes_us(bench, block)
            spans = []
            for memory in at_the_head(bench.data.more_memories(block + 1), persona_id, KIND):
                await _told(children, memory.id)
                await bench.db.commit(memory)
                spans.append([tuple(map(int, (await one.line()).split())) for one in children])
            for span in spans[1:]:
                begun = min(first for first, _ in span)
                found.held_us.append((max(first for first, _ in span) - begun) / 1000)
                found.followed_us.append((max(last for _, last in span) - begun) / 1000)
            bench.progress.at((start + block) / runs)
    return found


async def _told(children: Sequence[Child], memory_id: str) -> None:
    """All of them wait for the memory when this returns."""
    for one in children:
        await one.tell(memory_id)
        await one.line()
