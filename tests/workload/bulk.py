"""Owns the bulk commit: many rows at once, with and without live queries that they change."""

from __future__ import annotations

from time import perf_counter_ns

from msgspec.structs import replace

from pjai.live_query import LiveQuery
from pjai_wire.events import v1
from pjai_wire.fields import MemoryType
from pjai_wire.records import MemoryEntity
from tests.workload.bench import Bench
from tests.workload.crowd import crowd
from tests.workload.questions import best_memories
from tests.workload.reactions import at_the_head
from tests.workload.report import Finding, Target
from tests.workload.timing import spread

ROWS = 10_000
ROWS_FOR_A_RUN = 10
"""A shorter benchmark commits fewer."""

LIMIT = 2.0
ROUNDS_MAX = 3
KIND: MemoryType = "concept"


async def bulk(bench: Bench) -> Finding:
    """A commit of many memories while many live queries are open, and with none before and after.

    The receipt comes before live queries are told. So what counts is when one that the commit changed, the
    last of them to be opened, shows it.
    """
    rounds = range(min(bench.runs, ROUNDS_MAX))
    others = bench.some_live_queries
    query = best_memories(bench.data.persona_ids[0], KIND, 0)
    alone = [await _receipt_us(bench) for _ in rounds]
    bench.progress.at(1 / 3)
    async with crowd(bench.db, bench.home.endpoint, others), bench.db.watch(query) as live:
        among = [await _told_and_receipt_us(bench, live) for _ in rounds]
    bench.progress.at(2 / 3)
    alone += [await _receipt_us(bench) for _ in rounds]
    told, receipt = (spread(list(times)) for times in zip(*among, strict=True))
    without = spread(alone)
    return Finding(
        title=f"bulk of {_rows(bench)} rows among {others} live queries",
        spread=told,
        floor_p50=without.p50,
        floor="the same with none, before and after",
        target=Target(told.p50 / without.p50, LIMIT, "x without any"),
        details={"receipt_us": receipt.p50, "alone_longest_us": without.longest},
    )


async def _receipt_us(bench: Bench) -> float:
    """How long a bulk commit takes until its receipt."""
    memories = _memories(bench)
    begun = perf_counter_ns()
    await bench.db.commit(*memories)
    return (perf_counter_ns() - begun) / 1000


async def _told_and_receipt_us(bench: Bench, live: LiveQuery[MemoryEntity]) -> tuple[float, float]:
    """How long it takes until `live` shows it, and how long until its receipt."""
    memories = _memories(bench)
    begun = perf_counter_ns()
    receipt = await bench.db.commit(*memories)
    received = perf_counter_ns()
    await live.reached(receipt.seq)
    return (perf_counter_ns() - begun) / 1000, (received - begun) / 1000


def _memories(bench: Bench) -> list[v1.MemoryEntityCreated]:
    """New memories of all personas and types, without embeddings, as one message could not hold those."""
    *others, last = bench.data.more_memories(_rows(bench))
    (head,) = at_the_head([last], bench.data.persona_ids[0], KIND)
    return [replace(memory, embedding=None, embedding_model=None) for memory in (*others, head)]


def _rows(bench: Bench) -> int:
    return min(ROWS, ROWS_FOR_A_RUN * bench.runs)
