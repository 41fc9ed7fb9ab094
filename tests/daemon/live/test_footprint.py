"""Tests that what an answer depends on is all that can change it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pjai_wire.methods import CountParams
from pjai_wire.query import Query
from pjai_wire.select import count, largest
from pjai_wire.tables import Table, conversations, memories, memory_links, workflows
from pjaid.live.footprint import Footprint, footprint, footprint_of_count
from pjaid.live.routes import Routes
from pjaid.store.changed import Row, RowChange
from pjaid.store.statements import compile_count, compile_query
from tests.daemon.live import matching
from tests.daemon.live.making import Reference, became, came, reference, stored, workflow

tables = st.sampled_from([memories, memory_links])


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reference]:
    with reference(tmp_path_factory.mktemp("footprint")) as made:
        yield made


def queries(table: Table[Any]) -> st.SearchStrategy[Query]:
    where = st.lists(matching.conditions(table), max_size=2).map(lambda asked: matching.read(table, asked))
    name = "weight" if table is memory_links else "deletedAt"
    shapes: list[dict[str, Any]] = [
        {},
        {"limit": 2, "order_by": ((name, "desc"),)},
        {"select": ("id",)},
        {"limit": 0},
        {"group_by": ("kind" if table is memory_links else "type",), "aggregates": {"n": ("count", "*")}},
        {"aggregates": {"last": ("max", name)}},
    ]
    return st.builds(
        lambda where, shape: Query(table=table.table_name, where=where, **shape),
        where,
        st.sampled_from(shapes),
    )


@settings(max_examples=250, deadline=None)
@given(data=st.data(), table=tables)
def test_what_does_not_concern_an_answer_leaves_it_as_it_was(
    sqlite: Reference, data: st.DataObject, table: Table[Any]
) -> None:
    query = data.draw(queries(table))
    others = data.draw(st.lists(matching.rows(table), max_size=3, unique_by=lambda row: row[0]))
    before, after = data.draw(st.tuples(*[st.none() | matching.rows(table)] * 2).filter(any))
    change = RowChange(table.table_name, before, None if after is None else _same_id(before, after))
    others = [row for row in others if row[0] != (change.before or change.after or ())[0]]
    statement, counted = (
        compile_query(query),
        compile_count(CountParams(table=query.table, where=query.where)),
    )
    for asked, depends in (
        (statement, footprint(query, statement)),
        (counted, footprint_of_count(query.table, query.where)),
    ):
        answers = []
        for row in (change.before, change.after):
            sqlite.connection.execute(f"DELETE FROM {table.table_name}")
            sqlite.insert(table.table_name, [*others, *([] if row is None else [row])])
            answers.append(sqlite.encoded(asked))
        assert answers[0] == answers[1] or concerns(depends, change)


def _same_id(before: Row | None, after: Row) -> Row:
    return after if before is None else (before[0], *after[1:])


def concerns(depends: Footprint, change: RowChange) -> bool:
    """Whether whoever depends on it is told of a change, and heeds it."""
    routes: Routes[int] = Routes()
    for table, conjunctions in depends.rows:
        routes.add(table, conjunctions, 1)
    return bool(routes.found(change)) and depends.concerns(change)


def of(query: Query) -> Footprint:
    return footprint(query, compile_query(query))


def test_a_column_that_is_not_looked_at_does_not_concern_an_answer() -> None:
    depends = of(workflows.select("id").where(persona_id="p").order_by("name").query)
    row = workflow("a", persona_id="p")
    for changed, matters in (("execution_count", False), ("name", True), ("persona_id", True)):
        values = {"persona_id": "p", changed: 1 if changed == "execution_count" else "q"}
        assert concerns(depends, became(row, workflow("a", **values))) == matters


def test_a_group_depends_on_what_it_is_made_of() -> None:
    depends = of(workflows.group_by("persona_id", last=largest(workflows.updated_at)).query)
    assert concerns(depends, became(workflow("a"), workflow("a", updated_at=1)))
    assert not concerns(depends, became(workflow("a"), workflow("a", name="b")))
    counted = of(workflows.group_by(n=count()).query)
    assert not concerns(counted, became(workflow("a"), workflow("a", updated_at=1)))
    assert concerns(counted, came(workflow("a")))


def test_what_is_gathered_from_another_table_concerns_an_answer() -> None:
    message = RowChange("messages", None, stored(workflows, id="m"))
    assert concerns(of(conversations.all().query), message)
    assert not concerns(of(conversations.omit("messages").query), message)


def test_no_row_concerns_an_answer_without_rows() -> None:
    assert not concerns(of(workflows.limit(0).query), came(workflow("a")))
