"""Owns the writes: w1, w2 and w3, each answered only once it is durable."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from time import perf_counter

import anyio
import numpy as np

import pjai
from pjai.database import Database
from pjai_wire.events import v1
from tests.workload.bench import Bench
from tests.workload.report import Finding, Target
from tests.workload.timing import Spread, alternate, spread, timed, warm_up_runs

COMMIT_LIMIT = 1.5
FLOOR = "the same inserts in process, durable, on a copy of the store, + an echo"

BATCH_MEMORIES = 100
BATCHES_MAX = 100

CLIENTS = 16
CONCURRENT_LIMIT = 3.0
MEGABYTE = 1e6
ROUNDS_MAX = 10
"""How often one client and sixteen take turns."""


async def commit(bench: Bench) -> Finding:
    """w1."""
    spreads = await _beside_floor(bench, bench.runs, memories=1)
    target = Target(spreads["operation"].p50 / _floor(spreads), COMMIT_LIMIT, "x floor")
    return _finding("commit", spreads, target, {"fdatasync_us": spreads["sync"].p50})


async def commit_many(bench: Bench) -> Finding:
    """w2."""
    spreads = await _beside_floor(bench, min(bench.runs, BATCHES_MAX), memories=BATCH_MEMORIES)
    rates = {
        "rows_per_s": 1e6 * BATCH_MEMORIES / spreads["operation"].p50,
        "floor_rows_per_s": 1e6 * BATCH_MEMORIES / _floor(spreads),
    }
    return _finding(f"commit_many, {BATCH_MEMORIES} at once", spreads, None, rates)


async def commit_concurrent(bench: Bench) -> Finding:
    """w3.

    The sixteen clients are sixteen connections of this one process: on two cores it leaves the daemon a core
    of its own, where sixteen processes would take their turns on it. The size of the WAL is told because a
    reader that never lets go of it slows one client more than sixteen, and so would make the ratio look good.
    """
    rounds = min(bench.runs, ROUNDS_MAX)
    alone_each = bench.runs // rounds
    together_each = max(1, alone_each // 2)
    alone: list[float] = []
    together: list[float] = []
    times: list[float] = []
    async with _connections(bench, CLIENTS) as clients:
        for number in range(rounds):
            _, rate = await _committed_by(clients[:1], bench.data.more_memories(alone_each))
            alone.append(rate)
            memories = bench.data.more_memories(CLIENTS * together_each)
            taken, rate = await _committed_by(clients, memories)
            together.append(rate)
            times += taken
            bench.progress.at((number + 1) / rounds)
    ratio = float(np.median(np.array(together) / np.array(alone)))
    return Finding(
        title=f"commit_concurrent, {CLIENTS} clients",
        spread=spread(times),
        target=Target(ratio, CONCURRENT_LIMIT, "x the rate of one client", at_least=True),
        details={
            "commits_per_s": float(np.median(together)),
            "one_client_commits_per_s": float(np.median(alone)),
            "wal_megabytes": (await bench.db.health()).wal_bytes / MEGABYTE,
        },
    )


@asynccontextmanager
async def _connections(bench: Bench, number: int) -> AsyncGenerator[list[Database]]:
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(pjai.connect(bench.home.endpoint, client=f"client {client}"))
            for client in range(number)
        ]


async def _committed_by(
    clients: Sequence[Database], memories: Sequence[v1.MemoryEntityCreated]
) -> tuple[list[float], float]:
    """How long each commit took, and how many there were in a second; each client makes its share."""
    times: list[float] = []

    async def work(db: Database, mine: Sequence[v1.MemoryEntityCreated]) -> None:
        async def run(number: int) -> None:
            await db.commit(mine[number])

        times.extend([await timed(run, number) for number in range(len(mine))])

    begun = perf_counter()
    async with anyio.create_task_group() as tasks:
        for position, db in enumerate(clients):
            tasks.start_soon(work, db, memories[position :: len(clients)])
    return times, len(memories) / (perf_counter() - begun)


async def _beside_floor(bench: Bench, runs: int, *, memories: int) -> dict[str, Spread]:
    """Commits so many memories at once, and writes the same ones to the floor's own store."""
    times = warm_up_runs(runs) + runs
    batches = [bench.data.more_memories(memories) for _ in range(times)]
    prepared = [bench.write_floor.prepared(batch) for batch in batches]

    async def write(number: int) -> None:
        bench.write_floor.write(prepared[number])

    async def sync(_number: int) -> None:
        bench.write_floor.sync()

    async def operation(number: int) -> None:
        await bench.db.commit(*batches[number])

    return await alternate(
        bench.progress, runs, echo=bench.echo.run, sync=sync, write=write, operation=operation
    )


def _floor(spreads: dict[str, Spread]) -> float:
    return spreads["write"].p50 + spreads["echo"].p50


def _finding(
    title: str, spreads: dict[str, Spread], target: Target | None, details: dict[str, float]
) -> Finding:
    return Finding(
        title=title,
        spread=spreads["operation"],
        floor_p50=_floor(spreads),
        floor=FLOOR,
        target=target,
        details={"write_us": spreads["write"].p50, "echo_us": spreads["echo"].p50, **details},
    )
