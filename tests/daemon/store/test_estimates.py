"""Tests of estimates: what a plan costs and an index takes, from a sample of the rows."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pjaid.store.estimates import Need, Sample, work
from pjaid.store.values import SqlValue

ROWS = 10_000
OF_TWENTY = [number % 20 for number in range(2_000)]
UNIQUE = [f"{number:08}" for number in range(2_000)]
SAMPLE = Sample(ROWS, {"owner": OF_TWENTY, "name": UNIQUE, "flag": [0] * 2_000})
INDEXES = {"by_owner": ("owner",), "by_owner_and_name": ("owner", "name")}

BY_OWNER = "SEARCH memories USING INDEX by_owner (owner=?)"
SORTED = "USE TEMP B-TREE FOR ORDER BY"


def need(*equal: str, ranges: int = 0, rows_max: int = 10_000, is_grouped: bool = False) -> Need:
    return Need(equal=equal, ranges=ranges, rows_max=rows_max, is_grouped=is_grouped)


def test_values_that_repeat_in_the_sample_are_all_that_there_are() -> None:
    assert SAMPLE.different(["owner"]) == 20
    assert SAMPLE.rows_a_value(["owner"]) == 500


def test_values_that_never_repeat_stand_for_more_than_the_sample_has() -> None:
    assert 2_000 < SAMPLE.different(["name"]) <= ROWS


@given(
    values=st.lists(st.integers(0, 50) | st.text(max_size=3), min_size=1, max_size=200),
    more=st.integers(0, 10_000),
)
def test_there_are_as_many_values_as_were_met_and_no_more_than_rows(
    values: list[int | str], more: int
) -> None:
    sample = Sample(len(values) + more, {"column": values})
    assert len(set(values)) <= sample.different(["column"]) <= sample.rows
    assert 1 <= sample.rows_a_value(["column"]) <= sample.rows


@given(rows=st.integers(2_000, 1_000_000), first=st.integers(1, 40), second=st.integers(1, 40))
def test_a_longer_index_is_larger_and_leads_to_fewer_rows(rows: int, first: int, second: int) -> None:
    chance = random.Random(first * second)
    columns: dict[str, list[SqlValue]] = {
        "a": [chance.randrange(first) for _ in range(500)],
        "b": [chance.random() for _ in range(500)],
    }
    sample = Sample(rows, columns)
    assert sample.index_bytes(["a", "b"]) > sample.index_bytes(["a"]) > 0
    assert sample.rows_a_value(["a", "b"]) <= sample.rows_a_value(["a"])


def test_a_search_looks_at_the_rows_of_a_value() -> None:
    assert work([BY_OWNER], INDEXES, SAMPLE, need("owner")) == pytest.approx(501)


def test_each_bound_of_a_range_leaves_a_quarter() -> None:
    step = "SEARCH memories USING INDEX by_owner_and_name (owner=? AND name>? AND name<?)"
    assert work([step], INDEXES, SAMPLE, need("owner", ranges=1)) == pytest.approx(1 + 500 / 16)


@pytest.mark.parametrize("step", ["SCAN memories", "SCAN memories USING INDEX by_owner"])
def test_a_scan_looks_at_all_rows(step: str) -> None:
    assert work([step], INDEXES, SAMPLE, need(is_grouped=True)) == ROWS + 1


def test_an_index_of_ids_leads_to_one_row() -> None:
    step = "SEARCH memories USING INDEX sqlite_autoindex_memories_1 (id=?)"
    assert work([step], INDEXES, SAMPLE, need("owner")) == 2


def test_what_comes_in_its_order_ends_with_the_limit_and_what_is_sorted_does_not() -> None:
    few = need("owner", rows_max=10)
    in_order = work([BY_OWNER], INDEXES, SAMPLE, few)
    assert in_order == pytest.approx(11)
    partly = work([BY_OWNER, "USE TEMP B-TREE FOR LAST TERM OF ORDER BY"], INDEXES, SAMPLE, few)
    assert partly == in_order
    assert work([BY_OWNER, SORTED], INDEXES, SAMPLE, few) > 501


def test_conditions_that_the_index_does_not_know_make_a_limit_end_later() -> None:
    plain = Sample(ROWS, {"owner": OF_TWENTY, "name": [number % 4 for number in range(2_000)]})
    both = work([BY_OWNER], INDEXES, plain, need("owner", "name", rows_max=10))
    assert both == pytest.approx(1 + 4 * 10)


def test_an_empty_table_costs_nothing_to_speak_of() -> None:
    nothing = Sample(0, {"owner": []})
    assert nothing.index_bytes(["owner"]) == 0
    assert work(["SCAN memories"], {}, nothing, need("owner")) >= 1
