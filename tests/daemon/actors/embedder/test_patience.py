"""Patience: pauses double up to a bound, and are short again once it went well."""

from __future__ import annotations

from pjaid.actors.embedder.patience import PAUSE_MS, PAUSE_MS_MAX, Patience


def test_pauses_double_up_to_a_bound() -> None:
    patience = Patience()
    pauses = [patience.fail("it does not answer", 0) for _ in range(10)]
    assert pauses[:3] == [PAUSE_MS, 2 * PAUSE_MS, 4 * PAUSE_MS]
    assert pauses[-1] == PAUSE_MS_MAX


def test_it_waits_until_the_pause_is_over() -> None:
    patience = Patience()
    assert not patience.is_waiting(5)
    pause_ms = patience.fail("it does not answer", 5)
    assert patience.last_error == "it does not answer"
    assert patience.is_waiting(5 + pause_ms - 1)
    assert not patience.is_waiting(5 + pause_ms)


def test_once_it_went_well_nothing_is_left_of_the_failures() -> None:
    patience = Patience()
    patience.fail("it does not answer", 0)
    patience.fail("it does not answer", 0)
    patience.succeed()
    assert (patience.last_error, patience.tries_again_at) == ("", None)
    assert patience.fail("again", 0) == PAUSE_MS
