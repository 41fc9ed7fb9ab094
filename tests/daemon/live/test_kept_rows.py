"""Tests that rows kept from changed rows alone are those that SQLite finds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings

from pjai_wire.changes import apply_changes
from pjai_wire.codec import encode
from pjai_wire.query import Query
from pjai_wire.tables import workflows
from pjaid.live.kept_rows import KeptRows
from pjaid.store.statements import compile_query
from tests.daemon.live.asking import row_queries
from tests.daemon.live.making import Drop, Put, Reference, came, left, reference, steps, workflow


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reference]:
    with reference(tmp_path_factory.mktemp("rows")) as made:
        yield made


@settings(max_examples=150, deadline=None)
@given(query=row_queries(), history=steps)
def test_kept_rows_are_those_that_a_query_finds(
    sqlite: Reference, query: Query, history: list[Put | Drop]
) -> None:
    sqlite.clear()
    sqlite.play(history[0])
    statement = compile_query(query)
    kept = KeptRows(query)
    kept.load(kept.digest(sqlite.raw(kept.loading())))
    held = kept.shown().rows
    assert held == sqlite.encoded(statement)
    for step in history[1:]:
        told = [change for one in sqlite.play(step) for change in kept.take(one)]
        if kept.lacks_rows:
            told += kept.refill(kept.digest(sqlite.raw(kept.refilling())))
        assert not kept.lacks_rows
        assert kept.shown().rows == sqlite.encoded(statement)
        if kept.is_exact:
            held = apply_changes(held, told, bytes)
            assert held == kept.shown().rows
    assert kept.bytes_kept >= sum(map(len, kept.shown().rows))


def test_a_row_is_known_by_its_id_even_where_that_is_not_answered() -> None:
    kept = KeptRows(workflows.select("name").query)
    kept.load(kept.digest([workflow("a", name="same"), workflow("b", name="same")]))
    assert len(set(kept.shown().keys)) == 2
    assert not kept.is_exact


def test_rows_that_came_while_the_next_were_read_make_the_reading_void() -> None:
    kept = KeptRows(workflows.select("id").limit(1).query)
    rows = [workflow(f"{number:03}") for number in range(100)]
    kept.load(kept.digest(rows[50:67]))
    for row in rows[50:67]:
        kept.take(left(row))
    kept.refilling()
    for row in reversed(rows[:50]):
        kept.take(came(row))
    assert kept.refill(kept.digest(rows[67:84])) == []
    assert not kept.lacks_rows
    assert kept.shown().rows == [encode(["000"])]
