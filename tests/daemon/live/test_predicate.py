"""Tests that conditions are evaluated as SQLite evaluates them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pjai_wire.tables import Table, memories
from pjaid.live.predicate import NOT_EVALUATED, comparisons, predicate
from tests.daemon.live import matching
from tests.daemon.live.making import stored
from tests.daemon.live.matching import Oracle


@settings(max_examples=500, deadline=None)
@given(data=st.data(), table=matching.tables)
def test_a_row_meets_conditions_where_sqlite_finds_it(
    oracle: Oracle, data: st.DataObject, table: Table[Any]
) -> None:
    asked = data.draw(st.lists(matching.conditions(table), max_size=2))
    where = matching.read(table, asked)
    assume(not any(operator in NOT_EVALUATED for _, operator in comparisons(where)))
    meets = predicate(table, where)
    for row in data.draw(st.lists(matching.rows(table), min_size=1, max_size=5)):
        assert meets(row) == oracle.matches(table, where, row)


@pytest.mark.parametrize("name", ["a\0b", "\0", "\ud7ff", "\uffff", "\U00010000", "É", "é"])
@pytest.mark.parametrize("operator", ["=", "!=", "<", "<=", ">", ">=", "contains"])
@pytest.mark.parametrize("value", ["a", "\0", "\0b", "\ue000", "\U0001f600", "é", ""])
def test_texts_compare_by_their_bytes(oracle: Oracle, name: str, operator: str, value: str) -> None:
    where = matching.read(memories, [["name", operator, value]])
    row = stored(memories, id="id", name=name)
    assert predicate(memories, where)(row) == oracle.matches(memories, where, row)


def test_a_deleted_row_meets_only_conditions_that_name_its_deletion() -> None:
    deleted = stored(memories, id="id", deleted_at=1)
    named = matching.read(memories, [{"not": {"and": [["deletedAt", "is_null", True]]}}])
    assert not predicate(memories, ())(deleted)
    assert predicate(memories, named)(deleted)


def test_every_comparison_is_found_however_deep() -> None:
    asked = [
        ["name", "=", "a"],
        {"not": {"or": [["type", "like", "b"], {"and": [["tags", "contains", "c"]]}]}},
    ]
    found = list(comparisons(matching.read(memories, asked)))
    assert found == [("name", "="), ("type", "like"), ("tags", "contains")]
