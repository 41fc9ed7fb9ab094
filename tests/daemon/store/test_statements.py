"""Tests that compiled queries find what the contract says: against a reference in plain Python."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import apsw
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pjai_wire.codec import Decoder, encode
from pjai_wire.errors import (
    InvalidQuery,
    InvalidValue,
    LimitExceeded,
    RequestError,
    UnknownColumn,
    UnknownTable,
)
from pjai_wire.methods import CountParams, GetParams
from pjai_wire.query import Query
from pjaid.store import reads, schema
from pjaid.store.database import open_database
from pjaid.store.statements import compile_count, compile_get, compile_query

Row = dict[str, Any]

COLUMNS = {
    "id": st.integers(0, 9).map(str),
    "name": st.sampled_from(["", "a", "A", "ab", "é", "z"]),
    "description": st.sampled_from(["", "x", "x%y", "_"]),
    "personaId": st.none() | st.sampled_from(["p", "q"]),
    "isTemplate": st.booleans(),
    "tags": st.lists(st.sampled_from(["a", "b", "ab"]), max_size=2),
    "executionCount": st.integers(0, 3),
    "lastExecutedAt": st.none() | st.integers(0, 3),
}
COMPARABLE = [name for name in COLUMNS if name != "tags"]
DEFAULTS: Row = {"definition": {}, "isPublic": False, "createdAt": 0, "updatedAt": 0}

workflows = st.lists(st.fixed_dictionaries(COLUMNS), max_size=8, unique_by=lambda row: str(row["id"]))


def comparisons() -> st.SearchStrategy[list[Any]]:
    def of(name: str) -> st.SearchStrategy[list[Any]]:
        column = COLUMNS[name]
        present = column.filter(lambda value: value is not None)
        options = [
            st.tuples(st.just(name), st.sampled_from(["=", "!="]), column),
            st.tuples(st.just(name), st.sampled_from(["<", "<=", ">", ">="]), present),
            st.tuples(st.just(name), st.sampled_from(["in", "not_in"]), st.lists(present, max_size=3)),
            st.tuples(st.just(name), st.just("is_null"), st.booleans()),
        ]
        if name in ("name", "description"):
            options.append(st.tuples(st.just(name), st.just("contains"), present))
        return st.one_of(options).map(list)

    tags = st.tuples(st.just("tags"), st.just("contains"), st.sampled_from(["a", "b", "c"])).map(list)
    return st.sampled_from(COMPARABLE).flatmap(of) | tags


conditions: st.SearchStrategy[Any] = st.recursive(
    comparisons(),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"and": st.lists(inner, max_size=3)}),
        st.fixed_dictionaries({"or": st.lists(inner, max_size=3)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=6,
)
orders = st.lists(
    st.tuples(st.sampled_from(COMPARABLE), st.sampled_from(["asc", "desc"])).map(list),
    max_size=3,
    unique_by=lambda order: str(order[0]),
)


def holds(condition: Any, row: Row) -> bool:
    """The reference: what a condition means."""
    if isinstance(condition, dict):
        ((junction, inner),) = condition.items()
        if junction == "not":
            return not holds(inner, row)
        return (all if junction == "and" else any)(holds(one, row) for one in inner)
    name, operator, value = condition
    mine = row[name]
    match operator:
        case "=" | "!=":
            return bool((mine == value) == (operator == "="))
        case "in" | "not_in":
            return bool((mine in value) == (operator == "in"))
        case "is_null":
            return bool((mine is None) == value)
        case "contains":
            return bool(value in mine)
    if mine is None:
        return False
    left, right = _bytes(mine), _bytes(value)
    results = {
        "<": bool(left < right),
        "<=": bool(left <= right),
        ">": bool(left > right),
        ">=": bool(left >= right),
    }
    return results[operator]


def _bytes(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


def ordered(rows: list[Row], order: list[list[str]]) -> list[Row]:
    """The reference: what an order means, NULLs first in ascending order, ties by id."""

    def compare(left: Row, right: Row) -> int:
        for name, direction in [*order, ["id", "asc"]]:
            one, other = _key(left[name]), _key(right[name])
            if one != other:
                return (-1 if one < other else 1) * (1 if direction == "asc" else -1)
        return 0

    return sorted(rows, key=functools.cmp_to_key(compare))


def _key(value: Any) -> Any:
    return (value is not None, _bytes(value) if value is not None else 0)


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[apsw.Connection]:
    path = tmp_path_factory.mktemp("statements") / "pjai.db"
    opened = open_database(path, "aegis", secrets.token_bytes(32))
    schema.prepare(opened, "store")
    yield opened
    opened.close()


Load = Callable[[list[Row]], None]


@pytest.fixture(scope="module")
def load(connection: apsw.Connection) -> Load:
    """Makes the table hold these rows."""

    def replace(rows: list[Row]) -> None:
        connection.execute("DELETE FROM workflows")
        for row in rows:
            full = row | DEFAULTS | {"tags": encode(row["tags"]), "definition": b"\x80"}
            names = ", ".join(_snake(name) for name in full)
            places = ", ".join("?" * len(full))
            connection.execute(f"INSERT INTO workflows ({names}) VALUES ({places})", list(full.values()))

    return replace


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def found(connection: apsw.Connection, **query: Any) -> list[Row]:
    statement = compile_query(decoded(table="workflows", **query))
    rows = msgspec.msgpack.decode(encode(reads.run(connection, statement, 2**30).rows))
    return [dict(zip(statement.columns, row, strict=True)) for row in rows]


def decoded(**query: Any) -> Query:
    return Decoder(Query).decode(encode(query))


@settings(max_examples=300, deadline=None)
@given(rows=workflows, where=st.lists(conditions, max_size=2), order=orders)
def test_conditions_and_order_mean_what_the_reference_says(
    connection: apsw.Connection, load: Load, rows: list[Row], where: Any, order: Any
) -> None:
    load(rows)
    expected = ordered([row for row in rows if all(holds(one, row) for one in where)], order)
    answered = found(connection, where=where, orderBy=order)
    assert [row["id"] for row in answered] == [row["id"] for row in expected]
    assert [{name: row[name] for name in COLUMNS} for row in answered] == expected
    counted = CountParams(table="workflows", where=decoded(table="workflows", where=where).where)
    assert reads.run(connection, compile_count(counted), 2**30).rows == [(len(expected),)]


@settings(max_examples=150, deadline=None)
@given(rows=workflows, order=orders, size=st.integers(1, 3))
def test_pages_by_cursor_make_the_whole_without_gap_or_repetition(
    connection: apsw.Connection, load: Load, rows: list[Row], order: Any, size: int
) -> None:
    load(rows)
    seen: list[str] = []
    cursor: list[Any] | None = None
    names = [name for name, _ in order]
    while page := found(connection, orderBy=order, limit=size, **({"after": cursor} if cursor else {})):
        seen.extend(row["id"] for row in page)
        cursor = [page[-1][name] for name in names] + ([] if "id" in names else [page[-1]["id"]])
    assert seen == [row["id"] for row in ordered(rows, order)]


@settings(max_examples=100, deadline=None)
@given(rows=workflows, group=st.sampled_from(["personaId", "isTemplate"]))
def test_groups_count_and_measure(
    connection: apsw.Connection, load: Load, rows: list[Row], group: str
) -> None:
    load(rows)
    aggregates = {
        "n": ["count", "*"],
        "runs": ["sum", "executionCount"],
        "mean": ["avg", "lastExecutedAt"],
        "first": ["min", "name"],
        "last": ["max", "lastExecutedAt"],
    }
    for answered in (groups := found(connection, groupBy=[group], aggregates=aggregates)):
        members = [row for row in rows if row[group] == answered[group]]
        times = [row["lastExecutedAt"] for row in members if row["lastExecutedAt"] is not None]
        assert answered["n"] == len(members)
        assert answered["runs"] == sum(row["executionCount"] for row in members)
        assert answered["mean"] == (sum(times) / len(times) if times else None)
        assert answered["first"] == min((row["name"] for row in members), key=str.encode)
        assert answered["last"] == (max(times) if times else None)
    assert len(groups) == len({row[group] for row in rows})


def test_like_ignores_the_case_of_ascii_letters(connection: apsw.Connection, load: Load) -> None:
    base = {name: None if name in ("personaId", "lastExecutedAt") else 0 for name in COLUMNS}
    load(
        [
            base | {"id": str(n), "name": name, "description": "", "tags": []}
            for n, name in enumerate(["Ab", "b"])
        ]
    )
    assert [row["id"] for row in found(connection, where=[["name", "like", "a_"]])] == ["0"]


def test_select_and_omit_choose_columns(connection: apsw.Connection, load: Load) -> None:
    base = {"personaId": None, "isTemplate": False, "executionCount": 0, "lastExecutedAt": None}
    load([base | {"id": "1", "name": "n", "description": "", "tags": []}])
    assert found(connection, select=["name"]) == [{"name": "n"}]
    assert "tags" not in found(connection, omit=["tags"])[0]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"table": "nothing"}, UnknownTable),
        ({"table": "personas", "where": [["colour", "=", "red"]]}, UnknownColumn),
        ({"table": "personas", "orderBy": [["colour", "asc"]]}, UnknownColumn),
        ({"table": "personas", "select": ["colour"]}, UnknownColumn),
        ({"table": "personas", "where": [["name", "~", "x"]]}, InvalidValue),
        ({"table": "personas", "where": [["usageCount", "=", "3"]]}, InvalidValue),
        ({"table": "personas", "where": [["usageCount", "=", 2.5]]}, InvalidValue),
        ({"table": "personas", "where": [["usageCount", "=", 2**60]]}, InvalidValue),
        ({"table": "personas", "where": [["usageCount", "=", True]]}, InvalidValue),
        ({"table": "personas", "where": [["isActive", "=", 1]]}, InvalidValue),
        ({"table": "personas", "where": [["name", "<", None]]}, InvalidValue),
        ({"table": "personas", "where": [["name", "in", "Ada"]]}, InvalidValue),
        ({"table": "personas", "where": [["name", "is_null", 1]]}, InvalidValue),
        ({"table": "personas", "where": [["settings", "=", {}]]}, InvalidQuery),
        ({"table": "personas", "where": [["settings", "contains", "x"]]}, InvalidQuery),
        ({"table": "conversations", "where": [["messages", "is_null", True]]}, InvalidQuery),
        ({"table": "personas", "where": [{"and": [], "or": []}]}, InvalidQuery),
        ({"table": "personas", "where": [{}]}, InvalidQuery),
        ({"table": "personas", "orderBy": [["settings", "asc"]]}, InvalidQuery),
        ({"table": "personas", "select": ["id"], "omit": ["name"]}, InvalidQuery),
        ({"table": "personas", "select": ["id", "id"]}, InvalidQuery),
        ({"table": "personas", "after": ["x", "y"]}, InvalidQuery),
        ({"table": "memories", "where": [["type", "=", "dream"]]}, InvalidValue),
        ({"table": "memories", "aggregates": {"n": ["sum", "*"]}}, InvalidQuery),
        ({"table": "memories", "aggregates": {"n": ["sum", "name"]}}, InvalidQuery),
        ({"table": "memories", "aggregates": {'n"': ["count", "*"]}}, InvalidQuery),
        ({"table": "memories", "groupBy": ["content"]}, InvalidQuery),
        ({"table": "memories", "groupBy": ["type"], "select": ["id"]}, InvalidQuery),
        ({"table": "memories", "groupBy": ["type"], "orderBy": [["name", "asc"]]}, UnknownColumn),
        ({"table": "conversations", "select": ["messages"]}, InvalidQuery),
        ({"table": "conversations", "select": ["messages", "summary"]}, InvalidQuery),
        ({"table": "personas", "where": [["id", "=", "x"]] * 101}, LimitExceeded),
        ({"table": "personas", "where": [["id", "in", ["x"] * 1001]]}, LimitExceeded),
        ({"table": "personas", "limit": 10_001}, InvalidValue),
        ({"table": "personas", "limit": -1}, InvalidValue),
    ],
)
def test_a_query_that_means_nothing_is_refused(query: Row, error: type[RequestError]) -> None:
    with pytest.raises(error):
        compile_query(decoded(**query))


def test_deep_conditions_are_refused() -> None:
    condition: Any = ["id", "=", "x"]
    for _ in range(17):
        condition = {"not": condition}
    with pytest.raises(LimitExceeded):
        compile_query(decoded(table="personas", where=[condition]))


def test_values_are_bound_and_never_text() -> None:
    poison = "'; DROP TABLE personas; --"
    statement = compile_query(
        decoded(table="personas", where=[["name", "=", poison], ["id", "in", [poison]]])
    )
    assert poison not in statement.sql
    assert statement.bindings == [poison, poison]
    assert poison not in compile_get(GetParams(table="personas", id=poison)).sql
