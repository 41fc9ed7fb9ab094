"""Restarts: the first at once, then slower and slower, and none for a while where there were too many."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pjaid.supervisor.restart import Budget, Restart, Verdict

RESTART = Restart(most=5, within_s=60, first_delay_s=0.25, longest_delay_s=1.0, down_s=30.0, healthy_s=10.0)
AT_ONCE = Verdict(0.0, is_down=False)
DOWN = Verdict(30.0, is_down=True)


def falls(budget: Budget, count: int, *, now: float = 0.0, up_s: float = 0.0) -> list[Verdict]:
    """What becomes of an actor that falls so often, one second after another."""
    return [budget.fell(now + number, up_s) for number in range(count)]


def delays(verdicts: list[Verdict]) -> list[float]:
    return [verdict.delay_s for verdict in verdicts]


def test_the_first_restart_is_at_once_and_each_further_one_waits_twice_as_long() -> None:
    verdicts = falls(Budget(RESTART, chance=lambda: 0.0), 5)
    assert delays(verdicts) == [0.0, 0.25, 0.5, 1.0, 1.0]
    assert not any(verdict.is_down for verdict in verdicts)


def test_the_jitter_takes_up_to_half_of_a_delay() -> None:
    assert delays(falls(Budget(RESTART, chance=lambda: 1.0), 5)) == [0.0, 0.125, 0.25, 0.5, 0.5]


@given(st.lists(st.floats(0, 1), min_size=5, max_size=5))
def test_a_delay_stays_within_its_bounds_whatever_the_chance(chances: list[float]) -> None:
    drawn = itertools.cycle(chances)
    for delay_s, longest_s in zip(
        delays(falls(Budget(RESTART, chance=lambda: next(drawn)), 5)), (0.0, 0.25, 0.5, 1.0, 1.0), strict=True
    ):
        assert longest_s / 2 <= delay_s <= longest_s


def test_an_actor_that_falls_too_often_is_down_for_a_while() -> None:
    assert falls(Budget(RESTART, chance=lambda: 0.0), 6)[-1] == DOWN


def test_one_that_was_down_is_tried_again_like_a_new_one() -> None:
    budget = Budget(RESTART, chance=lambda: 0.0)
    falls(budget, 6)
    verdicts = falls(budget, 6, now=40.0)
    assert verdicts[0] == AT_ONCE
    assert [verdict.is_down for verdict in verdicts] == [False] * 5 + [True]


def test_falls_of_long_ago_do_not_count() -> None:
    budget = Budget(RESTART, chance=lambda: 0.0)
    falls(budget, 5)
    assert not budget.fell(60.5, up_s=10.0).is_down, "the first has been forgotten"


def test_one_that_never_serves_is_down_however_long_it_takes_to_fall() -> None:
    budget = Budget(RESTART, chance=lambda: 0.0)
    verdicts = [budget.fell(1_000.0 * number, up_s=0.0) for number in range(6)]
    assert [verdict.is_down for verdict in verdicts] == [False] * 5 + [True]


@pytest.mark.parametrize(("up_s", "delay_s"), [(9.9, 0.5), (10.0, 0.0)])
def test_an_actor_that_was_well_for_long_begins_at_once(up_s: float, delay_s: float) -> None:
    budget = Budget(RESTART, chance=lambda: 0.0)
    falls(budget, 2)
    assert budget.fell(20.0, up_s).delay_s == delay_s


def test_being_well_in_between_does_not_save_an_actor_that_falls_too_often() -> None:
    assert falls(Budget(RESTART, chance=lambda: 0.0), 6, up_s=10.0)[-1] == DOWN


def test_a_restart_that_somebody_asked_for_begins_anew() -> None:
    budget = Budget(RESTART, chance=lambda: 0.0)
    falls(budget, 5)
    budget.forgive()
    assert budget.fell(5.0, up_s=0.0) == AT_ONCE


@given(st.lists(st.tuples(st.floats(0, 30), st.floats(0, 20)), max_size=40))
def test_no_span_has_more_restarts_than_allowed(history: list[tuple[float, float]]) -> None:
    budget = Budget(RESTART, chance=lambda: 0.5)
    now, restarted = 0.0, list[float]()
    for pause_s, up_s in history:
        now += pause_s
        verdict = budget.fell(now, up_s)
        if verdict.is_down:
            restarted.clear()
            continue
        restarted.append(now)
        assert len([at for at in restarted if at > now - RESTART.within_s]) <= RESTART.most
