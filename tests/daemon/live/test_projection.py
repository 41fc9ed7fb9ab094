"""Tests that a stored row is encoded as a query encodes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pjai_wire.select import either
from pjai_wire.tables import Table, memories, memory_links
from pjaid.live.projection import projection
from pjaid.store.changed import RowChange, positions
from pjaid.store.schema import stored_columns
from pjaid.store.statements import compile_query
from tests.daemon.live import matching
from tests.daemon.live.making import Reference, reference, workflow


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reference]:
    with reference(tmp_path_factory.mktemp("projection")) as made:
        yield made


@settings(max_examples=200, deadline=None)
@given(data=st.data(), table=st.sampled_from([memories, memory_links]))
def test_a_row_travels_as_a_query_answers_it(
    sqlite: Reference, data: st.DataObject, table: Table[Any]
) -> None:
    row = data.draw(matching.rows(table))
    columns = data.draw(st.lists(st.sampled_from(stored_columns(table)), min_size=1, unique_by=str))
    sqlite.connection.execute(f"DELETE FROM {table.table_name}")
    sqlite.insert(table.table_name, [row])
    select = table.select(*columns)
    if table is memories:
        select = select.where(either(memories.deleted_at.is_null(), memories.deleted_at >= 0))
    places = positions(table)
    encoded = projection(tuple((places[column.name], column.kind) for column in columns))
    assert [encoded(row)] == sqlite.encoded(compile_query(select.query))


def test_a_row_is_encoded_once_for_all_that_answer_the_same_columns() -> None:
    columns = ((0, "text"), (1, "text"))
    row, other = workflow("a"), workflow("b")
    change = RowChange("workflows", row, other)
    encoded = change.once(projection(columns), row)
    assert change.once(projection(columns), row) is encoded
    assert change.once(projection(columns), other) != encoded
    assert change.once(projection(columns[:1]), row) != encoded
