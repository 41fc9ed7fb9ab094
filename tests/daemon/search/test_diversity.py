"""Tests of the choice of hits that are unlike each other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pjaid.search.diversity import diverse

scores = st.lists(st.floats(0, 1), max_size=20).map(lambda drawn: sorted(drawn, reverse=True))


def alike(_one: int, _other: int) -> float:
    return 1.0


@given(scores, st.integers(0, 25))
def test_no_diversity_is_the_order_of_scores(drawn: list[float], limit: int) -> None:
    assert diverse(drawn, alike, 0.0, limit) == list(range(len(drawn)))[:limit]


@given(scores, st.floats(0, 1), st.integers(1, 25))
def test_takes_as_many_as_there_are_each_once_and_the_best_first(
    drawn: list[float], diversity: float, limit: int
) -> None:
    taken = diverse(drawn, lambda one, other: (one * 7 + other * 3) % 10 / 10, diversity, limit)
    assert len(taken) == len(set(taken)) == min(limit, len(drawn))
    assert taken[:1] == ([0] if drawn else [])


def test_what_is_like_a_hit_stands_behind_what_is_not() -> None:
    twins = {(0, 1), (1, 0)}
    taken = diverse([1.0, 0.9, 0.5, 0.0], lambda *pair: 1.0 if pair in twins else 0.0, 0.5, 3)
    assert taken == [0, 2, 3]


def test_diversity_1_regards_likeness_alone() -> None:
    taken = diverse([1.0, 0.9, 0.1], lambda one, other: 0.2 if 2 in (one, other) else 0.9, 1.0, 2)
    assert taken == [0, 2]
