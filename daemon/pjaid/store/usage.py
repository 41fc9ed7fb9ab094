"""Owns how much is stored, and of whom: the log's growth, the indexes' share, what packing saves."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import apsw
from msgspec import Struct

from pjai_wire.errors import NotFound
from pjaid.store import packing, reads

EVENTS_AT_ONCE = 50_000
"""Of the log, for one answer."""

PACKED_LOOKED_AT = 1_000
"""Packed contents by which the saving is judged."""

DAY_MS = 86_400_000

DAYS_MAX = 365
"""Ages beyond are told apart no more."""

GROWTH = f"""
SELECT persona_id, recorded_at / {DAY_MS}, coalesce(sum(length(args)), 0)
FROM events WHERE seq > ? AND seq <= ? GROUP BY 1, 2
"""
PARTS = """
SELECT coalesce(sum(pgsize), 0), coalesce(sum(iif(type = 'index', pgsize, 0)), 0)
FROM dbstat LEFT JOIN sqlite_schema USING (name) WHERE aggregate = TRUE
"""
PACKED_ROWS = "SELECT count(*) FROM memories WHERE compression_applied = 1"
PACKED = """
SELECT content FROM memories WHERE compression_applied = 1 AND (rowid * 2654435761 >> 16) % ? = 0 LIMIT ?
"""
"""Some, of every age; mixed as in Knuth's multiplicative hash, as packed rows may alternate with others."""


FIGURES = f"""
SELECT type, memory_tier, max(0, min({DAYS_MAX}, (? - created_at) / {DAY_MS})), count(*), sum(importance),
    sum(connection_count)
FROM memories WHERE persona_id = ? AND deleted_at IS NULL GROUP BY 1, 2, 3
"""
RECORDED = """
SELECT coalesce(sum(length(args)), 0), coalesce(sum(length(args)) FILTER (WHERE recorded_at >= ?), 0)
FROM events WHERE persona_id = ?
"""
CONVERSATIONS = """
SELECT (SELECT count(*) FROM conversations WHERE persona_id = personas.id) FROM personas WHERE id = ?
"""


class Growth(Struct, frozen=True):
    """What a part of the log has of each persona and day."""

    seq: int
    """The last of the part."""
    head: int
    """The log's last."""
    rows: list[tuple[str | None, int, int]]
    """Persona, day since the epoch, bytes."""


class Parts(Struct, frozen=True):
    """What the file is made of, in bytes."""

    whole: int
    indexes: int
    packed: int
    """Of some packed contents."""
    unpacked: int
    """Of the same as they were given."""


def growth(connection: apsw.Connection, after: int) -> Growth:
    """What was recorded after a seq, of so many events at most."""
    head = reads.head(connection)
    seq = min(head, after + EVENTS_AT_ONCE)
    rows: list[Any] = connection.execute(GROWTH, (after, seq)).fetchall()
    return Growth(seq, head, rows)


class Figures(Struct, frozen=True):
    """How much there is of a persona."""

    memories: list[tuple[Any, ...]]
    """Type, tier, age in days, how many, their importance and their connections."""
    conversations: int
    log_bytes: int
    log_bytes_lately: int


def figures(connection: apsw.Connection, persona_id: str, at: int, since: int) -> Figures:
    """How much there is of a persona, and how much of that was recorded since an instant.

    Args:
        connection: where to read.
        persona_id: whose.
        at: from when on ages are counted back, in milliseconds since the epoch.
        since: so is this.

    Raises:
        NotFound: there is no such persona.
    """
    conversations: int | None = connection.execute(CONVERSATIONS, (persona_id,)).get
    if conversations is None:
        raise NotFound("there is no such persona", hint="the table personas has those that there are")
    memories = connection.execute(FIGURES, (at, persona_id)).fetchall()
    ((whole, lately),) = connection.execute(RECORDED, (since, persona_id))
    return Figures(memories, conversations, whole, lately)


def seq_before(connection: apsw.Connection, instant: int) -> int:
    """The last seq recorded before an instant, or 0: found in as many looks as its number has bits."""
    low, high = 0, reads.head(connection)
    while low < high:
        middle = (low + high + 1) // 2
        recorded_at = connection.execute("SELECT recorded_at FROM events WHERE seq = ?", (middle,)).get
        low, high = (middle, high) if recorded_at < instant else (low, middle - 1)
    return low


def parts(connection: apsw.Connection) -> Parts:
    """What the file is made of; it reads every page, which takes seconds a gigabyte."""
    ((whole, indexes),) = connection.execute(PARTS)
    packed = unpacked = 0
    every = 1 + connection.execute(PACKED_ROWS).get // PACKED_LOOKED_AT
    for (content,) in connection.execute(PACKED, (every, PACKED_LOOKED_AT)):
        # One that would not shrink counts as packed, and is plain.
        if packing.is_packed(content):
            with suppress(packing.Damaged):
                unpacked += packing.plain_bytes(content)
                packed += len(content)
    return Parts(whole=whole, indexes=indexes, packed=packed, unpacked=unpacked)
