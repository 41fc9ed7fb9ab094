"""Owns which rows are the turns before and after another.

Turns of messages are those of one conversation, by position. Turns of memories are the memories of type
`conversation` that one persona has of one thread (`threads.thread_of`), by their time, an hour apart at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import apsw

HOUR_MS = 3_600_000

Around = dict[int, tuple[int | None, int | None]]
"""The row before and the row after, by the row; rows that have neither are not in it."""

TURN_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "memories": ("type", "metadata", "createdAt"),
    "messages": ("conversationId", "position"),
}
"""By table the columns that tell which rows are neighbours, beside whose they are."""

_OF_MEMORIES = """
SELECT beside.rowid FROM memories AS beside
WHERE beside.type = 'conversation' AND beside.deleted_at IS NULL AND beside.persona_id = turn.persona_id
    AND thread_of(beside.metadata) = turn.thread
    AND (beside.created_at, beside.id) {compared} (turn.created_at, turn.id)
    AND beside.created_at {within}
ORDER BY beside.created_at {direction}, beside.id {direction} LIMIT 1
"""
_BEFORE = {"compared": "<", "within": f">= turn.created_at - {HOUR_MS}", "direction": "DESC"}
_AFTER = {"compared": ">", "within": f"<= turn.created_at + {HOUR_MS}", "direction": "ASC"}

_OF_MESSAGES = """
SELECT beside.rowid FROM messages AS beside
WHERE beside.conversation_id = turn.conversation_id AND beside.position {compared} turn.position
ORDER BY beside.position {direction} LIMIT 1
"""

THREADED = {
    "memories": f"""
WITH turn AS MATERIALIZED (
    SELECT rowid AS row, id, persona_id, created_at, thread_of(metadata) AS thread FROM memories
    WHERE rowid IN (SELECT value FROM json_each(?)) AND type = 'conversation' AND deleted_at IS NULL
)
SELECT turn.row, ({_OF_MEMORIES.format(**_BEFORE)}), ({_OF_MEMORIES.format(**_AFTER)}) FROM turn
""",
    "messages": f"""
WITH turn AS MATERIALIZED (
    SELECT rowid AS row, conversation_id, position FROM messages
    WHERE rowid IN (SELECT value FROM json_each(?))
)
SELECT turn.row, ({_OF_MESSAGES.format(**_BEFORE)}), ({_OF_MESSAGES.format(**_AFTER)}) FROM turn
""",
}
"""By table the statement that finds the neighbours of some of its rows."""


def neighbours(connection: apsw.Connection, table: str, rows: Iterable[int]) -> Around:
    """The turns before and after some rows of a table; none where the table has no turns."""
    if table not in THREADED:
        return {}
    found = connection.execute(THREADED[table], (listed(rows),))
    return {row: (before, after) for row, before, after in found if (before, after) != (None, None)}


def listed(rows: Iterable[int]) -> str:
    """Row numbers, as one value that SQL can look into."""
    return f"[{','.join(map(str, rows))}]"
