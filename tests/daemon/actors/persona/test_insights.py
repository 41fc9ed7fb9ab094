"""Ages and growth of a persona's memories, from when they were made."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pjaid.actors.persona.insights import GROWTH_DAYS, ages, growth

DAY_MS = 24 * 3_600_000
LIMITS_DAYS = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365, "older": 10**6}

ages_ms = st.lists(st.integers(-DAY_MS, 800 * DAY_MS), max_size=60)


def younger(all_ages: list[int], days: int) -> list[int]:
    return [age for age in all_ages if age < days * DAY_MS]


@given(all_ages=ages_ms)
def test_each_memory_is_in_the_bucket_of_its_age(all_ages: list[int]) -> None:
    found = ages(
        younger(all_ages, 30), len(younger(all_ages, 91)), len(younger(all_ages, 365)), len(all_ages)
    )
    expected = dict.fromkeys(LIMITS_DAYS, 0)
    for age in all_ages:
        expected[next(name for name, days in LIMITS_DAYS.items() if age < days * DAY_MS)] += 1
    assert {bucket.name: bucket.memories for bucket in found} == expected
    assert [bucket.name for bucket in found] == list(LIMITS_DAYS)


@given(all_ages=ages_ms)
def test_growth_counts_each_of_the_last_days(all_ages: list[int]) -> None:
    lately = younger(all_ages, GROWTH_DAYS)
    found = growth(lately)
    assert len(found) == GROWTH_DAYS
    assert sum(found) == len(lately)
    assert found[-1] == len(younger(all_ages, 1))
    assert found[0] == len([age for age in lately if age >= (GROWTH_DAYS - 1) * DAY_MS])


def test_numbers_that_were_counted_one_after_the_other_are_never_negative() -> None:
    assert all(bucket.memories >= 0 for bucket in ages([0, 1], 1, 0, 0))
