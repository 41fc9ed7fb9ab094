"""Owns the time that a commit takes in the live core where searches are watched."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar, cast

import anyio
import anyio.lowlevel
import numpy as np

from pjai_wire.events import v1
from pjai_wire.methods import SearchParams
from pjai_wire.tables import memories
from pjaid.live.delivery import Delivery
from pjaid.live.dependents import Dependents
from pjaid.live.queries import LiveQueries
from pjaid.live.registry import Registry
from pjaid.methods.search_plans import planned
from pjaid.search.codes.codes import Codes
from pjaid.search.meaning import Embedded, QueryVectors
from pjaid.search.searches import Searches
from pjaid.search.signals import Weights
from pjaid.store import reads
from pjaid.store.changed import RowChange, positions
from pjaid.store.generation import generation
from pjaid.store.local import local_head
from pjaid.store.readers import Readers, Work
from pjaid.store.store import Store
from pjaid.store.stored_vectors import StoredVectors
from pjaid.store.vectors import VECTORS, model_number
from pjaid.store.writer import Committed
from tests.workload.bench import Bench
from tests.workload.core import Source
from tests.workload.data import DIMENSIONS, EMBEDDING_MODEL
from tests.workload.floors import RESULT_BYTES_MAX, opened_read_only
from tests.workload.report import Finding, Target
from tests.workload.timing import Run, alternate, warm_up_runs

LIMIT_US = 1_000.0
NEAREST = 10
PLENTY = 2**40

T = TypeVar("T")


class SearchCore:
    """The live core and what searches, in this process, with nothing before and behind them.

    Args:
        bench: whose store is searched.
    """

    def __init__(self, bench: Bench) -> None:
        self.readers = Readers(
            lambda: opened_read_only(bench.home),
            smallest=1,
            largest=4,
            acquire_timeout_s=60,
            idle_timeout_s=60,
            inline_ms_max=1_000,
            bytes_max=RESULT_BYTES_MAX,
            cache_bytes_max=16 * 2**20,
        )
        connection = bench.read_floor.connection
        self.seq = reads.head(connection)
        self.generation = generation(connection)
        self.updates = 0
        self._dependents = Dependents(self.seq, local_head(connection))
        self._codes = Codes(StoredVectors(self.readers), bytes_max=PLENTY)
        self._searches = Searches(cast("Store", self), self._codes, QueryVectors(_unembedded), Weights())
        self.live = LiveQueries(
            Source(connection),
            self._dependents,
            Delivery(self._publish),
            Registry(most=PLENTY, most_per_client=PLENTY, bytes_per_client_max=PLENTY),
            rerun_interval_s=0,
            lease_s=0,
        )

    def read_search(self, shape: str, work: Work[T], *, is_heavy: bool = False) -> T | Coroutine[Any, Any, T]:
        """As the store does."""
        return self.readers.read(shape, work, is_heavy=is_heavy)

    async def watch(self, memory: v1.MemoryEntityCreated) -> str:
        """The topic of a live search that somebody hears: for what is near to a memory, of its persona."""
        assert memory.embedding is not None
        params = SearchParams(
            vector=memory.embedding,
            model=EMBEDDING_MODEL,
            where=(("personaId", "=", memory.persona_id),),
            limit=NEAREST,
        )
        plan = (await planned(self._searches, params)).plan
        snapshot = await self.live.watch_search(plan, b"client", "")
        self.live.subscribed(snapshot.topic)
        return snapshot.topic

    def commit(self, *changes: RowChange) -> None:
        """A commit changed some rows."""
        self.seq += 1
        self._dependents.committed(Committed(self.seq, self._dependents.local_seq, changes))

    def _publish(self, _topic: str, _update: bytes) -> bool:
        self.updates += 1
        return True


async def one_concerned(bench: Bench) -> Finding:
    """The time in the core of a commit that makes a memory, which comes near to one watched search of many.

    Until that one was run again; what it finds is the same, as nothing is really written. Beside it, the same
    with no other search open, and commits that come near to none.
    """
    number = max(2, bench.some_live_queries)
    watched = bench.data.more_memories(number)
    many, alone = SearchCore(bench), SearchCore(bench)
    async with anyio.create_task_group() as tasks:
        for core in (many, alone):
            tasks.start_soon(core.live.serve, tasks)
        await anyio.lowlevel.checkpoint()
        topics = {}
        for place, memory in enumerate(watched):
            topics[memory.id] = await many.watch(memory)
            bench.progress.at(place / number)
        first = watched[0]
        topic_alone = await alone.watch(first)
        near, far = _made(bench, first, is_near=True), _made(bench, first, is_near=False)
        before = many.live.metered.counts["live_reads"]

        def comes(core: SearchCore, changes: tuple[RowChange, ...], topic: str | None) -> Run:
            async def run(_number: int) -> None:
                core.commit(*changes)
                if topic is not None:
                    await core.live.resync(topic)

            return run

        spreads = await alternate(
            bench.progress,
            bench.runs,
            alone=comes(alone, near, topic_alone),
            nobody=comes(many, far, None),
            one=comes(many, near, topics[first.id]),
        )
        tasks.cancel_scope.cancel()
    commits = bench.runs + warm_up_runs(bench.runs)
    return Finding(
        title=f"core, 1 of {number} searches concerned",
        spread=spreads["one"],
        floor_p50=spreads["alone"].p50,
        floor="the same with one search open",
        target=Target(spreads["one"].p50, LIMIT_US, "us"),
        details={
            "none_concerned_us": spreads["nobody"].p50,
            "searches_a_commit": (many.live.metered.counts["live_reads"] - before) / commits,
        },
    )


async def _unembedded(_text: str) -> Embedded:
    raise AssertionError("vectors are brought")


def _made(bench: Bench, memory: v1.MemoryEntityCreated, *, is_near: bool) -> tuple[RowChange, ...]:
    """What a commit changes that makes a memory, near to another one or as far away as can be."""
    row = list(next(bench.read_floor.connection.execute("SELECT * FROM memories LIMIT 1")))
    row[positions(memories)["id"]] = "another"
    row[positions(memories)["personaId"]] = memory.persona_id
    vector = np.frombuffer(memory.embedding or b"", "<f4") * (1 if is_near else -1)
    number = model_number(EMBEDDING_MODEL, DIMENSIONS)
    stored = (memories.table_name, number, memory.persona_id, 10**9, vector.astype("<f2").tobytes())
    return (
        RowChange(memories.table_name, None, tuple(row)),
        RowChange(VECTORS, None, stored),
    )
