"""Owns what is measured, as it travels and is kept: counts, gauges and latencies by name (pure).

A name is a word, and after colons what it is of: `commits`, `errors:query:unknown_table`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Annotated

from msgspec import Meta, Struct, field

from pjai_wire import limits
from pjai_wire.fields import Count
from pjai_wire.histogram import BUCKETS, quantile_us

MeasureName = Annotated[
    str, Meta(pattern=r"^[a-z][a-z0-9_]*(:[A-Za-z0-9_.]+)*$(?!\n)", max_length=limits.MEASURE_CHARACTERS_MAX)
]


WAITING = frozenset({"actor_take", "embedding_take"})
"""Methods that are answered when there is work: how long that takes tells nothing."""

QUIET = WAITING | {"meters", "metrics_record", "actor_heartbeat"}
"""Methods that are asked whether anything happens or not."""


class Latency(Struct, frozen=True, kw_only=True, rename="camel"):
    """How long something took, each time that it happened; all times in microseconds."""

    count: Count
    sum_us: Count
    p50_us: Count
    p99_us: Count
    buckets: Annotated[tuple[int, ...], Meta(max_length=2 * BUCKETS)]
    """A bucket and how many fell into it, and so on: those that are not empty, in their order."""

    def __post_init__(self) -> None:
        numbers = self.buckets[::2]
        if len(self.buckets) % 2 or any(one >= next_one for one, next_one in pairwise(numbers)):
            raise ValueError("buckets are pairs, in their order")
        if numbers and not 0 <= numbers[0] <= numbers[-1] < BUCKETS:
            raise ValueError(f"there are {BUCKETS} buckets")
        if any(number < 1 for number in self.buckets[1::2]) or sum(self.buckets[1::2]) != self.count:
            raise ValueError("the buckets do not hold what was counted")


class Measures(Struct, frozen=True, kw_only=True, rename="camel"):
    """What was measured in a span of time, or since a daemon started."""

    counts: dict[str, Count] = field(default_factory=dict)
    """How often something happened in it, or how much of it."""
    gauges: dict[str, Count] = field(default_factory=dict)
    """What was at hand, at most."""
    latencies: dict[str, Latency] = field(default_factory=dict)
    """How long things took."""


def latency(buckets: Mapping[int, int], sum_us: int) -> Latency:
    """A latency from how many fell into each bucket."""
    filled = sorted((bucket, number) for bucket, number in buckets.items() if number)
    count = sum(number for _, number in filled)
    return Latency(
        count=count,
        sum_us=sum_us,
        p50_us=quantile_us(filled, count, 0.5),
        p99_us=quantile_us(filled, count, 0.99),
        buckets=tuple(one for pair in filled for one in pair),
    )


def buckets_of(measured: Latency) -> dict[int, int]:
    """How many fell into each bucket."""
    return dict(zip(measured.buckets[::2], measured.buckets[1::2], strict=True))


def joined(some: Iterable[Measures]) -> Measures:
    """What several parts measured in one span, each under names of its own."""
    counts: dict[str, int] = {}
    gauges: dict[str, int] = {}
    latencies: dict[str, Latency] = {}
    for one in some:
        counts |= one.counts
        gauges |= one.gauges
        latencies |= one.latencies
    return Measures(counts=counts, gauges=gauges, latencies=latencies)


def merged(some: Iterable[Measures]) -> Measures:
    """What was measured in several spans together, whatever their order.

    Counts and latencies add up, so that a quantile of the whole is as exact as one of a part; a gauge is the
    largest of its values.
    """
    counts: Counter[str] = Counter()
    gauges: dict[str, int] = {}
    buckets: dict[str, Counter[int]] = {}
    sums: Counter[str] = Counter()
    for one in some:
        counts.update(one.counts)
        for name, value in one.gauges.items():
            gauges[name] = max(value, gauges.get(name, value))
        for name, measured in one.latencies.items():
            buckets.setdefault(name, Counter()).update(buckets_of(measured))
            sums[name] += measured.sum_us
    latencies = {name: latency(found, sums[name]) for name, found in buckets.items()}
    return Measures(counts=dict(counts), gauges=gauges, latencies=latencies)


def increase(before: Measures, after: Measures) -> Measures:
    """What was measured between two moments, of what was measured until each.

    What is less than it was began anew in between, as with an actor that was restarted: then all of it is
    new. What stayed as it was is left out. Gauges are those of the second moment.
    """
    counts = {name: _increase(before.counts.get(name, 0), value) for name, value in after.counts.items()}
    latencies = {
        name: _latency_increase(before.latencies.get(name), one)
        for name, one in after.latencies.items()
        if one != before.latencies.get(name)
    }
    return Measures(
        counts={name: value for name, value in counts.items() if value},
        gauges=after.gauges,
        latencies={name: one for name, one in latencies.items() if one.count},
    )


def _increase(before: int, after: int) -> int:
    return after - before if after >= before else after


def _latency_increase(before: Latency | None, after: Latency) -> Latency:
    if before is None or before.count > after.count:
        return after
    buckets = buckets_of(after)
    for bucket, number in zip(before.buckets[::2], before.buckets[1::2], strict=True):
        buckets[bucket] = buckets.get(bucket, 0) - number
    if before.sum_us > after.sum_us or any(number < 0 for number in buckets.values()):
        return after
    return latency(buckets, after.sum_us - before.sum_us)
