from __future__ import annotations

from typing import Any

import pytest
from msgspec import Raw

from pjai.rows import reader
from pjai_wire.codec import encode
from pjai_wire.errors import InternalError, InvalidQuery
from pjai_wire.records import Conversation, MemoryLink
from pjai_wire.select import Select, average, count
from pjai_wire.tables import conversations, memories, memory_links

LINK = MemoryLink(id="l", from_id="a", to_id="b", kind="related", weight=0.5, created_at=1)
VALUES = {"id": "l", "fromId": "a", "toId": "b", "kind": "related", "weight": 0.5, "createdAt": 1}

CONVERSATION = Conversation(
    id="c",
    persona_id="p",
    session_id=None,
    summary="",
    sentiment=None,
    topics=("bread",),
    importance=50,
    is_archived=False,
    archived_at=None,
    message_count=0,
    created_at=1,
    updated_at=1,
)


def raw(value: object) -> Raw:
    return Raw(encode(value))


def read(select: Select[Any], columns: list[str], *rows: object) -> list[Any]:
    found = reader(select, raw(columns))
    many = found.many(raw(rows))
    assert [found.one(raw(row)) for row in rows] == many
    return many


def test_rows_in_the_records_own_columns_become_records() -> None:
    assert read(memory_links.all(), list(VALUES), list(VALUES.values())) == [LINK]


def test_no_rows_are_an_empty_list() -> None:
    assert read(memory_links.all(), list(VALUES)) == []


def test_columns_in_another_order_are_mapped_by_name() -> None:
    assert read(memory_links.all(), [*VALUES][::-1], [*VALUES.values()][::-1]) == [LINK]


def test_columns_of_a_newer_daemon_are_ignored() -> None:
    assert read(memory_links.all(), [*VALUES, "colour"], [*VALUES.values(), "red"]) == [LINK]


def test_a_column_that_is_left_out_takes_its_default() -> None:
    columns = [column.name for column in conversations.columns if column.name != "messages"]
    values = [getattr(CONVERSATION, conversations.column(name).python_name) for name in columns]
    assert read(conversations.all().omit("messages"), columns, values) == [CONVERSATION]


def test_a_column_that_a_record_cannot_be_without_is_an_error_that_names_it() -> None:
    with pytest.raises(InvalidQuery, match=r"lacks 'kind', and MemoryLink cannot be without it \(.*select"):
        read(memory_links.all().omit("kind"), [name for name in VALUES if name != "kind"])


def test_selected_columns_become_dicts_with_pythons_names() -> None:
    select = memory_links.select("from_id", "weight")
    assert read(select, ["fromId", "weight"], ["a", 0.5]) == [{"from_id": "a", "weight": 0.5}]


def test_groups_become_dicts_with_the_aggregates_own_names() -> None:
    select = memories.group_by("memory_tier", howMany=count(), mean=average(memories.importance))
    rows = read(select, ["memoryTier", "howMany", "mean"], ["hot", 2, 55.0])
    assert rows == [{"memory_tier": "hot", "howMany": 2, "mean": 55.0}]


@pytest.mark.parametrize("columns", [list(VALUES), [*VALUES, "colour"]])
def test_a_row_that_does_not_fit_is_an_error(columns: list[str]) -> None:
    with pytest.raises(InternalError, match="does not fit the contract"):
        read(memory_links.all(), columns, [0] * len(columns))
