"""Owns what embedding costs those who write: commits beside an embedder, and beside none."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import anyio
import numpy as np
from msgspec.structs import replace

import pjai
from pjai.database import Database
from pjai_wire.events import v1
from tests.workload.data import DataSet
from tests.workload.processes import Home, daemon
from tests.workload.progress import Progress
from tests.workload.report import Finding, Target

RATE_LIMIT_PERCENT = 80.0
CLIENTS = 4
ROUNDS = 6
EMBEDDED_WITHIN_S = 60.0


async def commits_beside_an_embedder(home: Home, runs: int, progress: Progress) -> Finding:
    """w4: two stores of their own, one of which has an embedder, take the same commits in turns.

    A turn without begins once the embedder of the other has nothing left to do.
    """
    data = DataSet(0)
    each = max(CLIENTS, runs // 2)
    rates_without: list[float] = []
    rates_beside: list[float] = []
    async with (
        _writers(home.directory, "none", data) as without,
        _writers(home.directory, "embedder", data) as beside,
    ):
        for number in range(ROUNDS + 1):
            made = data.more_memories(each)
            memories = [replace(one, embedding=None, embedding_model=None) for one in made]
            for clients, rates in ((without, rates_without), (beside, rates_beside)):
                rates.append(await _rate(clients, memories))
            await _until_embedded(beside[0])
            progress.at(number / ROUNDS)
    rate, rate_without = (float(np.median(taken[1:])) for taken in (rates_beside, rates_without))
    return Finding(
        title=f"commits of {CLIENTS} clients with an embedder",
        target=Target(100 * rate / rate_without, RATE_LIMIT_PERCENT, "% of those without", at_least=True),
        details={"commits_per_s": rate, "without_commits_per_s": rate_without, "commits": ROUNDS * each},
    )


@asynccontextmanager
async def _writers(directory: Path, actors: str, data: DataSet) -> AsyncGenerator[list[Database]]:
    """Connections to a daemon with a fresh store and some actors, inside the block."""
    with TemporaryDirectory(dir=directory, prefix=f"{actors}-") as name:
        home = Home(Path(name))
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(daemon(home, actors=actors))
            connecting = [pjai.connect(home.endpoint, client=f"client {number}") for number in range(CLIENTS)]
            clients = [await stack.enter_async_context(one) for one in connecting]
            names = enumerate(data.persona_ids)
            await clients[0].commit(*(v1.PersonaCreated(id=one, name=f"{number}") for number, one in names))
            yield clients


async def _rate(clients: Sequence[Database], memories: Sequence[v1.MemoryEntityCreated]) -> float:
    """Commits in a second; each client makes its share, one after the other."""

    async def work(db: Database, mine: Sequence[v1.MemoryEntityCreated]) -> None:
        for memory in mine:
            await db.commit(memory)

    begun = perf_counter()
    async with anyio.create_task_group() as tasks:
        for position, db in enumerate(clients):
            tasks.start_soon(work, db, memories[position :: len(clients)])
    return len(memories) / (perf_counter() - begun)


async def _until_embedded(db: Database) -> None:
    with anyio.fail_after(EMBEDDED_WITHIN_S):
        while not await _is_embedded(db):
            pass


async def _is_embedded(db: Database) -> bool:
    health = await db.health()
    return bool(health.embedding_model) and not health.embedding_waiting
