"""Owns what there is to know about a persona's memories as a whole, kept up to date."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from msgspec import Struct

from pjai.clock import clock
from pjai.database import Database
from pjai.derived import computed
from pjai.live_value import LiveValue
from pjai_wire.records import MemoryLink
from pjai_wire.select import Select, count, total
from pjai_wire.tables import memories, memory_links

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

NODES_MAX = 100
"""The most connected memories between which connections are told."""

CONNECTIONS_MAX = 1_000


class MemoryInsights(Struct, frozen=True):
    """A persona's memories as a whole."""

    total: int
    by_type: dict[str, int]
    """How many there are of each type that occurs."""
    by_tier: dict[str, int]
    """How many there are in each tier that occurs."""
    importance_average: float | None
    """None where there is no memory."""
    accessed_last_day: int
    """How many were of use since 24 hours before the present hour began."""
    connections: tuple[MemoryLink, ...]
    """Between the most connected memories, the heaviest first."""


class MemoryTally(Struct, frozen=True):
    """How many memories there are, and of which."""

    total: int
    by_type: dict[str, int]
    by_tier: dict[str, int]
    importance_average: float | None
    """None where there is no memory."""


def memory_groups(persona_id: str) -> Select[dict[str, Any]]:
    """The query whose rows `tally` adds up."""
    theirs = memories.where(persona_id=persona_id)
    return theirs.group_by("type", "memory_tier", n=count(), importance=total(memories.importance))


def tally(groups: Iterable[Mapping[str, Any]]) -> MemoryTally:
    """What the rows of `memory_groups` say together."""
    by_type: Counter[str] = Counter()
    by_tier: Counter[str] = Counter()
    importance = 0
    for group in groups:
        by_type[group["type"]] += group["n"]
        by_tier[group["memory_tier"]] += group["n"]
        importance += group["importance"]
    number = by_type.total()
    return MemoryTally(
        total=number,
        by_type=dict(by_type),
        by_tier=dict(by_tier),
        importance_average=importance / number if number else None,
    )


@asynccontextmanager
async def memory_insights(
    db: Database, persona_id: str, *, now: LiveValue[int] | None = None
) -> AsyncGenerator[LiveValue[MemoryInsights]]:
    """A persona's memories as a whole, kept up to date inside the block.

    The counts and the average are of one state. The other two come from queries of their own, and may show a
    commit a moment earlier or later.

    Args:
        db: where they are.
        persona_id: whose memories.
        now: the present instant in milliseconds since the epoch; by default that of the clock. The day
            begins anew with each hour only, so that programs that ask in the same hour ask the same.
    """
    theirs = memories.where(persona_id=persona_id)
    groups = memory_groups(persona_id)
    connected = (
        theirs.where(memories.connection_count > 0)
        .order_by(memories.connection_count.desc())
        .select("id")
        .limit(NODES_MAX)
    )
    async with AsyncExitStack() as open_until_end:
        present = open_until_end.enter_context(clock()) if now is None else now

        def accessed_last_day() -> Select[dict[str, Any]]:
            since = present.current // HOUR_MS * HOUR_MS - DAY_MS
            return theirs.where(memories.last_accessed_at >= since).group_by(n=count())

        async with (
            db.watch(groups, "memory insights: groups") as grouped,
            db.watch(accessed_last_day, "memory insights: accessed") as accessed,
            db.watch(connected, "memory insights: nodes") as nodes,
            db.watch(lambda: _links_among(nodes.current), "memory insights: connections") as links,
            computed(lambda: _insights(grouped.current, accessed.current, links.current)) as insights,
        ):
            yield insights


def _links_among(nodes: Iterable[Mapping[str, Any]]) -> Select[MemoryLink]:
    # In an order of their own, so that it is another query only where they are other memories.
    ids = sorted(node["id"] for node in nodes)
    return (
        memory_links.where(memory_links.from_id.in_(ids), memory_links.to_id.in_(ids))
        .order_by(memory_links.weight.desc())
        .limit(CONNECTIONS_MAX)
    )


def _insights(
    groups: Iterable[Mapping[str, Any]], accessed: Iterable[Mapping[str, Any]], links: Iterable[MemoryLink]
) -> MemoryInsights:
    counted = tally(groups)
    return MemoryInsights(
        total=counted.total,
        by_type=counted.by_type,
        by_tier=counted.by_tier,
        importance_average=counted.importance_average,
        accessed_last_day=sum(row["n"] for row in accessed),
        connections=tuple(links),
    )
