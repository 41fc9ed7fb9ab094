"""Tests that groups kept from changed rows alone are those that SQLite finds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings

from pjai_wire.codec import encode
from pjai_wire.query import Query
from pjaid.live.kept import NotKept
from pjaid.live.kept_groups import GROUPS_MAX, KeptGroups
from pjaid.store.statements import compile_query
from tests.daemon.live.asking import group_queries
from tests.daemon.live.making import Drop, Put, Reference, became, came, left, reference, steps, workflow


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reference]:
    with reference(tmp_path_factory.mktemp("groups")) as made:
        yield made


def loaded(sqlite: Reference, query: Query) -> KeptGroups:
    kept = KeptGroups(query, compile_query(query))
    kept.load(kept.digest(sqlite.raw(kept.loading())))
    return kept


@settings(max_examples=150, deadline=None)
@given(query=group_queries(), history=steps)
def test_kept_groups_are_those_that_a_query_finds(
    sqlite: Reference, query: Query, history: list[Put | Drop]
) -> None:
    sqlite.clear()
    kept = loaded(sqlite, query)
    for step in history:
        changes = sqlite.play(step)
        try:
            for change in changes:
                kept.take(change)
        except NotKept:
            kept.load(kept.digest(sqlite.raw(kept.loading())))
        assert kept.shown().rows == sqlite.encoded(compile_query(query))
        assert len(set(kept.shown().keys)) == len(kept.shown().keys)


def kept_of(rows: list[dict[str, Any]], **aggregates: Any) -> tuple[KeptGroups, list[Any]]:
    """Workflows by persona, taken one by one, and their rows."""
    query = Query(table="workflows", group_by=("personaId",), aggregates=aggregates)
    kept = KeptGroups(query, compile_query(query))
    kept.load([])
    taken = [workflow(str(number), **row) for number, row in enumerate(rows)]
    for row in taken:
        kept.take(came(row))
    return kept, taken


def shown(kept: KeptGroups) -> list[bytes]:
    return kept.shown().rows


def test_a_group_comes_with_its_first_row_and_goes_with_its_last() -> None:
    kept, (one, other) = kept_of([{"persona_id": "p"}, {"persona_id": None}], n=("count", "*"))
    assert shown(kept) == [encode([None, 1]), encode(["p", 1])]
    kept.take(left(other))
    kept.take(became(one, workflow("0", persona_id="q")))
    assert shown(kept) == [encode(["q", 1])]
    kept.take(left(workflow("0", persona_id="q")))
    assert shown(kept) == []
    assert kept.bytes_kept == 0


def test_the_whole_table_is_a_group_even_without_rows(sqlite: Reference) -> None:
    sqlite.clear()
    aggregates: Any = {"n": ("count", "*"), "runs": ("sum", "executionCount"), "first": ("min", "name")}
    kept = loaded(sqlite, Query(table="workflows", aggregates=aggregates))
    assert shown(kept) == [encode([0, None, None])]
    row = workflow("a", execution_count=2, name="a")
    kept.take(came(row))
    assert shown(kept) == [encode([1, 2, "a"])]
    kept.take(left(row))
    assert shown(kept) == [encode([0, None, None])]


@pytest.mark.parametrize("function", ["min", "max"])
def test_what_follows_an_extreme_that_leaves_must_be_read(function: str) -> None:
    rows = [{"execution_count": count} for count in (1, 2, 3)]
    kept, (low, middle, high) = kept_of(rows, extreme=(function, "executionCount"))
    kept.take(left(middle))
    with pytest.raises(NotKept):
        kept.take(left(low if function == "min" else high))


def test_an_extreme_that_is_exceeded_in_the_same_row_need_not_be_read() -> None:
    kept, (row, _) = kept_of(
        [{"execution_count": 1}, {"execution_count": 5}], least=("min", "executionCount")
    )
    kept.take(became(row, workflow("0", execution_count=0)))
    assert shown(kept) == [encode([None, 0])]


def test_the_last_value_that_leaves_leaves_null() -> None:
    rows: list[dict[str, Any]] = [{"last_executed_at": 7}, {"last_executed_at": None}]
    aggregates: Any = {name: (name, "lastExecutedAt") for name in ("min", "max", "sum", "avg", "count")}
    kept, (known, _) = kept_of(rows, **aggregates)
    assert shown(kept) == [encode([None, 7, 7, 7, 7.0, 1])]
    kept.take(left(known))
    assert shown(kept) == [encode([None, None, None, None, None, 0])]


def test_a_sum_that_some_order_of_adding_would_overflow_is_not_kept() -> None:
    half = 2**62
    kept, _ = kept_of([{"execution_count": half}], runs=("sum", "executionCount"))
    kept.take(came(workflow("b", execution_count=half - 1)))
    assert shown(kept) == [encode([None, 2**63 - 1])]
    with pytest.raises(NotKept):
        kept.take(came(workflow("c", execution_count=-1)))


def test_more_groups_than_are_kept_are_not_kept() -> None:
    query = Query(table="workflows", group_by=("name",))
    kept = KeptGroups(query, compile_query(query))
    rows = [(f"{number:05}", 1) for number in range(GROUPS_MAX)]
    kept.load(rows)
    with pytest.raises(NotKept):
        kept.take(came(workflow("id", name="one more")))
    with pytest.raises(NotKept):
        kept.load([*rows, ("one more", 1)])
