"""Owns what a fake daemon says of one small table: its rows, results and updates."""

from __future__ import annotations

from typing import Any

from msgspec import Raw

from pjai_wire.changes import Insert
from pjai_wire.codec import encode
from pjai_wire.envelope import LiveUpdate
from pjai_wire.pulse import Pulse
from pjai_wire.records import MemoryLink
from pjai_wire.tables import memory_links

LINKS = memory_links.all()
PULSE = "pulse"
COLUMNS = [column.name for column in memory_links.default_columns]


def row(name: str) -> list[object]:
    """A link called `name`."""
    return [name, "a", "b", "related", 1.0, 0]


def names(rows: list[MemoryLink]) -> list[str]:
    """What the links are called."""
    return [one.id for one in rows]


def result(topic: str, seq: int, *rows: str) -> dict[str, Any]:
    """The answer to `watch` or `resync`."""
    rows_told = [row(name) for name in rows]
    return {"topic": topic, "pulse": PULSE, "seq": seq, "columns": COLUMNS, "rows": rows_told}


def pulse(seq: int, *behind: str, ended: tuple[str, ...] = (), heard: int = 1_000, local_seq: int = 0) -> Raw:
    """A pulse: all but `behind` shows the state at `seq`."""
    told = Pulse(open=heard, seq=seq, local_seq=local_seq, behind=behind, ended=ended)
    return Raw(encode(told))


def inserted(prev: int, seq: int, name: str) -> LiveUpdate:
    """The update that puts a link first."""
    return LiveUpdate(seq=seq, prev=prev, changes=(Insert(0, Raw(encode(row(name)))),))
