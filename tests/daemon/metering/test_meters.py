"""What is measured in place: requests by their method, errors by their code, writes, and the process."""

from __future__ import annotations

from time import perf_counter_ns

import pytest

from pjai_wire.codec import Decoder, encode
from pjai_wire.limits import MEASURES_MAX
from pjai_wire.measures import QUIET, WAITING
from pjai_wire.methods import MetricsRecordParams
from pjaid.metering.histogram import Histogram
from pjaid.metering.process import ProcessMeter
from pjaid.metering.requests import RequestMeter
from pjaid.metering.writes import WriteMeter

KNOWN = ("query", "commit", "actor_take", "notes.total")


@pytest.fixture
def requests() -> RequestMeter:
    return RequestMeter(lambda method: method in KNOWN)


def answer(requests: RequestMeter, *methods: str) -> None:
    for method in methods:
        requests.answered(method, perf_counter_ns(), 10, 100)


def test_a_histogram_counts_in_microseconds() -> None:
    histogram = Histogram()
    for ns in (999, 1_000, 7_900, 7_000):
        histogram.note(ns)
    told = histogram.told()
    assert (told.count, told.sum_us, told.buckets) == (4, 15, (0, 1, 1, 1, 7, 2))
    assert (told.p50_us, told.p99_us) == (1, 7)


def test_requests_are_counted_by_their_method(requests: RequestMeter) -> None:
    answer(requests, "query", "query", "notes.total")
    told = requests.told()
    assert {name: one.count for name, one in told.latencies.items()} == {
        "request:query": 2,
        "request:notes.total": 1,
    }
    assert (told.counts["request_bytes"], told.counts["reply_bytes"]) == (30, 300)


def test_what_is_about_what_happens_does_not_happen() -> None:
    requests = RequestMeter(lambda method: method in {*KNOWN, *QUIET})
    told: list[int] = []
    requests.waiting.add(lambda: told.append(1))
    answer(requests, *sorted(QUIET))
    assert (requests.happened, told) == (0, [])
    assert {f"request:{name}" for name in QUIET - WAITING} == requests.told().latencies.keys()
    answer(requests, "query", "my secret")
    assert (requests.happened, told) == (2, [1])


def test_methods_that_clients_make_up_are_one(requests: RequestMeter) -> None:
    answer(requests, "my secret", "notes.my_secret")
    requests.failed("my secret", "unknown_method")
    requests.failed("notes.my_secret", "unknown_method")
    told = requests.told()
    assert told.latencies["request:unknown"].count == told.counts["errors:unknown:unknown_method"] == 2
    assert "secret" not in repr(told)


def test_codes_that_actors_make_up_are_one_and_can_be_kept(requests: RequestMeter) -> None:
    for code in ("notes-full", "a:b", *(f"no_note_{number}" for number in range(MEASURES_MAX))):
        requests.failed("notes.total", code)
    counts = requests.told().counts
    assert counts["errors:notes.total:unknown"] == MEASURES_MAX + 2
    asked = encode(MetricsRecordParams(at=0, counts=counts))
    assert Decoder(MetricsRecordParams, "params").decode(asked).counts == counts


def test_an_actor_that_waits_for_work_is_no_slow_request(requests: RequestMeter) -> None:
    answer(requests, *sorted(WAITING))
    assert requests.told().latencies == {}


def test_errors_are_counted_by_method_and_code(requests: RequestMeter) -> None:
    for code in ("unknown_table", "unknown_table", "timed_out"):
        requests.failed("query", code)
    errors = {name: count for name, count in requests.told().counts.items() if name.startswith("errors")}
    assert errors == {"errors:query:unknown_table": 2, "errors:query:timed_out": 1}


def test_writes_are_counted_by_what_they_share(requests: RequestMeter) -> None:
    meter = WriteMeter()
    meter.written(writes=3, events=5, rows_changed=4, ns=9_000, sync_ns=7_000)
    meter.written(writes=1, events=0, rows_changed=0, ns=2_000, sync_ns=1_000)
    told = meter.told()
    assert told.counts == {"writes": 4, "events": 5, "rows_changed": 4}
    assert (told.latencies["transaction"].sum_us, told.latencies["sync"].sum_us) == (11, 8)


def test_an_event_loop_that_wakes_early_is_not_late() -> None:
    meter = ProcessMeter(lambda: 4096)
    meter.late(-5_000)
    meter.late(8_000)
    told = meter.told()
    assert told.latencies["loop_lag"].buckets == (0, 1, 8, 1)
    assert told.gauges == {"memory_bytes": 4096}
    assert told.counts["cpu_us"] > 0
