"""Tests that the keys of rows order them as SQLite does, and name their places in a cursor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pjai_wire.columns import Column
from pjai_wire.query import Query
from pjai_wire.tables import Table, memory_links, workflows
from pjaid.live.intervals import Intervals
from pjaid.live.order import Term, key_values, row_key, values_before, values_key
from pjaid.store.changed import Row, positions
from pjaid.store.conditions import COMPARABLE
from pjaid.store.schema import stored_columns
from pjaid.store.statements import compile_stored_rows, cursor_values, total_order
from tests.daemon.live.making import Reference, reference, stored

texts = st.text(alphabet="\0 a\x7fé\ud7ff\ue000\uffff\U00010000\U0010ffff", max_size=3)
tables = st.sampled_from([workflows, memory_links])


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reference]:
    with reference(tmp_path_factory.mktemp("order")) as made:
        yield made


def values(column: Column) -> st.SearchStrategy[Any]:
    present: dict[str, st.SearchStrategy[Any]] = {
        "text": texts,
        "integer": st.integers(-2, 2) | st.sampled_from([-(2**53) + 1, 2**53 - 1]),
        "real": st.sampled_from([0.0, 0.1, 0.30000000000000004, 0.3, 1.0]),
        "boolean": st.integers(0, 1),
    }
    found = present[column.kind]
    return st.none() | found if column.nullable else found


def rows(table: Table[Any]) -> st.SearchStrategy[list[Row]]:
    ordered = [column for column in stored_columns(table) if column.kind in COMPARABLE]
    row = st.fixed_dictionaries({column.python_name: values(column) for column in ordered})
    return st.lists(row.map(lambda drawn: stored(table, **drawn)), max_size=12, unique_by=lambda row: row[0])


def queries(table: Table[Any]) -> st.SearchStrategy[Query]:
    ordered = [column.name for column in stored_columns(table) if column.kind in COMPARABLE]
    terms: st.SearchStrategy[Any] = st.tuples(st.sampled_from(ordered), st.sampled_from(["asc", "desc"]))
    return st.lists(terms, max_size=3).map(
        lambda order_by: Query(table=table.table_name, order_by=tuple(order_by))
    )


def terms_of(table: Table[Any], query: Query) -> tuple[Term, ...]:
    places = positions(table)
    return tuple(Term(places[column.name], column.kind, way) for column, way in total_order(table, query))


@settings(max_examples=300, deadline=None)
@given(data=st.data(), table=tables)
def test_keys_order_rows_as_sqlite_does(sqlite: Reference, data: st.DataObject, table: Table[Any]) -> None:
    query, drawn = data.draw(queries(table)), data.draw(rows(table))
    sqlite.connection.execute(f"DELETE FROM {table.table_name}")
    sqlite.insert(table.table_name, drawn)
    found = sqlite.raw(compile_stored_rows(query, table.columns))
    assert sorted(drawn, key=row_key(terms_of(table, query))) == found


@settings(max_examples=300, deadline=None)
@given(data=st.data(), table=tables)
def test_a_cursor_names_the_place_of_a_key(sqlite: Reference, data: st.DataObject, table: Table[Any]) -> None:
    query, drawn = data.draw(queries(table)), data.draw(rows(table).filter(bool))
    terms = terms_of(table, query)
    key = row_key(terms)
    chosen = data.draw(st.sampled_from(drawn))
    cursor = key_values(terms, key(chosen))
    assert values_key(terms, cursor_values(total_order(table, query), cursor)) == key(chosen)
    sqlite.connection.execute(f"DELETE FROM {table.table_name}")
    sqlite.insert(table.table_name, drawn)
    beyond = compile_stored_rows(
        Query(table=table.table_name, order_by=query.order_by, after=cursor), table.columns
    )
    assert sqlite.raw(beyond) == sorted((row for row in drawn if key(row) > key(chosen)), key=key)


@settings(max_examples=300, deadline=None)
@given(data=st.data(), table=tables)
def test_up_to_a_place_the_first_column_lies_in_an_interval_or_is_null(
    data: st.DataObject, table: Table[Any]
) -> None:
    query, drawn = data.draw(queries(table)), data.draw(rows(table).filter(bool))
    terms = terms_of(table, query)
    key = row_key(terms)
    chosen = data.draw(st.sampled_from(drawn))
    interval = values_before(terms[0], key(chosen))
    assert (interval is None) == (chosen[terms[0].position] is None)
    if interval is not None:
        within: Intervals[str] = Intervals()
        within.add(interval, "it")
        for row in drawn:
            value = row[terms[0].position]
            if key(row) <= key(chosen) and value is not None:
                assert list(within.stab(value)) == ["it"]
            elif value is not None and value != chosen[terms[0].position]:
                assert list(within.stab(value)) == []
