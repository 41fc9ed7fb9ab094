"""Tests that the state of groups is what their rows say: against a reference in plain Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pjai_wire.errors import InvalidQuery, LimitExceeded
from pjai_wire.query import Function, Query
from pjai_wire.tables import memories, memory_links, workflows
from pjaid.store import reads
from pjaid.store.group_state import compile_group_state
from pjaid.store.statements import compile_query
from tests.daemon.store.conftest import Ledger

ROOMY = 2**30
GROUPED = ("persona_id", "is_template")
SUMMED = ("execution_count", "last_executed_at")
ROW = st.tuples(
    st.none() | st.sampled_from("pq"),
    st.booleans().map(int),
    st.integers(-3, 3),
    st.none() | st.integers(-3, 3),
    st.sampled_from(["", "a", "A", "é"]),
)
"""A workflow's persona, whether it is a template, two numbers and its name."""

ON_WIRE = {
    "persona_id": "personaId",
    "is_template": "isTemplate",
    "execution_count": "executionCount",
    "last_executed_at": "lastExecutedAt",
    "name": "name",
}
AGGREGATES: dict[str, tuple[Function, str]] = {
    "n": ("count", "*"),
    "late": ("max", "lastExecutedAt"),
    "runs": ("sum", "executionCount"),
    "first": ("min", "name"),
    "mean": ("avg", "executionCount"),
    "templates": ("count", "isTemplate"),
}
AGGREGATED = ("last_executed_at", "execution_count", "name", "is_template")


def insert(ledger: Ledger, rows: list[tuple[Any, ...]]) -> None:
    ledger.connection.execute("DELETE FROM workflows")
    sql = (
        "INSERT INTO workflows (id, persona_id, is_template, execution_count, last_executed_at, name,"
        " description, definition, is_public, tags, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, '', x'80', 0, x'90', 0, 0)"
    )
    ledger.connection.executemany(sql, [(str(number), *row) for number, row in enumerate(rows)])


def summaries(members: list[dict[str, Any]]) -> Iterator[Any]:
    """The reference: what is read of each column in a group."""
    for name in AGGREGATED:
        yield from summary([member[name] for member in members], is_number=name in SUMMED)


def summary(values: list[Any], *, is_number: bool) -> tuple[Any, ...]:
    present = [value for value in values if value is not None]
    summed = is_number and bool(present)
    return (
        len(present),
        sum(present) if summed else None,
        sum(map(abs, present)) if summed else None,
        min(present, key=as_bytes) if present else None,
        max(present, key=as_bytes) if present else None,
    )


def as_bytes(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROW, max_size=8), group_by=st.sets(st.sampled_from(GROUPED)), least=st.integers(-3, 3))
@example(rows=[], group_by=set(), least=0)
def test_the_state_of_groups_is_what_their_rows_say(
    ledger: Ledger, rows: list[tuple[Any, ...]], group_by: set[str], least: int
) -> None:
    insert(ledger, rows)
    names = ("persona_id", "is_template", "execution_count", "last_executed_at", "name")
    records = [dict(zip(names, row, strict=True)) for row in rows]
    groups: defaultdict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    if not group_by:
        groups[()] = []
    for record in records:
        if record["execution_count"] >= least:
            groups[tuple(record[name] for name in group_by)].append(record)
    query = Query(
        table="workflows",
        where=(("executionCount", ">=", least),),
        group_by=tuple(ON_WIRE[name] for name in group_by),
        aggregates=AGGREGATES,
    )
    compile_query(query)
    state = compile_group_state(query, limit=100)
    assert [column.name for column in state.columns] == [ON_WIRE[name] for name in AGGREGATED]
    expected = [(*values, len(members), *summaries(members)) for values, members in groups.items()]
    found = reads.run_raw(ledger.connection, state.statement, ROOMY).rows
    assert sorted(map(repr, found)) == sorted(map(repr, expected))


def test_no_more_groups_are_read_than_the_limit_says(ledger: Ledger) -> None:
    insert(ledger, [(None, 0, number, None, "") for number in range(5)])
    query = workflows.group_by(workflows.execution_count).query
    assert len(reads.run_raw(ledger.connection, compile_group_state(query, 3).statement, ROOMY).rows) == 3


def test_a_real_column_is_told_in_real_numbers(ledger: Ledger, persona: str) -> None:
    for memory in "ab":
        args = {"id": memory, "personaId": persona, "type": "concept", "name": memory}
        ledger.commit(("v1.MemoryEntityCreated", args))
    ledger.commit(("v1.MemoryEntityLinked", {"id": "l", "fromId": "a", "toId": "b", "weight": 1}))
    query = Query(table=memory_links.table_name, aggregates={"w": ("avg", "weight")})
    found = reads.run_raw(ledger.connection, compile_group_state(query, 1).statement, ROOMY).rows
    assert list(map(repr, found)) == [repr((1, 1, 1.0, 1.0, 1.0, 1.0))]


def test_a_sum_past_the_integers_is_refused(ledger: Ledger) -> None:
    insert(ledger, [(None, 0, 2**62, None, ""), (None, 0, -(2**62), None, "")])
    query = Query(table="workflows", aggregates={"runs": ("sum", "executionCount")})
    with pytest.raises(InvalidQuery, match="larger than an integer"):
        reads.run_raw(ledger.connection, compile_group_state(query, 1).statement, ROOMY)
    assert not ledger.connection.in_transaction


def test_groups_of_large_texts_are_held_to_the_size_of_an_answer(ledger: Ledger) -> None:
    insert(ledger, [(None, 0, 0, None, "long" * 1000)])
    query = workflows.group_by(workflows.name).query
    with pytest.raises(LimitExceeded):
        reads.run_raw(ledger.connection, compile_group_state(query, 1).statement, 1000)


def test_deleted_memories_are_in_no_group(ledger: Ledger, persona: str) -> None:
    for memory in "ab":
        args = {"id": memory, "personaId": persona, "type": "concept", "name": memory}
        ledger.commit(("v1.MemoryEntityCreated", args))
    ledger.commit(("v1.MemoryEntityDeleted", {"id": "a"}))
    query = memories.group_by(memories.type).query
    assert reads.run_raw(ledger.connection, compile_group_state(query, 9).statement, ROOMY).rows == [
        ("concept", 1)
    ]
