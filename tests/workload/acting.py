"""Owns what actors cost: a call, a1; at rest the memory of all processes, a2, and processor time, a3."""

from __future__ import annotations

import anyio
import psutil

import pjai
from pjai_wire.methods import MEMORY_STATUS, Nothing
from tests.workload.echo import echo
from tests.workload.processes import Home, daemon, memory_bytes
from tests.workload.progress import Progress
from tests.workload.report import Finding, Target
from tests.workload.timing import alternate

CALL_LIMIT = 4.0

MEGABYTE = 1e6
MEMORY_LIMIT_MB = 120.0

PROCESSOR_LIMIT_PERCENT = 0.5
SETTLED_AFTER_S = 75.0
"""What actors do once at their start is over by then, and the memory that it took is given back."""
RESTED_S = 30.0
STARTED_WITHIN_S = 30.0


async def call(home: Home, runs: int, progress: Progress) -> Finding:
    """a1: a method of an actor's that does nothing but answer, beside an echo."""
    async with (
        daemon(home, actors="memory"),
        echo(home) as echoing,
        pjai.connect(home.endpoint, client="benchmark") as db,
    ):

        async def ask(_number: int) -> None:
            await db.call(MEMORY_STATUS, Nothing())

        spreads = await alternate(progress, runs, echo=echoing.run, call=ask)
    call, floor = spreads["call"], spreads["echo"]
    return Finding(
        title="a call of an actor",
        spread=call,
        floor_p50=floor.p50,
        floor="an echo; a call crosses twice, as the actor is a client",
        target=Target(call.p50 / floor.p50, CALL_LIMIT, "x echo"),
    )


async def at_rest(home: Home, progress: Progress) -> tuple[Finding, Finding]:
    """a2 and a3: every process of a daemon with its own actors, of whom nobody asks anything."""
    async with daemon(home, actors="all") as process, pjai.connect(home.endpoint, client="benchmark") as db:
        with anyio.fail_after(STARTED_WITHIN_S):
            while any(one.state != "up" for one in (await db.actors()).actors):
                pass
        await anyio.sleep(SETTLED_AFTER_S)
        progress.at(SETTLED_AFTER_S / (SETTLED_AFTER_S + RESTED_S))
        spent = _spent_s(process.pid)
        await anyio.sleep(RESTED_S)
        percent = 100 * (_spent_s(process.pid) - spent) / RESTED_S
        taken = [memory_bytes(one.pid) for one in _processes(process.pid)]
        of_actors = {
            f"{one.name}_megabytes": memory_bytes(one.pid) / MEGABYTE
            for one in (await db.actors()).actors
            if one.pid is not None
        }
    memory = Finding(
        title=f"memory with {len(of_actors)} actors",
        target=Target(sum(taken) / MEGABYTE, MEMORY_LIMIT_MB, "MB"),
        details={"daemon_megabytes": taken[0] / MEGABYTE, **of_actors, "processes": len(taken)},
    )
    processor = Finding(
        title=f"processor with {len(of_actors)} actors",
        target=Target(percent, PROCESSOR_LIMIT_PERCENT, "% of a core"),
    )
    return memory, processor


def _processes(pid: int) -> list[psutil.Process]:
    """The daemon, and all that it began."""
    daemon = psutil.Process(pid)
    return [daemon, *daemon.children(recursive=True)]


def _spent_s(pid: int) -> float:
    """The processor time of all of them so far."""
    return sum(sum(one.cpu_times()[:2]) for one in _processes(pid))
