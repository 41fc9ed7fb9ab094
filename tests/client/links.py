"""Owns what a fake daemon says of one small table: its rows, results and updates."""

from __future__ import annotations

from typing import Any

from msgspec import Raw

from pjai_wire.changes import Insert
from pjai_wire.codec import encode
from pjai_wire.envelope import LiveUpdate
from pjai_wire.records import MemoryLink
from pjai_wire.tables import memory_links

LINKS = memory_links.all()
COLUMNS = [column.name for column in memory_links.default_columns]


def row(name: str) -> list[object]:
    """A link called `name`."""
    return [name, "a", "b", "related", 1.0, 0]


def names(rows: list[MemoryLink]) -> list[str]:
    """What the links are called."""
    return [one.id for one in rows]


def result(topic: str, seq: int, *rows: str) -> dict[str, Any]:
    """The answer to `watch` or `resync`."""
    return {"topic": topic, "seq": seq, "columns": COLUMNS, "rows": [row(name) for name in rows]}


def inserted(prev: int, seq: int, name: str) -> LiveUpdate:
    """The update that puts a link first."""
    return LiveUpdate(seq=seq, prev=prev, changes=(Insert(0, Raw(encode(row(name)))),))
