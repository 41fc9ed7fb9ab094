"""Tests of the plan of a live query: which queries are the same, and how each is kept."""

from __future__ import annotations

from typing import Any

import pytest

from pjai_wire.errors import UnknownColumn
from pjai_wire.query import Query
from pjai_wire.select import Select, average, both, count, either, largest, negated, total
from pjai_wire.tables import conversations, memories, memory_links, workflows
from pjaid.live.plan import WINDOW_ROWS_MAX, plan, rerun

ada = memories.persona_id == "ada"
hot = memories.importance >= 50
named = memories.name == "a"

SAME: list[tuple[Select[Any], Select[Any]]] = [
    (memories.where(ada, hot), memories.where(hot, ada)),
    (memories.where(either(ada, both(hot, named))), memories.where(either(both(named, hot), ada))),
    (memories.where(negated(both(ada, hot))), memories.where(negated(both(hot, ada)))),
    (memories.where(importance=50), memories.where(importance=50.0)),
    (memories.order_by("name"), memories.order_by(memories.name.asc())),
    (memories.where(ada), memories.where(memories.persona_id.in_(["ada"]))),
    (memories.where(ada), memories.where(memories.persona_id.in_(["ada", "ada"]), ada)),
    (memories.where(memories.name.in_(["a", "b"])), memories.where(memories.name.in_(["b", "a", "b"]))),
    (memories.where(memories.name.not_in(["a", "b"])), memories.where(memories.name.not_in(["b", "a"]))),
    (memories.where(either(ada, hot)), memories.where(either(hot, ada, hot))),
]

DIFFERENT: list[tuple[Select[Any], Select[Any]]] = [
    (memories.limit(1), memories.limit(2)),
    (memories.where(ada), memories.where(persona_id="bo")),
    (memories.where(either(ada, hot)), memories.where(both(ada, hot))),
    (memories.where(memories.name.in_(["a"])), memories.where(memories.name.not_in(["a"]))),
    (memories.where(memories.name.in_([])), memories.where(memories.name.in_(["a"]))),
    (memories.order_by("name"), memories.order_by(memories.name.desc())),
    (memories.select("id", "name"), memories.select("name", "id")),
    (memories.group_by("type", n=count()), memories.group_by("type", total=count())),
    (memories.limit(1), memories.limit(1).offset(1)),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_queries_of_the_same_meaning_are_the_same(one: Select[Any], other: Select[Any]) -> None:
    assert plan(one.query).identity == plan(other.query).identity


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_queries_whose_results_may_differ_are_different(one: Select[Any], other: Select[Any]) -> None:
    assert plan(one.query).identity != plan(other.query).identity


@pytest.mark.parametrize(
    ("select", "reason"),
    [
        (conversations.all(), "messages are gathered"),
        (memories.where(memories.name.like("a%")), "only SQLite matches like"),
        (memories.where(negated(either(ada, memories.name.like("a%")))), "only SQLite matches like"),
        (memories.limit(1).offset(WINDOW_ROWS_MAX), f"beyond row {WINDOW_ROWS_MAX}"),
        (memory_links.group_by(w=average(memory_links.weight)), "the avg of weight depends"),
        (memory_links.group_by("kind", w=total(memory_links.weight)), "the sum of weight depends"),
    ],
)
def test_what_cannot_be_kept_is_run_anew_and_says_why(select: Select[Any], reason: str) -> None:
    made = plan(select.query)
    assert made.mode == "rerun"
    assert reason in made.why


@pytest.mark.parametrize(
    "select",
    [
        memories.where(ada).order_by(memories.importance.desc()),
        memories.where(memories.tags.contains("a"), memories.content.is_null()),
        conversations.omit("messages"),
        memories.limit(1).offset(WINDOW_ROWS_MAX - 1),
        memories.group_by("type", mean=average(memories.importance)),
        memory_links.group_by("kind", w=largest(memory_links.weight)),
    ],
)
def test_what_can_be_kept_is_kept(select: Select[Any]) -> None:
    assert plan(select.query).mode == "incremental"
    assert plan(select.query).why


def test_a_plan_tells_by_which_columns_a_changed_row_finds_it() -> None:
    asked = memories.where(ada, hot, memories.created_at >= 1, memories.created_at <= 2)
    found_by = plan(asked.query).found_by
    assert set(found_by) == {"personaId =", "importance >=", "createdAt between", "deletedAt ="}
    assert plan(workflows.where(workflows.name != "a").query).found_by == ()
    assert plan(workflows.where(workflows.updated_at < 5).query).found_by == ("updatedAt <=",)


def test_a_query_that_is_run_anew_after_all_stays_the_same_query() -> None:
    made = plan(memories.where(ada).query)
    changed = rerun(made, "it became too large")
    assert (changed.mode, changed.why) == ("rerun", "it became too large")
    assert changed.identity == made.identity


def test_an_error_is_that_of_the_query_as_its_client_wrote_it() -> None:
    with pytest.raises(UnknownColumn, match="'zzz'"):
        plan(Query(table="memories", where=(("zzz", "=", 1), ("aaa", "=", 1))))
