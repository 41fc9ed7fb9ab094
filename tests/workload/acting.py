"""Owns what actors cost: memory at rest, a2, and processor time, a3, of all processes; and a call, a1."""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import psutil

import pjai
from pjai.database import Database
from pjai_wire.methods import EMBEDDER_STATUS, Nothing
from pjaid.supervisor.tree import TREE
from tests.workload.echo import echo
from tests.workload.processes import Home, daemon, memory_bytes
from tests.workload.progress import Progress
from tests.workload.report import Finding, Target
from tests.workload.timing import alternate

CALL_LIMIT = 4.0

MEGABYTE = 1e6
MEMORY_LIMIT_MB = 120.0
"""For all but the embedder, whose model may be of any size."""
EMBEDDER = "embedder"

PROCESSOR_LIMIT_PERCENT = 0.5
STARTED_WITHIN_S = 600.0
"""All texts that wait are embedded by then."""
SETTLED_AFTER_S = 75.0
"""What actors do once at their start is over by then, and the memory that it took is given back."""
RESTED_S = 60.0
"""What is done each minute is in it once."""
FULL_RUNS = 1_000

CPUCLOCK_SCHED = 2
"""Of Linux's clocks of a process."""
"""With fewer runs these times are as much shorter: what is a try-out elsewhere is one here."""


async def actors(home: Home, runs: int, progress: Progress) -> dict[str, Finding]:
    """All of them, of a daemon with its own actors; memory and processor also of one without the embedder.

    Nobody asks for anything until a call is measured.
    """
    share = min(1.0, runs / FULL_RUNS)
    most = ",".join(place.name for place in TREE if place.name != EMBEDDER)
    async with _settled(home, most, share * SETTLED_AFTER_S) as (_, pid):
        progress.at(0.4)
        memory_without = _memory_megabytes(pid)
        processor_without = await _processor_percent(pid, share * RESTED_S)
    async with _settled(home, "all", share * SETTLED_AFTER_S) as (db, pid):
        progress.at(0.8)
        memory = await _memory(db, pid, memory_without)
        processor = await _processor(pid, share * RESTED_S, processor_without)
        call = await _call(home, db, runs, progress)
    return {"a1": call, "a2": memory, "a3": processor}


@asynccontextmanager
async def _settled(home: Home, names: str, after_s: float) -> AsyncGenerator[tuple[Database, int]]:
    """A daemon with actors that have done what they do at their start, and its pid."""
    async with daemon(home, actors=names) as process, pjai.connect(home.endpoint, client="benchmark") as db:
        with anyio.fail_after(STARTED_WITHIN_S):
            while any(one.state != "up" for one in (await db.actors()).actors):
                pass
            if names == "all":
                while (await db.health()).embedding_waiting or not (await db.embedder.status()).model:  # noqa: ASYNC110 # no event tells of it
                    await anyio.sleep(1.0)
        await anyio.sleep(after_s)
        yield db, process.pid


async def _call(home: Home, db: Database, runs: int, progress: Progress) -> Finding:
    """A method that does nothing but answer, and asks the daemon for nothing, beside an echo."""

    async def ask(_number: int) -> None:
        await db.call(EMBEDDER_STATUS, Nothing())

    async with echo(home) as echoing:
        spreads = await alternate(progress, runs, echo=echoing.run, call=ask)
    call, floor = spreads["call"], spreads["echo"]
    return Finding(
        title="a call of an actor",
        spread=call,
        floor_p50=floor.p50,
        floor="an echo; a call crosses twice, as the actor is a client",
        target=Target(call.p50 / floor.p50, CALL_LIMIT, "x echo"),
    )


def _memory_megabytes(pid: int) -> float:
    return sum(memory_bytes(one.pid) for one in _processes(pid)) / MEGABYTE


async def _memory(db: Database, pid: int, without_embedder: float) -> Finding:
    return Finding(
        title=f"memory at rest with all actors but the {EMBEDDER}",
        target=Target(without_embedder, MEMORY_LIMIT_MB, "MB"),
        details={
            f"with_{EMBEDDER}_megabytes": _memory_megabytes(pid),
            "daemon_megabytes": memory_bytes(pid) / MEGABYTE,
            **{
                f"{one.name}_megabytes": memory_bytes(one.pid) / MEGABYTE
                for one in (await db.actors()).actors
                if one.pid is not None
            },
            "processes": len(_processes(pid)),
        },
    )


async def _processor(pid: int, seconds: float, without_embedder: dict[int, float]) -> Finding:
    every = await _processor_percent(pid, seconds)
    return Finding(
        title=f"processor at rest with all actors but the {EMBEDDER}",
        target=Target(sum(without_embedder.values()), PROCESSOR_LIMIT_PERCENT, "% of a core"),
        details={
            "daemon_percent": next(iter(without_embedder.values())),
            f"with_{EMBEDDER}_percent": sum(every.values()),
        },
    )


async def _processor_percent(pid: int, seconds: float) -> dict[int, float]:
    """What each process took of a core, the daemon first."""
    before = {one.pid: _spent_s(one) for one in _processes(pid)}
    await anyio.sleep(seconds)
    return {one.pid: 100 * (_spent_s(one) - before.get(one.pid, 0.0)) / seconds for one in _processes(pid)}


def _processes(pid: int) -> list[psutil.Process]:
    """The daemon, and all that it began."""
    daemon = psutil.Process(pid)
    return [daemon, *daemon.children(recursive=True)]


def _spent_s(process: psutil.Process) -> float:
    """The processor time of a process so far, that of ended threads too; on Linux to the nanosecond."""
    # As clock_getcpuclockid(3) makes it of a process: the clock of what the scheduler gave it.
    clock = (~process.pid << 3) | CPUCLOCK_SCHED
    is_linux = sys.platform == "linux"
    return time.clock_gettime(clock) if is_linux else float(sum(process.cpu_times()[:2]))
