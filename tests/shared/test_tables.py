"""Tables, columns and the query builder: what is written in Python is the query that travels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec import structs

from pjai_wire import select
from pjai_wire.codec import decode_any, encode
from pjai_wire.errors import UnknownColumn, UnknownTable
from pjai_wire.select import Select, both, either, negated
from pjai_wire.tables import (
    LOCAL,
    STATE,
    TABLES,
    WITHHELD,
    Table,
    conversations,
    memories,
    messages,
    personas,
    table_named,
    workflows,
)

each_table = pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)


def travels(query: Select[Any]) -> Any:
    return decode_any(encode(query.query))


# Tables


@each_table
def test_a_table_has_the_columns_of_its_record_in_their_order(table: Table[Any]) -> None:
    expected = [field.encode_name for field in structs.fields(table.record)]
    assert [column.name for column in table.columns] == expected


@each_table
def test_a_table_begins_with_its_id(table: Table[Any]) -> None:
    assert table.columns[0].name == "id"
    assert not table.columns[0].nullable


@each_table
def test_every_column_is_an_attribute(table: Table[Any]) -> None:
    for column in table.columns:
        assert getattr(table, column.python_name) is column


@each_table
def test_columns_that_a_row_may_lack_stand_at_the_end(table: Table[Any]) -> None:
    required = [field.required for field in structs.fields(table.record)]
    assert required == sorted(required, reverse=True)


def test_a_table_is_part_of_the_shared_state_or_local() -> None:
    assert [table for table in TABLES.values() if table.is_local] == [*LOCAL]
    assert {*STATE, *LOCAL} == {*TABLES.values(), *WITHHELD}
    assert not {*STATE} & {*LOCAL}


def test_what_is_withheld_is_no_table_that_can_be_queried() -> None:
    assert WITHHELD
    for table in WITHHELD:
        with pytest.raises(UnknownTable):
            table_named(table.table_name)


def test_a_vector_is_answered_on_request_only() -> None:
    assert memories.embedding.on_request
    assert "embedding" not in [column.name for column in memories.default_columns]


@pytest.mark.parametrize(
    ("table", "name", "kind", "nullable"),
    [
        (personas, "name", "text", False),
        (personas, "avatar", "text", True),
        (personas, "isActive", "boolean", False),
        (personas, "personality", "document", False),
        (personas, "lastUsedAt", "integer", True),
        (memories, "type", "text", False),
        (memories, "tags", "list", False),
        (memories, "embedding", "vector", True),
        (TABLES["memory_links"], "weight", "real", False),
        (conversations, "messages", "gathered", False),
        (TABLES["system_config"], "value", "document", False),
    ],
)
def test_a_column_knows_its_kind(table: Table[Any], name: str, kind: str, nullable: bool) -> None:
    column = table.column(name)
    assert (column.kind, column.nullable) == (kind, nullable)


def test_a_column_of_words_knows_them() -> None:
    assert set(memories.memory_tier.choices) == {"hot", "warm", "cold"}
    assert personas.name.choices == ()


def test_an_unknown_table_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownTable, match="did you mean 'personas'"):
        table_named("persona")


def test_an_unknown_column_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownColumn, match="did you mean 'importance'"):
        memories.column("importnace")


def test_an_unknown_attribute_is_told_with_the_known() -> None:
    with pytest.raises(AttributeError, match="persona_id"):
        _ = memories.colour


# Conditions


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (memories.importance == 50, ("importance", "=", 50)),
        (memories.importance != 50, ("importance", "!=", 50)),
        (memories.importance < 50, ("importance", "<", 50)),
        (memories.importance <= 50, ("importance", "<=", 50)),
        (memories.importance > 50, ("importance", ">", 50)),
        (memories.importance >= 50, ("importance", ">=", 50)),
        (memories.type.in_(("task", "event")), ("type", "in", ["task", "event"])),
        (memories.type.not_in({"task"}), ("type", "not_in", ["task"])),
        (memories.name.like("a%"), ("name", "like", "a%")),
        (memories.tags.contains("a"), ("tags", "contains", "a")),
        (memories.deleted_at.is_null(), ("deletedAt", "is_null", True)),
        (memories.deleted_at.is_null(False), ("deletedAt", "is_null", False)),
    ],
)
def test_comparing_a_column_makes_a_condition(condition: object, expected: tuple[object, ...]) -> None:
    assert condition == expected


def test_conditions_join() -> None:
    query = memories.where(
        either(memories.importance > 50, both(memories.type == "task", negated(memories.name == "x")))
    )
    assert travels(query)["where"] == [
        {
            "or": [
                ["importance", ">", 50],
                {"and": [["type", "=", "task"], {"not": ["name", "=", "x"]}]},
            ]
        }
    ]


# Queries


def test_a_query_travels_without_its_defaults() -> None:
    assert travels(personas.all()) == {"table": "personas"}


def test_a_query_travels_as_it_was_written() -> None:
    hot = (
        memories.where(persona_id="ada", memory_tier="hot")
        .where(memories.importance >= 50)
        .order_by(memories.importance.desc(), memories.last_accessed_at)
        .limit(10)
        .after(70, 5, "id")
    )
    assert travels(hot) == {
        "table": "memories",
        "where": [["personaId", "=", "ada"], ["memoryTier", "=", "hot"], ["importance", ">=", 50]],
        "orderBy": [["importance", "desc"], ["lastAccessedAt", "asc"]],
        "limit": 10,
        "after": [70, 5, "id"],
    }


def test_columns_are_selected_and_omitted_by_object_or_name() -> None:
    assert travels(memories.select(memories.id, "embedding_model"))["select"] == ["id", "embeddingModel"]
    assert travels(conversations.all().omit(conversations.messages))["omit"] == ["messages"]


def test_offset_travels() -> None:
    assert travels(messages.order_by(messages.sent_at).offset(20))["offset"] == 20


def test_groups_travel_with_their_aggregates() -> None:
    query = memories.group_by(
        memories.type,
        n=select.count(),
        all=select.total(memories.importance),
        mean=select.average(memories.importance),
        least=select.smallest(memories.created_at),
        most=select.largest(memories.created_at),
    )
    assert travels(query) == {
        "table": "memories",
        "groupBy": ["type"],
        "aggregates": {
            "n": ["count", "*"],
            "all": ["sum", "importance"],
            "mean": ["avg", "importance"],
            "least": ["min", "createdAt"],
            "most": ["max", "createdAt"],
        },
    }


def test_each_step_makes_a_new_query() -> None:
    first = workflows.where(is_public=True)
    second = first.limit(1)
    assert travels(first) == {"table": "workflows", "where": [["isPublic", "=", True]]}
    assert travels(second)["limit"] == 1


def test_a_query_names_columns_of_its_table_only() -> None:
    with pytest.raises(AttributeError):
        personas.where(importance=5)


def test_a_column_is_not_a_key() -> None:
    with pytest.raises(TypeError):
        hash(memories.importance)


@pytest.mark.parametrize(
    "mistake",
    [
        lambda: (memories.importance > 50) and (memories.name == "x"),
        lambda: 20 <= memories.importance <= 50,
        lambda: both(memories.importance > 1) or memories.importance < 0,
        lambda: not (memories.importance > 50),
    ],
)
def test_python_cannot_join_conditions_by_itself(mistake: Callable[[], object]) -> None:
    with pytest.raises(TypeError, match="both"):
        mistake()


def test_a_misspelt_column_is_answered_with_the_near_one() -> None:
    with pytest.raises(AttributeError, match=r"memories has no column 'importnace' .*'importance'"):
        _ = memories.importnace
