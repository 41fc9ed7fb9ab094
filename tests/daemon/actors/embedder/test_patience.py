"""Patience: pauses double up to a bound, and are short again once it went well."""

from __future__ import annotations

from pjaid.actors.embedder.patience import PAUSE_MS, PAUSE_MS_MAX, Patience


def paused(patience: Patience, now_ms: int = 0) -> int:
    """How long it waits after one more failure."""
    patience.fail("it does not answer", now_ms)
    return patience.rest_ms(now_ms)


def test_pauses_double_up_to_a_bound() -> None:
    patience = Patience()
    pauses = [paused(patience) for _ in range(10)]
    assert pauses[:3] == [PAUSE_MS, 2 * PAUSE_MS, 4 * PAUSE_MS]
    assert pauses[-1] == PAUSE_MS_MAX


def test_it_waits_until_the_pause_is_over() -> None:
    patience = Patience()
    assert patience.rest_ms(5) == 0
    pause_ms = paused(patience, 5)
    assert patience.last_error == "it does not answer"
    assert patience.rest_ms(5 + pause_ms - 1) == 1
    assert patience.rest_ms(5 + pause_ms) == patience.rest_ms(5 + 2 * pause_ms) == 0


def test_a_clock_that_is_put_back_makes_no_pause_longer_than_the_longest() -> None:
    patience = Patience()
    patience.fail("it does not answer", 100 * PAUSE_MS_MAX)
    assert patience.rest_ms(0) == PAUSE_MS_MAX


def test_once_it_went_well_nothing_is_left_of_the_failures() -> None:
    patience = Patience()
    patience.fail("it does not answer", 0)
    patience.fail("it does not answer", 0)
    patience.succeed()
    assert (patience.last_error, patience.tries_again_at) == ("", None)
    assert paused(patience) == PAUSE_MS
