"""Tests that routes lead from a changed row to all that it can concern, and to little else."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pjai_wire.ids import new_id
from pjai_wire.query import Condition
from pjai_wire.tables import Table, memories, personas
from pjaid.live.conjunctions import conjunctions
from pjaid.live.routes import Routes
from pjaid.store.changed import Row, RowChange
from pjaid.store.schema import stored_columns
from tests.daemon.live import matching
from tests.daemon.live.matching import Oracle


@st.composite
def queries(draw: st.DrawFn, table: Table[Any]) -> list[tuple[Condition, ...]]:
    where = st.lists(matching.conditions(table), max_size=3).map(lambda parts: matching.read(table, parts))
    return draw(st.lists(where, min_size=1, max_size=6))


def filed(table: Table[Any], wheres: list[tuple[Condition, ...]]) -> Routes[int]:
    """Routes to the positions of queries in a list."""
    routes: Routes[int] = Routes()
    for item, where in enumerate(wheres):
        routes.add(table.table_name, conjunctions(table, where), item)
    return routes


@settings(max_examples=300, deadline=None)
@given(data=st.data(), table=matching.tables)
def test_a_query_is_found_by_a_row_that_matches_before_or_after(
    oracle: Oracle, data: st.DataObject, table: Table[Any]
) -> None:
    wheres = data.draw(queries(table))
    before = data.draw(matching.rows(table))
    after = data.draw(matching.rows(table) | changed_in_places(before, table))
    routes = filed(table, wheres)
    name = table.table_name
    left, came = routes.found(RowChange(name, before, None)), routes.found(RowChange(name, None, after))
    found = routes.found(RowChange(name, before, after))
    assert len(set(found)) == len(found)
    assert set(found) == {*left, *came}
    for item, where in enumerate(wheres):
        if oracle.matches(table, where, before):
            assert item in left
        if oracle.matches(table, where, after):
            assert item in came


def changed_in_places(row: Row, table: Table[Any]) -> st.SearchStrategy[Row]:
    """Rows that have most of their values from `row`."""
    return st.tuples(matching.rows(table), st.sets(st.sampled_from(range(len(row))), max_size=2)).map(
        lambda drawn: tuple(drawn[0][at] if at in drawn[1] else row[at] for at in range(len(row)))
    )


@settings(max_examples=100, deadline=None)
@given(data=st.data(), table=matching.tables)
def test_what_is_removed_is_forgotten_and_leaves_nothing_behind(
    data: st.DataObject, table: Table[Any]
) -> None:
    wheres = data.draw(queries(table))
    change = RowChange(table.table_name, None, data.draw(matching.rows(table)))
    routes = filed(table, wheres)
    before = routes.found(change)
    left = set(range(len(wheres)))
    for item in data.draw(st.permutations(range(len(wheres)))):
        routes.remove(item)
        left.remove(item)
        assert len(routes) == len(left)
        assert set(routes.found(change)) == {found for found in before if found in left}
    assert routes.is_empty


def memory(**values: Any) -> Row:
    """A stored memory."""
    defaults: dict[str, Any] = {"persona_id": "p", "type": "task", "importance": 0, "created_at": 0}
    return tuple((defaults | values).get(column.python_name) for column in stored_columns(memories))


def inserted(**values: Any) -> RowChange:
    return RowChange("memories", None, memory(**values))


def test_an_item_that_no_row_can_concern_is_counted_and_never_found() -> None:
    impossible = (memories.importance == 1, memories.importance == 2)
    routes = filed(memories, [impossible])
    assert len(routes) == 1
    assert not routes.is_empty
    assert routes.found(inserted(importance=1)) == []
    routes.remove(0)
    assert routes.is_empty


def test_an_item_may_be_found_by_the_rows_of_two_tables() -> None:
    routes: Routes[str] = Routes()
    routes.add("memories", conjunctions(memories, [memories.persona_id == "p"]), "item")
    routes.add("personas", conjunctions(personas, [personas.id == "p"]), "item")
    persona = tuple("p" if column.name == "id" else None for column in stored_columns(personas))
    assert routes.found(inserted()) == ["item"]
    assert routes.found(RowChange("personas", persona, None)) == ["item"]
    assert routes.found(RowChange("workflows", persona, None)) == []
    routes.remove("item")
    assert routes.is_empty


def test_an_item_of_two_equal_conjunctions_is_filed_once() -> None:
    routes: Routes[str] = Routes()
    for condition in (memories.importance >= 1, memories.importance <= 1, memories.name >= "a"):
        routes.add("memories", 2 * conjunctions(memories, [condition]), "item")
        assert routes.found(inserted(importance=1, name="a")) == ["item"]
        routes.remove("item")
        assert routes.is_empty


def test_an_update_that_enters_leaves_or_stays_finds_the_query_once() -> None:
    routes = filed(memories, [(memories.persona_id == "p", memories.importance >= 50)])
    low, high = memory(importance=49), memory(importance=50)
    assert routes.found(RowChange("memories", low, high)) == [0]
    assert routes.found(RowChange("memories", high, low)) == [0]
    assert routes.found(RowChange("memories", high, memory(importance=51))) == [0]
    assert routes.found(RowChange("memories", high, memory(importance=50, name="new"))) == [0]
    assert routes.found(RowChange("memories", low, memory(importance=48))) == []
    assert routes.found(RowChange("memories", high, memory(importance=50, persona_id="q"))) == [0]


def test_a_closed_interval_is_filed_rather_than_an_open_one() -> None:
    wheres: list[tuple[Condition, ...]] = [
        (memories.importance >= 1, memories.created_at >= 10 * day, memories.created_at <= 10 * day + 5)
        for day in range(100)
    ]
    assert filed(memories, wheres).found(inserted(importance=90, created_at=503)) == [50]


def test_among_ten_thousand_queries_a_change_finds_those_of_its_values() -> None:
    people = [new_id() for _ in range(50)]
    types = ["person", "task"]
    wheres: list[tuple[Condition, ...]] = [
        (memories.persona_id == person, memories.type == kind, memories.importance >= least)
        for person in people
        for kind in types
        for least in range(100)
    ]
    routes = filed(memories, wheres)
    assert len(routes) == 10_000
    change = inserted(persona_id=people[7], type="task", importance=4)
    assert routes.found(change) == [7 * 200 + 100 + least for least in range(5)]
    assert routes.found(inserted(persona_id="nobody", type="task", importance=99)) == []


def test_among_ten_thousand_disjoint_spans_of_time_a_row_finds_its_own() -> None:
    day_ms = 86_400_000
    wheres: list[tuple[Condition, ...]] = [
        (memories.created_at >= day * day_ms, memories.created_at < (day + 1) * day_ms)
        for day in range(10_000)
    ]
    routes = filed(memories, wheres)
    moved = RowChange("memories", memory(created_at=5 * day_ms + 1), memory(created_at=9_000 * day_ms + 1))
    assert routes.found(moved) == [5, 9_000]
    for item in range(10_000):
        routes.remove(item)
    assert routes.is_empty
