"""Tests that conjunctions let every match through, by SQLite's word, and leave out what they can."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pjai_wire.query import Condition
from pjai_wire.select import both, either, negated
from pjai_wire.tables import Table, conversations, memories, memory_links, personas
from pjaid.live.conjunctions import CONJUNCTIONS_MAX, Conjunction, Horizon, conjunctions, up_to
from pjaid.live.intervals import Interval
from pjaid.store.changed import Row
from pjaid.store.schema import stored_columns
from tests.daemon.live import matching
from tests.daemon.live.matching import Oracle


def fulfils(row: Row, conjunction: Conjunction) -> bool:
    """The reference: what a conjunction means."""
    return all(row[position] == value for position, value in conjunction.equal.items()) and all(
        lies_in(row[position], interval) for position, interval in conjunction.between.items()
    )


def lies_in(value: Any, interval: Interval) -> bool:
    if value is None:
        return False
    return (interval.low is None or interval.low <= value) and (
        interval.high is None or value <= interval.high
    )


@settings(max_examples=400, deadline=None)
@given(data=st.data(), table=matching.tables)
def test_a_row_that_matches_fulfils_a_conjunction(
    oracle: Oracle, data: st.DataObject, table: Table[Any]
) -> None:
    where = matching.read(table, data.draw(st.lists(matching.conditions(table), max_size=4)))
    row = data.draw(matching.rows(table))
    made = conjunctions(table, where)
    assert len(made) <= CONJUNCTIONS_MAX
    if oracle.matches(table, where, row):
        assert any(fulfils(row, conjunction) for conjunction in made)


def named(table: Table[Any], *where: Condition) -> list[tuple[dict[str, Any], dict[str, Interval]]]:
    """Conjunctions with the names of their columns."""
    names = [column.python_name for column in stored_columns(table)]
    return [
        (
            {names[position]: value for position, value in one.equal.items()},
            {names[position]: interval for position, interval in one.between.items()},
        )
        for one in conjunctions(table, where)
    ]


def test_equalities_and_ranges_bound_their_columns() -> None:
    where = (
        memories.persona_id == "p",
        memories.type.in_(["task", "event", "task"]),
        memories.importance >= 50,
        memories.created_at > 5,
        memories.created_at < 9.0,
    )
    between = {"importance": Interval(50, None), "created_at": Interval(5, 9)}
    assert named(memories, *where) == [
        ({"persona_id": "p", "deleted_at": None, "type": "task"}, between),
        ({"persona_id": "p", "deleted_at": None, "type": "event"}, between),
    ]


def test_values_are_those_that_are_stored() -> None:
    assert named(personas, personas.is_active == True) == [({"is_active": 1}, {})]  # noqa: E712 # a condition
    ((_, between),) = named(memory_links, memory_links.weight <= 1)
    assert isinstance(between["weight"].high, float)


def test_null_is_a_value_to_be_equal_to() -> None:
    assert named(personas, personas.last_used_at == None) == [({"last_used_at": None}, {})]  # noqa: E711 # a condition
    assert named(personas, personas.avatar.is_null()) == [({"avatar": None}, {})]


def test_equality_is_what_two_ends_that_meet_leave() -> None:
    where = (personas.usage_count >= 3, personas.usage_count <= 3)
    assert named(personas, *where) == [({"usage_count": 3}, {})]


@pytest.mark.parametrize(
    "condition",
    [
        personas.name != "a",
        personas.name.like("a%"),
        personas.name.contains("a"),
        personas.name.not_in(["a"]),
        personas.avatar.is_null(False),
        personas.avatar != None,  # noqa: E711 # a condition
        negated(personas.name == "a"),
        both(),
        either(personas.name == "a", personas.description.contains("a")),
    ],
    ids=str,
)
def test_what_bounds_nothing_leaves_any_row(condition: Condition) -> None:
    assert named(personas, condition) == [({}, {})]
    assert named(personas, condition, personas.usage_count == 1) == [({"usage_count": 1}, {})]


@pytest.mark.parametrize("answer", [True, False])
def test_what_is_gathered_from_another_table_bounds_nothing(answer: bool) -> None:
    assert named(conversations, conversations.messages.is_null(answer)) == [({}, {})]


@pytest.mark.parametrize(
    "where",
    [
        (personas.usage_count == 1, personas.usage_count == 2),
        (personas.usage_count == 1, personas.usage_count > 2.0),
        (personas.usage_count > 5, personas.usage_count < 4),
        (personas.avatar == "a", personas.avatar.is_null()),
        (personas.avatar >= "a", personas.avatar.is_null()),
        (personas.name.in_([]),),
        (personas.name.in_(["a", "b"]), personas.name.in_(["c", "d"])),
        (either(),),
        (either(both(personas.name == "a", personas.name == "b"), either()),),
    ],
)
def test_a_contradiction_leaves_no_row(where: tuple[Condition, ...]) -> None:
    assert named(personas, *where) == []


def test_either_is_one_conjunction_each() -> None:
    condition = either(
        both(memories.persona_id == "p", memories.importance >= 90),
        both(memories.persona_id == "q", memories.deleted_at.is_null(False)),
    )
    assert named(memories, condition) == [
        ({"persona_id": "p"}, {"importance": Interval(90, None)}),
        ({"persona_id": "q"}, {}),
    ]


@pytest.mark.parametrize(
    "condition",
    [
        memories.deleted_at.is_null(False),
        negated(memories.deleted_at.is_null()),
        either(both(memories.deleted_at != 5), memories.deleted_at.is_null()),
    ],
    ids=str,
)
def test_deleted_rows_are_let_through_where_a_condition_names_them(condition: Condition) -> None:
    assert named(memories, memories.name == "a") == [({"name": "a", "deleted_at": None}, {})]
    assert named(memories, memories.name == "a", condition) == [({"name": "a"}, {})]


def test_a_list_that_is_too_long_becomes_the_interval_around_it() -> None:
    where = (personas.usage_count.in_(range(100)), personas.name == "a")
    assert named(personas, *where) == [({"name": "a"}, {"usage_count": Interval(0, 99)})]


def test_where_lists_multiply_to_too_many_the_longest_is_widened() -> None:
    where = (
        memories.connection_count.in_(range(12)),
        memories.importance.in_(range(10)),
        memories.type.in_(["task", "event"]),
        memories.memory_tier.in_(["hot", "cold"]),
    )
    made = named(memories, *where)
    assert len(made) == 2 * 2 * 10
    assert all(between == {"connection_count": Interval(0, 11)} for _, between in made)
    assert {equal["importance"] for equal, _ in made} == set(range(10))


def test_too_many_alternatives_become_what_they_have_in_common() -> None:
    alternatives = [
        both(memories.persona_id == "p", memories.importance >= number, memories.embedding_model.is_null())
        for number in range(CONJUNCTIONS_MAX)
    ]
    assert len(named(memories, either(*alternatives))) == CONJUNCTIONS_MAX
    one_more = both(memories.persona_id == "p", memories.importance == 1, memories.embedding_model.is_null())
    assert named(memories, either(*alternatives, one_more)) == [
        (
            {"persona_id": "p", "embedding_model": None, "deleted_at": None},
            {"importance": Interval(0, None)},
        )
    ]


def test_alternatives_without_a_bound_in_common_leave_any_row() -> None:
    alternatives = [personas.usage_count <= number for number in range(CONJUNCTIONS_MAX)]
    assert named(personas, either(*alternatives, personas.usage_count >= 5)) == [({}, {})]
    assert named(personas, either(*alternatives, personas.name == "a")) == [({}, {})]


def test_null_among_too_many_alternatives_leaves_the_column_unbounded() -> None:
    alternatives = [personas.last_used_at == number for number in range(CONJUNCTIONS_MAX)]
    assert named(personas, either(*alternatives, personas.last_used_at.is_null())) == [({}, {})]


integers = st.integers(-3, 3)
intervals = st.one_of(
    integers.map(lambda low: Interval(low, None)),
    integers.map(lambda high: Interval(None, high)),
    st.tuples(integers, integers).map(lambda ends: Interval(min(ends), max(ends))),
)


@given(
    equal=st.dictionaries(st.integers(0, 2), st.none() | integers, max_size=2),
    between=st.dictionaries(st.integers(0, 2), intervals, max_size=2),
    horizon=st.builds(Horizon, st.integers(0, 2), intervals),
    row=st.tuples(*[st.none() | integers] * 3),
)
def test_a_horizon_lets_those_rows_through_that_lie_before_it(
    equal: dict[int, int | None], between: dict[int, Interval], horizon: Horizon, row: Row
) -> None:
    asked = Conjunction(equal, {position: one for position, one in between.items() if position not in equal})
    lets_through = any(fulfils(row, one) for one in up_to(horizon, [asked]))
    if horizon.position in equal:
        assert lets_through == fulfils(row, asked)
    else:
        is_before = lies_in(row[horizon.position], horizon.interval)
        assert lets_through == (fulfils(row, asked) and is_before)


def test_the_bound_of_a_horizon_comes_before_others_that_are_as_open() -> None:
    asked = Conjunction({}, {0: Interval(5, None), 1: Interval(7, None)})
    (bounded,) = up_to(Horizon(1, Interval(9, None)), [asked])
    assert list(bounded.between.items()) == [(1, Interval(9, None)), (0, Interval(5, None))]
    assert up_to(None, [asked]) == (asked,)
