"""Owns what SQLite says of how it finds a statement's rows."""

from __future__ import annotations

import re

import apsw
from msgspec import Struct

from pjaid.store.statements import Statement

PRIMARY_KEY = "primary key"
"""What the index of a table's ids is called."""

_INDEX = re.compile(r"\bUSING (?:COVERING )?INDEX (\w+)")
_OF_IDS = "sqlite_autoindex_"


class Explained(Struct, frozen=True):
    """How a statement is run."""

    sql: str
    """With placeholders in the place of values."""
    plan: tuple[str, ...]
    """The steps of SQLite's query plan; one within another is indented by two spaces."""
    indexes: tuple[str, ...]
    """The indexes that the plan uses, as it first names them."""


def explained(connection: apsw.Connection, statement: Statement) -> Explained:
    """How `statement` would be run; it is not."""
    depth = {0: -1}
    plan: list[str] = []
    indexes: dict[str, None] = {}
    # SQLite explains by the schema as it last read it, and looks for a newer one only when it reads.
    connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()
    sql = f"EXPLAIN QUERY PLAN {statement.sql}"
    for step, parent, _, detail in connection.execute(sql, statement.bindings, can_cache=False):
        depth[step] = depth[parent] + 1
        plan.append(f"{'  ' * depth[step]}{detail}")
        for index in _INDEX.findall(detail):
            indexes[PRIMARY_KEY if index.startswith(_OF_IDS) else index] = None
    return Explained(statement.sql, tuple(plan), tuple(indexes))
