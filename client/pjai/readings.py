"""Owns what the measures of a span tell: rates, shares, and what there is of each method and actor (pure)."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from pjai_wire.measures import QUIET, Latency, Measures, merged
from pjai_wire.records import MetricPoint

COVERED = "covered_ms"
"""The count of milliseconds that points cover: one of a second after an idle time covers that too."""

NOTHING = Latency(count=0, sum_us=0, p50_us=0, p99_us=0, buckets=())


class MethodReading(Struct, frozen=True):
    """A method, in a span."""

    method: str
    per_s: float
    p50_us: int
    p99_us: int
    errors: int


class ErrorReading(Struct, frozen=True):
    """An error that a method answered, in a span."""

    method: str
    code: str
    count: int


class Reading(Struct, frozen=True):
    """What a span was like; times are in microseconds, shares between 0 and 1."""

    seconds: float
    requests_per_s: float
    p50_us: int
    """Of all requests; so is the next one."""
    p99_us: int
    errors: tuple[ErrorReading, ...]
    """Most first."""
    methods: tuple[MethodReading, ...]
    """Those that were asked for, most first."""
    events_per_s: float
    writes_per_s: float
    sync: Latency
    reads_per_s: float
    updates_per_s: float
    """Changes of live queries that were told."""
    cache_hit_share: float | None
    """None where nothing was asked that could be kept."""
    cpu_share: float
    """Of one core."""
    loop_lag: Latency
    actors: Mapping[str, Mapping[str, int]]
    """What there is of each actor, by its name; counts are those of the span."""
    gauges: Mapping[str, int]


def reading(measures: Measures, seconds: float) -> Reading:
    """What measures of so many seconds tell."""
    counts, latencies = measures.counts, measures.latencies

    def per_s(*names: str) -> float:
        return sum(counts.get(name, 0) for name in names) / seconds if seconds else 0.0

    asked = {
        name.removeprefix("request:"): latency
        for name, latency in latencies.items()
        if name.startswith("request:") and name.removeprefix("request:") not in QUIET and latency.count
    }
    all_asked = merged(Measures(latencies={"request": one}) for one in asked.values())
    together = all_asked.latencies.get("request", NOTHING)
    errors = _errors(counts)
    hits, misses = counts.get("cache_hits", 0), counts.get("cache_misses", 0)
    return Reading(
        seconds=seconds,
        requests_per_s=together.count / seconds if seconds else 0.0,
        p50_us=together.p50_us,
        p99_us=together.p99_us,
        errors=errors,
        methods=tuple(
            MethodReading(
                method=method,
                per_s=latency.count / seconds if seconds else 0.0,
                p50_us=latency.p50_us,
                p99_us=latency.p99_us,
                errors=sum(error.count for error in errors if error.method == method),
            )
            for method, latency in sorted(asked.items(), key=lambda one: (-one[1].count, one[0]))
        ),
        events_per_s=per_s("events"),
        writes_per_s=per_s("writes"),
        sync=latencies.get("sync", NOTHING),
        reads_per_s=per_s("inline_reads", "thread_reads"),
        updates_per_s=per_s("live_updates"),
        cache_hit_share=hits / (hits + misses) if hits + misses else None,
        cpu_share=per_s("cpu_us") / 1_000_000,
        loop_lag=latencies.get("loop_lag", NOTHING),
        actors=_actors(measures),
        gauges={name: value for name, value in measures.gauges.items() if ":" not in name},
    )


def reading_of(*points: MetricPoint) -> Reading:
    """What points tell together."""
    whole = merged(point.values for point in points)
    return reading(whole, whole.counts.get(COVERED, 0) / 1000)


def _errors(counts: Mapping[str, int]) -> tuple[ErrorReading, ...]:
    found = []
    for name, count in counts.items():
        kind, *of = name.split(":", 2)
        if kind == "errors" and count:
            method, code = of
            found.append(ErrorReading(method, code, count))
    return tuple(sorted(found, key=lambda error: (-error.count, error.method, error.code)))


def _actors(measures: Measures) -> dict[str, dict[str, int]]:
    actors: dict[str, dict[str, int]] = {}
    for name, value in {**measures.counts, **measures.gauges}.items():
        if name.startswith("actor:"):
            _, actor, figure = name.split(":", 2)
            actors.setdefault(actor, {})[figure] = value
    return actors
