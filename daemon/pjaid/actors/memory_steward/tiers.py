"""Owns the rule of tiers, and which memories may have come to stand elsewhere by it (pure).

days       since the last access, a real number
frequency  connections / max(days, 1)

pinned                                      hot
frequency > 2   and importance > 70         hot
frequency > 0.5 or  importance > 50         warm
days > 30       and importance < 30         cold
otherwise it stays where it is
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from pjai_wire.fields import MemoryTier, TierReason
from pjai_wire.query import Condition
from pjai_wire.select import both, either
from pjai_wire.tables import memories

DAY_MS = 86_400_000

HOT_FREQUENCY, HOT_IMPORTANCE = 2, 70
WARM_FREQUENCY, WARM_IMPORTANCE = 0.5, 50
COLD_DAYS, COLD_IMPORTANCE = 30, 30

_BUCKETS: tuple[tuple[int, int | None], ...] = (
    *((count, count) for count in range(1, 9)),
    *((9, 16), (17, 32), (33, 64), (65, None)),
)
"""Numbers of connections, from 1 on. A query cannot divide; but of a number it can say how old a memory with
so many connections must be to have crossed a bound, and of a range how old at least."""


class Standing(Struct, frozen=True):
    """What the rule looks at."""

    last_accessed_at: int
    importance: int
    connection_count: int
    pinned: bool


class Verdict(Struct, frozen=True):
    """Where a memory belongs, and why."""

    tier: MemoryTier
    reason: TierReason


class Doubtful(Struct, frozen=True):
    """Memories of one tier that may belong to another: all that do are among them."""

    tier: MemoryTier
    pinned: bool
    conditions: tuple[Condition, ...]


def verdict(memory: Standing, now_ms: int) -> Verdict | None:
    """Where a memory belongs; None where it stays, wherever that is."""
    if memory.pinned:
        return Verdict("hot", "pinned")
    days = (now_ms - memory.last_accessed_at) / DAY_MS
    frequency = memory.connection_count / max(days, 1)
    if frequency > HOT_FREQUENCY and memory.importance > HOT_IMPORTANCE:
        return Verdict("hot", "frequent_and_important")
    if frequency > WARM_FREQUENCY:
        return Verdict("warm", "frequent")
    if memory.importance > WARM_IMPORTANCE:
        return Verdict("warm", "important")
    if days > COLD_DAYS and memory.importance < COLD_IMPORTANCE:
        return Verdict("cold", "old_and_unimportant")
    return None


def doubtful(now_ms: int) -> Iterator[Doubtful]:
    """The memories to look at: those whose bounds can have been crossed.

    In each tier they are a range of importance, which an index holds in order and with its tiers, and of that
    those with few enough days or too many for their connections. Where nothing has changed they are next
    to none.
    """
    accessed, importance = memories.last_accessed_at, memories.importance
    often_enough = either(*_by_connections(WARM_FREQUENCY, lambda bound: accessed >= now_ms - bound))
    old = (importance < COLD_IMPORTANCE, accessed < now_ms - COLD_DAYS * DAY_MS)
    seldom = either(
        memories.connection_count == 0,
        *_by_connections(WARM_FREQUENCY, lambda bound: accessed <= now_ms - bound, is_least=True),
    )
    not_hot = either(
        importance <= HOT_IMPORTANCE,
        memories.connection_count <= HOT_FREQUENCY,
        *_by_connections(HOT_FREQUENCY, lambda bound: accessed <= now_ms - bound, is_least=True),
    )
    hot = either(*_by_connections(HOT_FREQUENCY, lambda bound: accessed >= now_ms - bound))
    yield Doubtful("hot", False, (importance > WARM_IMPORTANCE, not_hot))
    yield Doubtful("hot", False, (importance <= WARM_IMPORTANCE, often_enough))
    yield Doubtful("hot", False, (*old, seldom))
    yield Doubtful("warm", False, (importance > HOT_IMPORTANCE, hot))
    yield Doubtful("warm", False, (*old, seldom))
    yield Doubtful("cold", False, (importance > WARM_IMPORTANCE,))
    yield Doubtful("cold", False, (importance <= WARM_IMPORTANCE, often_enough))
    yield Doubtful("warm", True, ())
    yield Doubtful("cold", True, ())


def _by_connections(
    frequency: float, within: Callable[[int], Condition], *, is_least: bool = False
) -> Iterator[Condition]:
    """For each bucket, the memories with so many connections and an access on one side of a bound.

    Args:
        frequency: connections a day.
        within: the condition on the access, given how many milliseconds ago the bound is.
        is_least: whether the bound is that of the bucket's smallest number, or else of its largest.
    """
    for low, high in _BUCKETS:
        count = memories.connection_count
        numbers = [count == low] if low == high else [count >= low]
        if high is not None and high != low:
            numbers.append(count <= high)
        bound = low if is_least else high
        # Within a day the frequency is the number itself, however long ago it was.
        if bound is not None and bound > frequency:
            numbers.append(within(int(bound / frequency * DAY_MS)))
        elif bound is not None and not is_least:
            continue
        yield both(*numbers)
