"""Tests that a value finds the intervals in which it lies: against a look through all of them."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pjaid.live.intervals import Interval, Intervals

numbers = st.integers(-20, 20) | st.integers(-(2**53), 2**53)
reals = st.floats(-2, 2) | st.floats(allow_nan=False)
texts = st.text(alphabet="aé\0\U0001f600", max_size=3)

Filed = list[tuple[Interval, int]]


def lies_in(value: Any, interval: Interval) -> bool:
    """The reference."""
    return (interval.low is None or interval.low <= value) and (
        interval.high is None or value <= interval.high
    )


def intervals(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Interval]:
    return st.one_of(
        values.map(lambda low: Interval(low, None)),
        values.map(lambda high: Interval(None, high)),
        st.tuples(values, values).map(lambda ends: Interval(min(ends), max(ends))),
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[Filed, Filed, list[Any]]:
    """What is filed, what of it is taken out again, and values to look up, some of them the ends."""
    values = draw(st.sampled_from([numbers, reals, texts]))
    filed = draw(st.lists(st.tuples(intervals(values), st.integers(0, 5)), max_size=20, unique=True))
    removed = draw(st.lists(st.sampled_from(filed), unique=True)) if filed else []
    ends = [end for interval, _ in filed for end in (interval.low, interval.high) if end is not None]
    return filed, removed, draw(st.lists(values, max_size=5)) + ends


@settings(max_examples=500, deadline=None)
@given(case=cases())
def test_a_value_finds_the_items_in_whose_intervals_it_lies(case: tuple[Filed, Filed, list[Any]]) -> None:
    filed, removed, values = case
    index: Intervals[int] = Intervals()
    for interval, item in filed:
        index.add(interval, item)
    for interval, item in removed:
        index.remove(interval, item)
    left = [one for one in filed if one not in removed]
    for value in values:
        expected = sorted(item for interval, item in left if lies_in(value, interval))
        assert sorted(index.stab(value)) == expected
    for interval, item in left:
        index.remove(interval, item)
    assert index.is_empty


@settings(max_examples=300, deadline=None)
@given(
    pair=st.sampled_from([numbers, reals, texts]).flatmap(
        lambda values: st.tuples(intervals(values), intervals(values), values)
    )
)
def test_an_intersection_is_what_lies_in_both_and_a_span_has_both_in_it(
    pair: tuple[Interval, Interval, Any],
) -> None:
    one, other, value = pair
    assert lies_in(value, one.intersection(other)) == (lies_in(value, one) and lies_in(value, other))
    if lies_in(value, one) or lies_in(value, other):
        assert lies_in(value, one.span(other))
    if one.intersection(other).is_empty:
        assert not (lies_in(value, one) and lies_in(value, other))


def test_a_span_is_no_wider_than_it_must_be() -> None:
    assert Interval(1, 2).span(Interval(5, 6)) == Interval(1, 6)
    assert Interval(1, 2).span(Interval(None, 1)) == Interval(None, 2)


def test_null_lies_in_no_interval() -> None:
    index: Intervals[str] = Intervals()
    index.add(Interval(None, 5), "falling")
    index.add(Interval(5, None), "rising")
    index.add(Interval(1, 5), "closed")
    assert list(index.stab(5)) == ["falling", "rising", "closed"]
    assert list(index.stab(None)) == []


@pytest.mark.parametrize("value", [-math.inf, -1e308, -5e-324, 0.0, 5e-324, 1e308, math.inf])
def test_the_extremes_of_real_numbers_are_found(value: float) -> None:
    index: Intervals[str] = Intervals()
    index.add(Interval(value, value), "alone")
    index.add(Interval(-math.inf, math.inf), "all")
    assert set(index.stab(value)) == {"alone", "all"}
    assert set(index.stab(0.5)) == {"all"}


class Counted(int):
    """A number that counts how often it is compared."""

    comparisons = 0

    def __ge__(self, other: int) -> bool:
        Counted.comparisons += 1
        return super().__ge__(other)

    def __le__(self, other: int) -> bool:
        Counted.comparisons += 1
        return super().__le__(other)


@pytest.mark.parametrize("length", [1, 1_000, 86_400_000])
def test_a_lookup_among_many_disjoint_intervals_examines_few(length: int) -> None:
    index: Intervals[int] = Intervals()
    for n in range(10_000):
        index.add(Interval(2 * n * length, (2 * n + 1) * length), n)
    Counted.comparisons = 0
    assert list(index.stab(Counted(5_000 * length + length // 2))) == [2_500]
    assert Counted.comparisons <= 8
