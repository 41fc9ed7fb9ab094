"""What measures tell: rates over the time that they cover, quantiles of all methods together, and of each."""

from __future__ import annotations

from pjai.readings import COVERED, NOTHING, reading, reading_of
from pjai_wire.measures import Measures, latency
from pjai_wire.records import MetricPoint

MEASURES = Measures(
    counts={
        "events": 30,
        "inline_reads": 5,
        "thread_reads": 5,
        "cache_hits": 3,
        "cache_misses": 1,
        "cpu_us": 500_000,
        "errors:query:unknown_table": 1,
        "errors:query:timed_out": 4,
        "errors:get:timed_out": 2,
        "actor:notes:calls": 7,
        "actor:notes:restarts": 1,
    },
    gauges={"clients": 2, "actor:notes:up": 1, "actor:notes:queue": 3},
    latencies={
        "request:query": latency({4: 18, 9: 2}, 90),
        "request:get": latency({12: 80}, 960),
        "request:meters": latency({200: 1_000}, 0),
        "sync": latency({15: 2}, 30),
    },
)


def point(at: int, covered_ms: int, **counts: int) -> MetricPoint:
    measures = Measures(counts={**counts, COVERED: covered_ms})
    return MetricPoint(id=f"1s/{at}", resolution="1s", at=at, values=measures)


def test_rates_are_by_the_second() -> None:
    found = reading(MEASURES, 10)
    assert (found.requests_per_s, found.events_per_s, found.reads_per_s) == (10.0, 3.0, 1.0)
    assert (found.cpu_share, found.cache_hit_share) == (0.05, 0.75)


def test_methods_come_by_how_often_they_are_asked_and_the_meters_own_not_at_all() -> None:
    found = reading(MEASURES, 10)
    assert [(one.method, one.per_s, one.p50_us, one.p99_us, one.errors) for one in found.methods] == [
        ("get", 8.0, 12, 12, 2),
        ("query", 2.0, 4, 9, 5),
    ]
    assert (found.p50_us, found.p99_us) == (12, 12)


def test_errors_come_by_how_often() -> None:
    found = [(one.method, one.code, one.count) for one in reading(MEASURES, 1).errors]
    assert found == [("query", "timed_out", 4), ("get", "timed_out", 2), ("query", "unknown_table", 1)]


def test_what_there_is_of_an_actor_stands_under_its_name() -> None:
    found = reading(MEASURES, 1)
    assert found.actors == {"notes": {"calls": 7, "restarts": 1, "up": 1, "queue": 3}}
    assert found.gauges == {"clients": 2}


def test_of_no_time_and_no_measures_there_is_nothing_to_tell() -> None:
    found = reading(Measures(), 0)
    assert (found.requests_per_s, found.cpu_share, found.cache_hit_share) == (0.0, 0.0, None)
    assert (found.methods, found.errors, found.sync) == ((), (), NOTHING)


def test_a_rate_of_points_is_over_all_the_time_that_they_cover() -> None:
    found = reading_of(point(1_000, 1_000, events=9), point(60_000, 59_000, events=3))
    assert (found.seconds, found.events_per_s) == (60.0, 0.2)
