"""Tests of the signals beside relevance."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pjaid.search.fusion import Candidate
from pjaid.search.signals import DAY_MS, SIGNAL_COLUMNS, Weights, added, may_win

TODAY = 20_000
ALL = Weights(recency=0.1, importance=0.2, tier=0.3, connections=0.4)

memory = st.tuples(
    st.integers(0, 2 * TODAY * DAY_MS),
    st.integers(0, 100),
    st.sampled_from(["hot", "warm", "cold"]),
    st.integers(0, 10_000),
)


def test_each_signal_adds_its_weight_at_most() -> None:
    assert added((TODAY * DAY_MS, 100, "hot", 4), ALL, TODAY) == {
        "recency": 0.1,
        "importance": 0.2,
        "tier": 0.3,
        "connections": 0.2,
    }


def test_what_adds_nothing_is_not_told() -> None:
    assert added((TODAY * DAY_MS, 0, "cold", 0), ALL, TODAY) == {"recency": 0.1}
    assert added((TODAY * DAY_MS, 100, "hot", 4), Weights(), TODAY) == {}


def test_recency_halves_every_thirty_days_and_knows_no_hours() -> None:
    morning, evening = (TODAY - 30) * DAY_MS, (TODAY - 29) * DAY_MS - 1
    assert added((morning,), ALL, TODAY) == added((evening,), ALL, TODAY) == {"recency": 0.05}


def test_a_table_without_a_column_has_no_signal_of_it() -> None:
    assert added((TODAY * DAY_MS, 50), ALL, TODAY) == {"recency": 0.1, "importance": 0.1}
    assert {len(columns) for columns in SIGNAL_COLUMNS.values()} == {1, 2, 4}


@given(memory)
def test_no_signal_takes_away_or_adds_more_than_its_weight(values: tuple[int, int, str, int]) -> None:
    parts = added(values, ALL, TODAY)
    assert all(0 < part <= getattr(ALL, name) for name, part in parts.items())
    assert sum(parts.values()) <= ALL.most + 1e-12


@given(st.lists(st.floats(0, 1), max_size=30), st.data(), st.integers(1, 10))
def test_nothing_that_signals_could_bring_to_the_front_is_passed_over(
    scores: list[float], data: st.DataObject, limit: int
) -> None:
    weights = Weights(recency=0.25)
    candidates = [Candidate(row, score, None, None) for row, score in enumerate(sorted(scores, reverse=True))]
    boosts = [data.draw(st.floats(0, weights.most)) for _ in candidates]
    boosted = sorted(
        ((one.score + boost, one.row) for one, boost in zip(candidates, boosts, strict=True)), reverse=True
    )
    bar = min((score for score, _ in boosted[:limit]), default=0.0)
    looked_at = {one.row for one in may_win(candidates, weights, limit)}
    assert all(row in looked_at for score, row in boosted if score > bar + 1e-9)
    assert len(looked_at) >= min(limit, len(candidates))


def test_without_weights_no_more_than_the_limit_is_looked_at() -> None:
    candidates = [Candidate(row, 1 - row / 10, None, None) for row in range(5)]
    assert may_win(candidates, Weights(), 3) == candidates[:3]


def test_an_unknown_tier_is_a_defect() -> None:
    with pytest.raises(KeyError):
        added((0, 0, "lukewarm", 0), ALL, TODAY)
