"""Filters as they are typed: what they become, and what is wrong with those that become nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pjai import memories, personas, system_config
from pjai.cli.conditions import aggregate, column_named, columns_named, condition, ordering
from pjai_wire.columns import Ordering
from pjai_wire.errors import InvalidQuery, InvalidValue, UnknownColumn


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("importance>=50", ("importance", ">=", 50)),
        ("importance >= 50", ("importance", ">=", 50)),
        ("importance!=50", ("importance", "!=", 50)),
        ("importance<50", ("importance", "<", 50)),
        ("persona_id=x", ("personaId", "=", "x")),
        ("personaId=x", ("personaId", "=", "x")),
        ("name = Ada Lovelace ", ("name", "=", "Ada Lovelace")),
        ('name = " Ada "', ("name", "=", " Ada ")),
        ("name=", ("name", "=", "")),
        ("name=a=b", ("name", "=", "a=b")),
        ("name contains a=b", ("name", "contains", "a=b")),
        ("name like %bread%", ("name", "like", "%bread%")),
        ("tags contains x", ("tags", "contains", "x")),
        ("tags CONTAINS x", ("tags", "contains", "x")),
        ("type in concept, event", ("type", "in", ["concept", "event"])),
        ("importance in 1,2", ("importance", "in", [1, 2])),
        ("importance in [1, 2]", ("importance", "in", [1, 2])),
        ('name not in ["a,b", "c"]', ("name", "not_in", ["a,b", "c"])),
        ("name not_in a,b", ("name", "not_in", ["a", "b"])),
        ("deleted_at is null", ("deletedAt", "is_null", True)),
        ("deletedAt is not null", ("deletedAt", "is_null", False)),
        ("deleted_at=null", ("deletedAt", "=", None)),
        ("embedding_model!=null", ("embeddingModel", "!=", None)),
        ('embedding_model="null"', ("embeddingModel", "=", "null")),
        ("name=null", ("name", "=", "null")),
        ("compression_applied=yes", ("compressionApplied", "=", True)),
        ("compression_applied=False", ("compressionApplied", "=", False)),
        ("created_at>=1750000000000", ("createdAt", ">=", 1_750_000_000_000)),
        ("created_at>=2025-06-15T15:06:40Z", ("createdAt", ">=", 1_750_000_000_000)),
        ("created_at<2025-06-15T17:06:40.5+02:00", ("createdAt", "<", 1_750_000_000_500)),
    ],
)
def test_a_condition_is_read(text: str, expected: Any) -> None:
    assert condition(memories, text) == expected


@settings(deadline=None)
@given(st.text(st.characters(blacklist_categories=["Cs"])))
def test_any_text_can_be_looked_for(text: str) -> None:
    assert condition(memories, f"name contains x{text}x") == ("name", "contains", f"x{text}x")


@settings(deadline=None)
@given(st.text())
def test_what_is_no_condition_is_told_and_nothing_else_happens(text: str) -> None:
    try:
        column, operator, _ = condition(memories, text)  # type: ignore[misc] # typed conditions are comparisons
    except (InvalidQuery, InvalidValue, UnknownColumn):
        return
    assert memories.has(column)
    assert operator


@pytest.mark.parametrize("text", ["", "importance", "importance 5", "= 5", "deletedAt is null x", "a b = c"])
def test_no_condition_gets_an_example(text: str) -> None:
    with pytest.raises(InvalidQuery) as raised:
        condition(memories, text)
    assert raised.value.hint


def test_an_unknown_column_gets_its_nearest() -> None:
    with pytest.raises(UnknownColumn, match="did you mean 'importance'"):
        condition(memories, "importnace>5")


@pytest.mark.parametrize(
    "text",
    [
        *("importance=high", "importance=5.5", "importance=", "compression_applied=perhaps"),
        *("created_at>yesterday", "name in [1", 'name="a" and "b"'),
    ],
)
def test_a_value_of_another_type_is_told(text: str) -> None:
    with pytest.raises(InvalidValue):
        condition(memories, text)


def test_a_document_is_compared_as_json() -> None:
    assert condition(system_config, "value={}") == ("value", "=", {})
    with pytest.raises(InvalidValue):
        condition(system_config, "value=x")


def test_columns_are_named_either_way() -> None:
    assert column_named(personas, "isActive") is column_named(personas, "is_active")
    assert [column.name for column in columns_named(personas, "id, is_active,")] == ["id", "isActive"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("importance", Ordering("importance", "asc")),
        ("last_accessed_at:desc", Ordering("lastAccessedAt", "desc")),
        (" importance : asc ", Ordering("importance", "asc")),
        ("n:desc", Ordering("n", "desc")),
    ],
)
def test_an_order_is_read(text: str, expected: Ordering) -> None:
    assert ordering(memories, text, also=("n",)) == expected


def test_an_order_that_means_nothing_is_told() -> None:
    with pytest.raises(InvalidQuery):
        ordering(memories, "importance:down")
    with pytest.raises(UnknownColumn):
        ordering(memories, "n")


def test_an_aggregate_is_read() -> None:
    assert aggregate(memories, "n=count:*") == ("n", ("count", "*"))
    assert aggregate(memories, "last = max:last_accessed_at") == ("last", ("max", "lastAccessedAt"))


@pytest.mark.parametrize("text", ["", "n", "n=count", "n=median:importance", "=count:*", "n=avg:"])
def test_an_aggregate_that_means_nothing_is_told(text: str) -> None:
    with pytest.raises(InvalidQuery, match="such as"):
        aggregate(memories, text)
