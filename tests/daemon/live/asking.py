"""Owns random queries about workflows, to be kept alive and compared with what SQLite finds."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from pjai_wire.query import Condition, Query
from pjai_wire.tables import workflows

ORDERED = ("name", "personaId", "isTemplate", "executionCount", "lastExecutedAt", "id")
GROUPS = ("personaId", "isTemplate", "lastExecutedAt", "name")
AGGREGATES = {
    "n": ("count", "*"),
    "seen": ("count", "lastExecutedAt"),
    "runs": ("sum", "executionCount"),
    "late": ("sum", "lastExecutedAt"),
    "mean": ("avg", "lastExecutedAt"),
    "first": ("min", "name"),
    "last": ("max", "lastExecutedAt"),
    "any": ("max", "isTemplate"),
}

_ways = st.sampled_from(["asc", "desc"])
_conditions: st.SearchStrategy[tuple[Condition, ...]] = st.sampled_from(
    [
        (),
        (workflows.execution_count >= 0,),
        (workflows.persona_id == "p",),
        (workflows.last_executed_at != 1,),
        (workflows.tags.contains("a"), workflows.is_template == True),  # noqa: E712 # it makes a condition
    ]
)
_places: dict[str, st.SearchStrategy[Any]] = {
    "name": st.sampled_from(["", "a", "é"]),
    "personaId": st.sampled_from([None, "p"]),
    "isTemplate": st.booleans(),
    "executionCount": st.integers(-1, 2),
    "lastExecutedAt": st.sampled_from([None, 1]),
    "id": st.sampled_from(["00", "20"]),
}


@st.composite
def row_queries(draw: st.DrawFn) -> Query:
    """About rows: in any order, from a place or an offset, with or without their ids."""
    order_by: list[Any] = draw(st.lists(st.tuples(st.sampled_from(ORDERED), _ways), max_size=2))
    names = [name for name, _ in order_by]
    place = [_places[name] for name in (names if "id" in names else [*names, "id"])]
    return Query(
        table="workflows",
        where=draw(_conditions),
        order_by=tuple(order_by),
        limit=draw(st.integers(0, 5) | st.just(1_000)),
        offset=draw(st.sampled_from([0, 0, 1, 20])),
        after=draw(st.none() | st.tuples(*place)),
        select=draw(st.sampled_from([(), ("name",), ("tags", "id", "isTemplate"), ("executionCount",)])),
    )


@st.composite
def group_queries(draw: st.DrawFn) -> Query:
    """About groups, or the whole table as one."""
    group_by = draw(st.lists(st.sampled_from(GROUPS), max_size=2, unique=True))
    names = draw(st.lists(st.sampled_from(list(AGGREGATES)), min_size=not group_by, max_size=3, unique=True))
    order_by: Any = draw(st.lists(st.tuples(st.sampled_from([*group_by, *names]), _ways), max_size=2))
    aggregates: Any = {name: AGGREGATES[name] for name in names}
    return Query(
        table="workflows",
        where=draw(_conditions),
        group_by=tuple(group_by),
        aggregates=aggregates,
        order_by=tuple(order_by),
        limit=draw(st.integers(0, 4) | st.just(1_000)),
        offset=draw(st.sampled_from([0, 0, 1])),
    )


rerun_queries = st.sampled_from(
    [
        workflows.where(workflows.name.like("a%")).query,
        workflows.select("name").where(workflows.name.like("%")).order_by(workflows.name.desc()).query,
    ]
)
queries: st.SearchStrategy[Query] = st.one_of(row_queries(), row_queries(), group_queries(), rerun_queries)
