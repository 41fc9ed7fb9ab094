"""Tests of what is due after a number of changes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pjaid.live.countdown import Countdown


def test_an_item_is_due_once_after_its_changes() -> None:
    countdown: Countdown[str] = Countdown()
    countdown.put("a", 3)
    assert [countdown.count(2), countdown.count(1), countdown.count(9)] == [[], ["a"], []]


def test_only_what_was_put_last_counts() -> None:
    countdown: Countdown[str] = Countdown()
    countdown.put("a", 1)
    countdown.put("a", 5)
    countdown.put("b", 1)
    countdown.discard("b")
    countdown.discard("never there")
    assert [countdown.count(4), countdown.count(1)] == [[], ["a"]]


steps = st.lists(st.one_of(st.tuples(st.sampled_from("abc"), st.integers(1, 9)), st.integers(0, 5)))


@given(steps)
def test_each_is_due_as_if_counted_by_itself(steps: list[tuple[str, int] | int]) -> None:
    countdown: Countdown[str] = Countdown()
    left: dict[str, int] = {}
    for step in steps:
        if isinstance(step, tuple):
            countdown.put(*step)
            left[step[0]] = step[1]
            continue
        left = {item: changes - step for item, changes in left.items()}
        due = {item for item, changes in left.items() if changes <= 0}
        assert set(countdown.count(step)) == due
        left = {item: changes for item, changes in left.items() if item not in due}
