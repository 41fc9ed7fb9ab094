"""Owns the reaction, r1: from sending a write to a subscriber that holds the new result."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from time import perf_counter_ns

import anyio
from msgspec.structs import replace

import pjai
from pjai.database import Database
from pjai.live_query import LiveQuery
from pjai_wire.events import v1
from pjai_wire.fields import MemoryType
from pjai_wire.records import MemoryEntity
from tests.workload.bench import Bench
from tests.workload.data import BEGIN_MS, MEMORY_TYPES, SPAN_S
from tests.workload.questions import best_memories
from tests.workload.report import Finding, Target
from tests.workload.timing import BLOCK_RUNS, spread

OVER_COMMIT_LIMIT_MS = 1.0
"""How much longer than a commit the reaction to it may take."""

AFTER_ALL_MS = BEGIN_MS + 2_000 * SPAN_S
"""Later than every instant of the data."""

Memories = Sequence[v1.MemoryEntityCreated]


class Subscriber:
    """Follows a live query, and notes when which memory came to stand first.

    Args:
        live: what it follows.
    """

    def __init__(self, live: LiveQuery[MemoryEntity]) -> None:
        self._live = live
        self._noted_at: dict[str, int] = {}
        self._noted = anyio.Event()

    async def follow(self) -> None:
        """Takes results as they come, until the live query ends."""
        async for rows in self._live:
            self._noted_at[rows[0].id] = perf_counter_ns()
            self._noted.set()
            self._noted = anyio.Event()

    async def holds(self, memory_id: str) -> int:
        """When the result with this memory at its head was there, by the clock of `perf_counter_ns`."""
        while memory_id not in self._noted_at:
            await self._noted.wait()
        return self._noted_at[memory_id]


async def react(bench: Bench) -> Finding:
    """r1.

    The subscriber is a second connection of this process. Blocks of commits with no live query open take
    turns with the reactions, because they are what a reaction is compared with. Each block watches memories
    of another persona and type, so that no result outgrows what the data set has.
    """
    commits: list[float] = []
    receipts: list[float] = []
    reactions: list[float] = []
    watched = itertools.cycle(itertools.product(bench.data.persona_ids, MEMORY_TYPES))
    async with pjai.connect(bench.home.endpoint, client="subscriber") as other:
        for start in range(0, bench.runs, BLOCK_RUNS):
            block = min(BLOCK_RUNS, bench.runs - start)
            commits += await _commits(bench.db, bench.data.more_memories(block + 1))
            persona_id, kind = next(watched)
            async with other.watch(best_memories(persona_id, kind, 0)) as live:
                arriving = _at_the_head(bench.data.more_memories(block + 1), persona_id, kind, start)
                some_receipts, some_reactions = await _reactions(bench.db, live, arriving)
            receipts += some_receipts
            reactions += some_reactions
            bench.progress.at((start + block) / bench.runs)
    reaction, commit = spread(reactions), spread(commits)
    over_us = reaction.p50 - commit.p50
    return Finding(
        title="react_1",
        spread=reaction,
        floor_p50=commit.p50,
        floor="w1 in turns with it, no live query open",
        target=Target(over_us / 1000, OVER_COMMIT_LIMIT_MS, "ms over w1"),
        details={"over_w1_us": over_us, "receipt_us": spread(receipts).p50},
    )


async def _commits(db: Database, memories: Memories) -> list[float]:
    times = []
    for memory in memories:
        begun = perf_counter_ns()
        await db.commit(memory)
        times.append((perf_counter_ns() - begun) / 1000)
    return times[1:]


async def _reactions(
    db: Database, live: LiveQuery[MemoryEntity], memories: Memories
) -> tuple[list[float], list[float]]:
    """How long each receipt took, and each reaction; the first ones warm up."""
    receipts, reactions = [], []
    subscriber = Subscriber(live)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(subscriber.follow)
        for memory in memories:
            begun = perf_counter_ns()
            await db.commit(memory)
            receipts.append((perf_counter_ns() - begun) / 1000)
            reactions.append((await subscriber.holds(memory.id) - begun) / 1000)
        tasks.cancel_scope.cancel()
    return receipts[1:], reactions[1:]


def _at_the_head(memories: Memories, persona_id: str, kind: MemoryType, made_before: int) -> Memories:
    """The memories changed so that each comes to stand first in the live query's result."""
    return [
        replace(
            memory,
            persona_id=persona_id,
            type=kind,
            importance=100,
            last_accessed_at=AFTER_ALL_MS + made_before + position,
        )
        for position, memory in enumerate(memories)
    ]
