"""Ages and growth of a persona's memories, from how many days ago they were made."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from pjaid.actors.persona.insights import GROWTH_DAYS, ages, growth

LIMITS_DAYS = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365, "older": 10**6}

all_days = st.lists(st.integers(0, 365), max_size=60)


@given(days=all_days)
def test_each_memory_is_in_the_bucket_of_its_age(days: list[int]) -> None:
    expected = dict.fromkeys(LIMITS_DAYS, 0)
    for age in days:
        expected[next(name for name, limit in LIMITS_DAYS.items() if age < limit)] += 1
    found = ages(Counter(days))
    assert {bucket.name: bucket.memories for bucket in found} == expected
    assert [bucket.name for bucket in found] == list(LIMITS_DAYS)


@given(days=all_days)
def test_growth_counts_each_of_the_last_days(days: list[int]) -> None:
    found = growth(Counter(days))
    assert len(found) == GROWTH_DAYS
    assert sum(found) == len([age for age in days if age < GROWTH_DAYS])
    assert (found[-1], found[0]) == (days.count(0), days.count(GROWTH_DAYS - 1))
