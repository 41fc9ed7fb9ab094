"""What Prometheus reads: parsed by its own parser, named by its own rules."""

from __future__ import annotations

import re
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from pjai_wire.histogram import bucket_of
from pjai_wire.measures import Latency, Measures, latency
from pjai_wire.methods import MetersResult
from pjaid.actors.metrics.families import BOUNDS_US, families

UNITS = ("seconds", "bytes")


class Given:
    """A collector of some measures."""

    def __init__(self, measures: Measures) -> None:
        self._meters = MetersResult(instance="one", at=0, uptime_ms=90_500, happened=0, measures=measures)

    def collect(self) -> list[Metric]:
        return list(families(self._meters))


def parsed(measures: Measures) -> dict[str, Metric]:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Given(measures))
    return {one.name: one for one in text_string_to_metric_families(generate_latest(registry).decode())}


def values(metric: Metric) -> dict[tuple[str, ...], float]:
    return {tuple(value for _, value in sorted(one.labels.items())): one.value for one in metric.samples}


def latency_of(*us: int) -> Latency:
    return latency(Counter(map(bucket_of, us)), sum(us))


def test_a_count_is_a_counter_with_its_labels() -> None:
    found = parsed(Measures(counts={"errors:query:unknown_table": 2, "errors:get:timed_out": 1, "events": 9}))
    assert found["pjai_errors"].type == found["pjai_events"].type == "counter"
    assert [sample.labels for sample in found["pjai_errors"].samples] == [
        {"method": "query", "code": "unknown_table"},
        {"method": "get", "code": "timed_out"},
    ]
    assert values(found["pjai_errors"]) == {("unknown_table", "query"): 2, ("timed_out", "get"): 1}
    assert values(found["pjai_events"]) == {(): 9}


def test_times_are_seconds() -> None:
    found = parsed(Measures(counts={"cpu_us": 1_500_000, "actor:notes:cpu_us": 250_000}))
    assert values(found["pjai_cpu_seconds"]) == {(): 1.5}
    assert values(found["pjai_actor_cpu_seconds"]) == {("notes",): 0.25}
    assert values(found["pjai_uptime_seconds"]) == {(): 90.5}


def test_gauges_of_actors_are_one_family() -> None:
    found = parsed(Measures(gauges={"actor:notes:up": 1, "actor:memory:up": 0, "clients": 3}))
    assert found["pjai_actor_up"].type == "gauge"
    assert values(found["pjai_actor_up"]) == {("notes",): 1, ("memory",): 0}
    assert values(found["pjai_clients"]) == {(): 3}


def test_an_actor_s_own_figures_are_there() -> None:
    found = parsed(Measures(counts={"actor:notes:loaves_baked": 4}))
    assert values(found["pjai_actor_loaves_baked"]) == {("notes",): 4}


@given(st.lists(st.integers(0, 200_000_000), max_size=40))
def test_a_histogram_has_for_each_bound_what_took_less(us: list[int]) -> None:
    found = parsed(Measures(latencies={"request:query": latency_of(*us)}))["pjai_request_seconds"]
    assert found.type == "histogram"
    buckets = {one.labels["le"]: one.value for one in found.samples if one.name.endswith("_bucket")}
    totals = {one.name: one.value for one in found.samples if not one.name.endswith("_bucket")}
    assert buckets.pop("+Inf") == totals["pjai_request_seconds_count"] == len(us)
    assert totals["pjai_request_seconds_sum"] == sum(us) / 1e6
    expected = [sum(one < bound for one in us) for bound in BOUNDS_US]
    assert [*buckets.values()] == expected


def test_names_keep_the_rules_and_every_family_says_what_it_is() -> None:
    names = ("cpu_us", "request_bytes", "cache_hits", "actor:a:calls")
    measures = Measures(
        counts=dict.fromkeys(names, 1),
        gauges={"clients": 1, "wal_bytes": 1},
        latencies={"sync": latency_of(5), "request:get": latency_of(7)},
    )
    for name, family in parsed(measures).items():
        assert re.fullmatch(r"pjai_[a-z][a-z0-9_]*", name)
        assert family.documentation, name
        assert "_us" not in name
        if family.type == "histogram":
            assert name.endswith(UNITS)
