"""Buckets of latencies: every time has one, and a quantile of them is near that of the times."""

from __future__ import annotations

import math
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from pjai_wire.histogram import BUCKETS, US_MAX, bucket_of, least_of, middle_of, quantile_us
from pjai_wire.measures import Latency, Measures, buckets_of, increase, latency, merged

ERROR_MAX = 1 / 16

times = st.integers(0, US_MAX) | st.integers(0, 100_000)
names = st.sampled_from(["commit", "request:query", "errors:query:timed_out"])


def latency_of(us: list[int]) -> Latency:
    return latency(Counter(map(bucket_of, us)), sum(us))


measures = st.builds(
    Measures,
    counts=st.dictionaries(names, st.integers(0, 1_000)),
    gauges=st.dictionaries(names, st.integers(0, 1_000)),
    latencies=st.dictionaries(names, st.lists(times, max_size=20).map(latency_of)),
)


@given(times)
def test_a_time_lies_in_its_bucket(us: int) -> None:
    bucket = bucket_of(us)
    assert 0 <= bucket < BUCKETS
    assert least_of(bucket) <= us < least_of(bucket + 1)


@given(times, times)
def test_buckets_are_in_the_order_of_their_times(one: int, other: int) -> None:
    assert (bucket_of(one) <= bucket_of(other)) or one > other


@given(times)
def test_the_middle_of_a_bucket_is_near_every_time_in_it(us: int) -> None:
    assert abs(middle_of(bucket_of(us)) - us) <= us * ERROR_MAX


def test_what_takes_longer_than_all_buckets_counts_in_the_last() -> None:
    assert bucket_of(US_MAX * 1000) == BUCKETS - 1


@given(st.lists(times, min_size=1), st.floats(0, 1))
def test_a_quantile_is_as_near_to_that_of_the_times_as_a_bucket_is_wide(us: list[int], share: float) -> None:
    told = latency_of(us)
    exact = sorted(us)[max(1, math.ceil(share * len(us))) - 1]
    pairs = sorted(buckets_of(told).items())
    assert abs(quantile_us(pairs, len(us), share) - exact) <= exact * ERROR_MAX


def test_nothing_counted_has_quantiles_of_nothing() -> None:
    assert quantile_us([], 0, 0.99) == 0


@given(st.lists(st.lists(times, max_size=20), max_size=5))
def test_merged_latencies_are_those_of_all_times_together(parts: list[list[int]]) -> None:
    whole = merged(Measures(latencies={"commit": latency_of(us)}) for us in parts)
    together = latency_of([us for part in parts for us in part])
    assert whole.latencies.get("commit", latency({}, 0)) == together


@given(st.lists(measures, max_size=5))
def test_counts_add_up_and_gauges_are_the_largest(some: list[Measures]) -> None:
    whole = merged(some)
    for name in {name for one in some for name in one.counts}:
        assert whole.counts[name] == sum(one.counts.get(name, 0) for one in some)
    for name in {name for one in some for name in one.gauges}:
        assert whole.gauges[name] == max(one.gauges[name] for one in some if name in one.gauges)


@given(measures, measures, measures)
def test_how_spans_are_put_together_makes_no_difference(
    one: Measures, two: Measures, three: Measures
) -> None:
    assert (
        merged((merged((one, two)), three))
        == merged((one, merged((two, three))))
        == merged((three, one, two))
    )


@given(measures, measures)
def test_the_increase_is_what_was_added(before: Measures, added: Measures) -> None:
    found = increase(before, merged((before, added)))
    assert found.counts == {name: count for name, count in added.counts.items() if count}
    assert found.latencies == {name: one for name, one in added.latencies.items() if one.count}


def test_what_began_anew_is_all_new() -> None:
    before = Measures(counts={"calls": 5}, latencies={"commit": latency_of([1, 2, 3])})
    after = Measures(counts={"calls": 2}, latencies={"commit": latency_of([9])})
    assert increase(before, after) == after


def test_a_latency_that_began_anew_and_was_busier_is_all_new() -> None:
    before = Measures(latencies={"commit": latency_of([1, 2])})
    after = Measures(latencies={"commit": latency_of([9, 9, 9])})
    assert increase(before, after) == after
