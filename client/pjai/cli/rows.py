"""Owns rows as the commands show them: which columns, under their names on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pjai.cli.tables import Row
from pjai.database import Database
from pjai_wire import limits
from pjai_wire.columns import Column
from pjai_wire.select import Select
from pjai_wire.tables import Table

PAGE_ROWS = 1_000
"""Rows that are read at once where they are more than one answer holds."""

_FOR_PEOPLE = {
    "personas": ("id", "name", "isActive", "lastUsedAt"),
    "memories": ("id", "type", "importance", "name"),
    "memory_links": ("id", "kind", "weight", "fromId", "toId"),
    "conversations": ("id", "updatedAt", "messageCount", "summary"),
    "messages": ("id", "role", "sentAt", "content"),
    "workflows": ("id", "name", "executionCount"),
    "plugins": ("id", "name", "version", "isEnabled"),
    "system_config": ("id", "value", "updatedAt"),
    "user_preferences": ("id", "value", "updatedAt"),
    "warnings": ("id", "kind", "value", "allowed", "raisedAt"),
    "indexes": ("id", "ofTable", "onColumns", "state", "timeGain"),
    "dictionaries": ("version", "size", "samples", "saved", "trainedAt"),
    "metric_points": ("resolution", "at", "values"),
    "client_documents": ("client", "name", "value", "updatedAt"),
}
"""The columns that tell a table's rows apart and fit a screen; `--select` and `--json` show others."""


def columns_for_people(table: Table[Any]) -> tuple[Column, ...]:
    """What is shown of a table where nobody chose."""
    return tuple(table.column(name) for name in _FOR_PEOPLE[table.table_name])


def by_wire_name(columns: Sequence[Column], row: Row) -> dict[str, Any]:
    """A row under its columns' names on the wire."""
    return {column.name: row[column.python_name] for column in columns}


async def read(db: Database, select: Select[dict[str, Any]]) -> list[dict[str, Any]]:
    """All the rows of a query; where they are more than one answer holds, page by page.

    Groups have no pages: of them it may not ask for more than that.
    """
    most = select.query.limit
    if most <= limits.QUERY_ROWS_MAX:
        return await db.query(select)
    rows: list[dict[str, Any]] = []
    async for page in db.pages(_with_its_order(select).limit(PAGE_ROWS)):
        rows.extend(page)
        if len(rows) >= most:
            break
    return rows[:most]


def _with_its_order(select: Select[dict[str, Any]]) -> Select[dict[str, Any]]:
    """The query with the columns by which its pages find each other."""
    query = select.query
    needed = dict.fromkeys((*query.select, *(name for name, _ in query.order_by), "id"))
    return select.select(*(select.table.column(name) for name in needed)) if query.select else select
