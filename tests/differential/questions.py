"""Owns random queries: filters of every operator, orders, limits, offsets, cursors, columns and groups."""

from __future__ import annotations

from random import Random
from typing import Any

from pjai_wire.codec import Decoder, encode
from pjai_wire.columns import Column
from pjai_wire.methods import FeedParams
from pjai_wire.query import Query
from pjai_wire.tables import Table, table_named
from pjaid.store.conditions import COMPARABLE
from pjaid.store.schema import stored_columns
from pjaid.store.statements import NUMBERS
from tests.differential.values import WORDS, sought

TABLES = (
    *("memories",) * 8,
    *("conversations",) * 3,
    *("personas", "messages", "memory_links", "workflows") * 2,
    "client_documents",
)
"""With those more often that have more columns to ask for."""

DEPTH_MAX = 3

_read = Decoder(Query).decode
_read_feed = Decoder(FeedParams).decode


def question(chance: Random) -> Query:
    """A query that means something."""
    if chance.random() < 0.4:
        return _window(chance)
    table = table_named(chance.choice(TABLES))
    asked: dict[str, Any] = {"table": table.table_name, "where": conditions(chance, table)}
    asked["limit"] = chance.choice((0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 8, 20, 10_000))
    asked["offset"] = chance.choice((0, 0, 0, 0, 0, 1, 2, 5))
    if chance.random() < 0.3:
        asked |= _groups(chance, table)
    else:
        asked |= _rows(chance, table)
    return _read(encode(asked))


def _window(chance: Random) -> Query:
    """The first few of many rows, which often leave or move, so that others must be found."""
    broad = (["importance", ">=", 1], ["personaId", "=", "p0"], ["type", "!=", "event"])
    ordered = chance.sample(("importance", "updatedAt", "lastAccessedAt", "name"), chance.randint(0, 2))
    asked = {
        "table": "memories",
        "where": chance.sample(broad, chance.choice((0, 0, 1, 2))),
        "orderBy": [[name, _direction(chance)] for name in ordered],
        "limit": chance.randint(1, 4),
        "offset": chance.choice((0, 0, 1)),
        "select": chance.choice(((), (), ("id",), ("type", "importance"))),
    }
    return _read(encode(asked))


def feed_question(chance: Random) -> tuple[Query, FeedParams]:
    """The same rows, by id: for a query, and for a feed."""
    table = table_named(chance.choice(TABLES))
    asked = {"table": table.table_name, "where": conditions(chance, table, left_to_sqlite=False)}
    gathered = {"omit": [column.name for column in table.columns if column.kind == "gathered"]}
    return _read(encode({**asked, **gathered, "limit": 10_000})), _read_feed(encode(asked))


def conditions(chance: Random, table: Table[Any], *, left_to_sqlite: bool = True) -> list[Any]:
    """Conditions on a table, as they travel.

    Args:
        chance: decides.
        table: whose columns to name.
        left_to_sqlite: whether there may be some that only SQLite evaluates.
    """
    members = chance.choice((0, 0, 0, 1, 1, 1, 2, 3))
    asked = [_condition(chance, table, 1) for _ in range(members)]
    if left_to_sqlite and chance.random() < 0.15:
        likened = chance.choice([column for column in stored_columns(table) if column.kind == "text"])
        like = [likened.name, "like", chance.choice(("%", "%", "a%", "%B%", "_", "%é%"))]
        asked.append({"not": like} if chance.random() < 0.2 else like)
    return asked


def _condition(chance: Random, table: Table[Any], depth: int) -> Any:
    junction = chance.choice(("and", "or", "or", "not")) if chance.random() < 0.35 else None
    if junction is None or depth > DEPTH_MAX:
        return _comparison(chance, table)
    if junction == "not":
        return {"not": _condition(chance, table, depth + 1)}
    members = range(chance.choice((0, 1, 2, 2, 3)))
    return {junction: [_condition(chance, table, depth + 1) for _ in members]}


def _comparison(chance: Random, table: Table[Any]) -> list[Any]:
    column = chance.choice(stored_columns(table))
    offered = ["is_null"]
    if column.kind in COMPARABLE:
        offered += ["=", "=", "!=", "<", "<=", ">", ">=", "in", "not_in"]
    if column.kind == "text":
        offered.append("contains")
    if column.kind == "list":
        offered += ["contains"] * 3
    operator = chance.choice(offered)
    match operator:
        case "is_null":
            return [column.name, operator, chance.random() < 0.5]
        case "contains":
            return [column.name, operator, chance.choice(("", *WORDS))]
        case "in" | "not_in":
            members = range(chance.randint(0, 4))
            return [column.name, operator, [sought(chance, table.table_name, column) for _ in members]]
        case "=" | "!=" if chance.random() < 0.15:
            return [column.name, operator, None]
    return [column.name, operator, sought(chance, table.table_name, column)]


def _rows(chance: Random, table: Table[Any]) -> dict[str, Any]:
    columns = _comparable(table)
    ordered = [(chance.choice(columns), _direction(chance)) for _ in range(chance.randint(0, 3))]
    asked: dict[str, Any] = {"orderBy": [[column.name, direction] for column, direction in ordered]}
    if chance.random() < 0.25:
        asked["after"] = _cursor(chance, table, [column for column, _ in ordered])
    names = [column.name for column in table.columns]
    match chance.randrange(5):
        case 0:
            asked["select"] = chance.sample([column.name for column in stored_columns(table)], 2)
        case 1:
            asked["select"] = ["id", *chance.sample([name for name in names if name != "id"], 2)]
        case 2:
            asked["omit"] = chance.sample([name for name in names if name != "id"], 2)
        case 3 if "messages" in names:
            asked["omit"] = ["messages"]
    return asked


def _cursor(chance: Random, table: Table[Any], ordered: list[Column]) -> list[Any]:
    named = [*ordered, *([] if any(column.name == "id" for column in ordered) else [table.column("id")])]
    return [
        None if column.nullable and chance.random() < 0.3 else sought(chance, table.table_name, column)
        for column in named
    ]


def _groups(chance: Random, table: Table[Any]) -> dict[str, Any]:
    columns = _comparable(table)
    grouped = [column.name for column in chance.sample(columns, chance.choice((0, 1, 1, 1, 2)))]
    aggregates: dict[str, Any] = {}
    for name in "xyz"[: chance.randint(0 if grouped else 1, 3)]:
        column = chance.choice(columns)
        functions = ["count", "min", "max", *(["sum", "avg"] if column.kind in NUMBERS else [])]
        aggregates[name] = (
            ["count", "*"] if chance.random() < 0.3 else [chance.choice(functions), column.name]
        )
    answered = [*grouped, *aggregates]
    ordered = [[chance.choice(answered), _direction(chance)] for _ in range(chance.randint(0, 2))]
    return {"groupBy": grouped, "aggregates": aggregates, "orderBy": ordered}


def _comparable(table: Table[Any]) -> list[Column]:
    return [column for column in stored_columns(table) if column.kind in COMPARABLE]


def _direction(chance: Random) -> str:
    return chance.choice(("asc", "desc"))
