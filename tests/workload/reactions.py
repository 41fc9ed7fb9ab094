"""Owns the timing of a reaction: a write is sent, and a subscriber comes to hold the new result."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from time import perf_counter_ns

import anyio
from msgspec import Struct, field
from msgspec.structs import replace

from pjai.database import Database
from pjai.live_query import LiveQuery
from pjai_wire.events import v1
from pjai_wire.fields import MemoryType
from pjai_wire.records import MemoryEntity
from tests.workload.bench import Bench
from tests.workload.data import AFTER_ALL_MS, IMPORTANCE_MAX, MEMORY_TYPES
from tests.workload.questions import best_memories
from tests.workload.timing import BLOCK_RUNS, timed

Memories = Sequence[v1.MemoryEntityCreated]

_instants = itertools.count(AFTER_ALL_MS)
"""Each memory that comes to the head of a result is accessed later than all before it."""


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
            if rows:
                self._noted_at[rows[0].id] = perf_counter_ns()
            self._noted.set()
            self._noted = anyio.Event()

    async def holds(self, memory_id: str) -> int:
        """When the result with this memory at its head was there, by the clock of `perf_counter_ns`."""
        while memory_id not in self._noted_at:
            await self._noted.wait()
        return self._noted_at[memory_id]


class Times(Struct):
    """How long things took, in microseconds."""

    echoes: list[float] = field(default_factory=list)
    commits: list[float] = field(default_factory=list)
    """While the subscriber has no live query open."""
    receipts: list[float] = field(default_factory=list)
    """Of the commits to which the subscriber reacts."""
    reactions: list[float] = field(default_factory=list)


Parameters = Iterator[tuple[str, MemoryType]]
"""The persona and the type of what is watched, one after the other without end."""


def parameters(persona_ids: Sequence[str]) -> Parameters:
    """All of some personas, over and over, so that no result outgrows what the data has."""
    return itertools.cycle(itertools.product(persona_ids, MEMORY_TYPES))


async def react_in_blocks(
    bench: Bench, subscriber: Database, runs: int, watched: Parameters, times: Times
) -> None:
    """Adds to `times`: blocks of echoes, of commits and of reactions take turns.

    Args:
        bench: sends the writes.
        subscriber: another connection, which watches.
        runs: how many of each.
        watched: what to watch; each block takes the next.
        times: what to add to.
    """
    for start in range(0, runs, BLOCK_RUNS):
        block = min(BLOCK_RUNS, runs - start)
        persona_id, kind = next(watched)
        times.echoes += await echoes_us(bench, block)
        times.commits += await _commits(bench.db, bench.data.more_memories(block + 1))
        async with subscriber.watch(best_memories(persona_id, kind, 0)) as live:
            arriving = at_the_head(bench.data.more_memories(block + 1), persona_id, kind)
            receipts, reactions = await _reactions(bench.db, live, arriving)
        times.receipts += receipts
        times.reactions += reactions


def at_the_head(memories: Memories, persona_id: str, kind: MemoryType) -> Memories:
    """The memories changed so that each comes to stand before all others of a persona and type."""
    return [
        replace(
            memory,
            persona_id=persona_id,
            type=kind,
            importance=IMPORTANCE_MAX,
            last_accessed_at=next(_instants),
        )
        for memory in memories
    ]


async def echoes_us(bench: Bench, number: int) -> list[float]:
    """How long so many echoes took, after one to warm up."""
    return [await timed(bench.echo.run, position) for position in range(number + 1)][1:]


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
