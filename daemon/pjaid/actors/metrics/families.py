"""Owns what was measured as Prometheus knows it: families of metrics, named by its rules (pure).

Names begin with `pjai_`, units are seconds and bytes, counters end in `_total`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import NamedTuple

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from pjai_wire.histogram import bucket_of
from pjai_wire.measures import Latency, buckets_of
from pjai_wire.methods import MetersResult

US_PER_S = 1_000_000
BOUNDS_US = tuple(2**power for power in range(6, 27))
"""From 64 µs to 67 s: each is where one of our buckets begins, so that nothing is guessed."""

HELP = {
    "pjai_actor_call_errors": "Calls that an actor answered with an error.",
    "pjai_actor_calls": "Calls that an actor carried out.",
    "pjai_actor_calls_under_way": "Calls that an actor carries out now.",
    "pjai_actor_cpu_seconds": "Processor time of an actor's process.",
    "pjai_actor_memory_bytes": "Resident memory of an actor's process.",
    "pjai_actor_queue": "Calls that wait for an actor.",
    "pjai_actor_restarts": "How often an actor was begun again.",
    "pjai_actor_run_errors": "Periodic work of an actor that failed.",
    "pjai_actor_runs": "Periodic work that an actor did.",
    "pjai_actor_up": "Whether an actor serves.",
    "pjai_cache_bytes": "Answers that are kept.",
    "pjai_cache_entries": "Answers that are kept.",
    "pjai_cache_hits": "Queries that were answered from memory.",
    "pjai_cache_misses": "Queries that had to be read.",
    "pjai_clients": "Clients that are connected.",
    "pjai_codes": "Vectors that searches by meaning go through in memory, quantised.",
    "pjai_codes_bytes": "Size of these.",
    "pjai_cpu_seconds": "Processor time of the daemon.",
    "pjai_database_bytes": "Size of the database file.",
    "pjai_disk_bytes": "Size of the disk that the database is on.",
    "pjai_disk_free_bytes": "What is free on that disk.",
    "pjai_errors": "Requests that were answered with an error.",
    "pjai_events": "Events that were recorded.",
    "pjai_feeds": "Open feeds.",
    "pjai_inline_reads": "Reads of the database on the event loop.",
    "pjai_live_behind": "Live queries and feeds whose client reads too slowly.",
    "pjai_live_queries": "Open live queries.",
    "pjai_live_reads": "Reads that keeping live queries took.",
    "pjai_live_updates": "Changes of live queries that were told.",
    "pjai_live_views": "Computations that live queries share.",
    "pjai_loop_lag_seconds": "How late the event loop is.",
    "pjai_memory_bytes": "Resident memory of the daemon.",
    "pjai_published": "Messages to topics.",
    "pjai_published_bytes": "Messages to topics.",
    "pjai_readers": "Reading connections.",
    "pjai_reply_bytes": "Answers to requests.",
    "pjai_request_bytes": "Requests.",
    "pjai_request_seconds": "From a request's arrival until its answer is sent.",
    "pjai_requests_in_flight": "Requests that are under way.",
    "pjai_rows_changed": "Rows that commits changed.",
    "pjai_sync_seconds": "How long group transactions wait for the disk.",
    "pjai_thread_reads": "Reads of the database in threads.",
    "pjai_transaction_seconds": "Group transactions.",
    "pjai_wal_bytes": "Size of the write-ahead log.",
    "pjai_write_queue": "Writes that wait.",
    "pjai_writes": "Commits and other writes.",
}
_LABELS = {"errors": ("method", "code"), "request": ("method",), "actor": ("actor",)}


class _Named(NamedTuple):
    family: str
    labels: tuple[str, ...]
    """Names of labels."""
    values: tuple[str, ...]
    scale: float
    """By which a value is divided."""


def families(meters: MetersResult) -> Iterator[Metric]:
    """Every family, each with all that there is of it."""
    measures = meters.measures
    yield GaugeMetricFamily("pjai_uptime_seconds", "Since the daemon started.", meters.uptime_ms / 1000)
    counters: dict[str, CounterMetricFamily] = {}
    for one, count in _named(measures.counts):
        counter = counters.setdefault(
            one.family, CounterMetricFamily(one.family, _help(one.family), labels=one.labels)
        )
        counter.add_metric(one.values, count / one.scale)
    gauges: dict[str, GaugeMetricFamily] = {}
    for one, value in _named(measures.gauges):
        gauge = gauges.setdefault(
            one.family, GaugeMetricFamily(one.family, _help(one.family), labels=one.labels)
        )
        gauge.add_metric(one.values, value / one.scale)
    histograms: dict[str, HistogramMetricFamily] = {}
    for name, latency in measures.latencies.items():
        one = _name(f"{name}_us" if ":" not in name else name.replace(":", "_us:", 1))
        histogram = histograms.setdefault(
            one.family, HistogramMetricFamily(one.family, _help(one.family), labels=one.labels)
        )
        histogram.add_metric(one.values, _cumulated(latency), latency.sum_us / US_PER_S)
    yield from (*counters.values(), *gauges.values(), *histograms.values())


def _named(values: Mapping[str, int]) -> Iterable[tuple[_Named, int]]:
    return ((_name(name), value) for name, value in values.items())


def _name(name: str) -> _Named:
    """What a measure is called there."""
    word, *of = name.split(":")
    if word == "actor":
        word, of = f"actor_{of[-1]}", of[:-1]
    labels = _LABELS.get("actor" if word.startswith("actor_") else word.removesuffix("_us"), ())
    if word.endswith("_us"):
        return _Named(f"pjai_{word.removesuffix('_us')}_seconds", labels, tuple(of), US_PER_S)
    return _Named(f"pjai_{word}", labels, tuple(of), 1)


def _help(family: str) -> str:
    return HELP.get(family, "What an actor tells of itself." if family.startswith("pjai_actor_") else "")


def _cumulated(latency: Latency) -> list[tuple[str, float]]:
    """For each bound how many took less than it, and last how many there were."""
    counts = buckets_of(latency)
    firsts = [bucket_of(bound) for bound in BOUNDS_US]
    between = [
        sum(counts.get(bucket, 0) for bucket in range(first, last))
        for first, last in zip([0, *firsts], firsts, strict=False)
    ]
    bounds = [f"{bound / US_PER_S:g}" for bound in BOUNDS_US]
    return [*zip(bounds, map(float, accumulate(between)), strict=True), ("+Inf", float(latency.count))]
