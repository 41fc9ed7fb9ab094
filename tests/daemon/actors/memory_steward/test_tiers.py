"""The rule of tiers: exact at its bounds, and no memory that it would move escapes the queries for them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pjai_wire import limits
from pjai_wire.query import Condition, Junction
from pjai_wire.tables import memories
from pjaid.actors.memory_steward.tiers import DAY_MS, Standing, doubtful, verdict
from pjaid.live.predicate import predicate
from pjaid.store.changed import positions

NOW = 1_750_000_000_000
COLUMNS = positions(memories)


def reference(days: float, connections: int, importance: int, tier: str) -> str:
    """The product's rule, in its own words."""
    frequency = connections / max(days, 1)
    if frequency > 2 and importance > 70:
        return "hot"
    if frequency > 0.5 or importance > 50:
        return "warm"
    if days > 30 and importance < 30:
        return "cold"
    return tier


def standing(days: float, connections: int, importance: int, *, pinned: bool = False) -> Standing:
    return Standing(NOW - round(days * DAY_MS), importance, connections, pinned)


def moved(memory: Standing) -> str | None:
    found = verdict(memory, NOW)
    return None if found is None else found.tier


@pytest.mark.parametrize(
    ("memory", "tier"),
    [
        (standing(0, 3, 71), "hot"),
        (standing(0, 3, 70), "warm"),
        (standing(0, 2, 71), "warm"),
        (standing(1.49, 3, 71), "hot"),
        (standing(1.5, 3, 71), "warm"),
        (standing(-5, 3, 71), "hot"),
        (standing(0, 1, 0), "warm"),
        (standing(1.99, 1, 0), "warm"),
        (standing(2, 1, 0), None),
        (standing(400, 0, 51), "warm"),
        (standing(400, 0, 50), None),
        (standing(30, 0, 29), None),
        (standing(30.001, 0, 29), "cold"),
        (standing(400, 0, 30), None),
        (standing(400, 201, 0), "warm"),
        (standing(400, 200, 0), "cold"),
        (standing(400, 0, 0, pinned=True), "hot"),
    ],
)
def test_a_memory_moves_at_the_bounds_of_the_rule_and_not_before(memory: Standing, tier: str | None) -> None:
    assert moved(memory) == tier


counts = st.integers(0, 12) | st.integers(0, 2_000)
ages = st.one_of(
    st.integers(-DAY_MS, 500 * DAY_MS),
    st.sampled_from([0.5, 1, 1.5, 2, 4, 5, 6, 8, 16, 30, 32, 64, 128]).flatmap(
        lambda days: st.integers(-1, 1).map(lambda beyond: int(days * DAY_MS) + beyond)
    ),
    counts.flatmap(lambda count: st.sampled_from([count * DAY_MS // 2, 2 * count * DAY_MS])),
)
importances = st.integers(0, 100) | st.sampled_from([29, 30, 50, 51, 70, 71])
standings = st.builds(
    lambda age, importance, count, pinned: Standing(NOW - age, importance, count, pinned),
    ages,
    importances,
    counts,
    st.sampled_from([False, False, False, True]),
)


@given(memory=standings, tier=st.sampled_from(["hot", "warm", "cold"]))
def test_the_rule_is_the_product_s(memory: Standing, tier: str) -> None:
    days = (NOW - memory.last_accessed_at) / DAY_MS
    expected = "hot" if memory.pinned else reference(days, memory.connection_count, memory.importance, tier)
    assert (moved(memory) or tier) == expected


@given(memory=standings, tier=st.sampled_from(["hot", "warm", "cold"]))
def test_whatever_moves_is_looked_at(memory: Standing, tier: str) -> None:
    if (moved(memory) or tier) != tier:
        assert is_looked_at(memory, tier)


@given(
    memory=standings.filter(lambda memory: memory.connection_count <= 8),
    tier=st.sampled_from(["hot", "warm", "cold"]),
)
def test_of_few_connections_nothing_else_is_looked_at(memory: Standing, tier: str) -> None:
    if (moved(memory) or tier) == tier and not is_at_a_bound(memory):
        assert not is_looked_at(memory, tier)


def test_the_queries_are_within_their_limits() -> None:
    for one in doubtful(NOW):
        assert sum(map(size, one.conditions)) + 3 <= limits.QUERY_CONDITIONS_MAX


def size(condition: Condition) -> int:
    """How many conditions one is."""
    if not isinstance(condition, Junction):
        return 1
    members = (condition.all_of or ()) if condition.all_of else (condition.any_of or ())
    return 1 + sum(map(size, members))


def is_looked_at(memory: Standing, tier: str) -> bool:
    values: dict[str, Any] = {
        "lastAccessedAt": memory.last_accessed_at,
        "importance": memory.importance,
        "connectionCount": memory.connection_count,
    }
    row: list[Any] = [None] * len(COLUMNS)
    for name, value in values.items():
        row[COLUMNS[name]] = value
    return any(
        one.tier == tier and one.pinned == memory.pinned and predicate(memories, one.conditions)(tuple(row))
        for one in doubtful(NOW)
    )


def is_at_a_bound(memory: Standing) -> bool:
    """Whether it is so close to a bound that the query takes it in to be sure."""
    age = NOW - memory.last_accessed_at
    return age in (memory.connection_count * DAY_MS // 2, 2 * memory.connection_count * DAY_MS)
