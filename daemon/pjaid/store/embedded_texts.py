"""Owns the texts that rows are embedded by."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import apsw

from pjai_wire import limits
from pjai_wire.codec import decode_any
from pjai_wire.errors import StorageError
from pjaid.store.dictionaries import plain_content
from pjaid.store.words.texts import texts_in

Text = Callable[[apsw.Connection, int], str | None]
"""Tells the text of a row by its number; None where there is no such row."""


def memory(connection: apsw.Connection, row: int) -> str | None:
    """What a memory is called, in short, and at length; without what is damaged."""
    sql = "SELECT id, name, summary, tags, content FROM memories WHERE rowid = ?"
    found = connection.execute(sql, (row,)).fetchone()
    if found is None:
        return None
    memory_id, name, summary, tags, content = found
    parts = [name, summary, *texts_in(decode_any(tags))]
    with suppress(StorageError):
        parts.extend(texts_in(decode_any(plain_content(connection, content, memory_id))))
    return _joined(parts)


def conversation(connection: apsw.Connection, row: int) -> str | None:
    """What a conversation was about."""
    found = connection.execute("SELECT summary FROM conversations WHERE rowid = ?", (row,)).fetchone()
    return found and _joined(found)


def message(connection: apsw.Connection, row: int) -> str | None:
    """What was said."""
    found = connection.execute("SELECT content FROM messages WHERE rowid = ?", (row,)).fetchone()
    return found and _joined(found)


def workflow(connection: apsw.Connection, row: int) -> str | None:
    """What a workflow is called and what it is for."""
    sql = "SELECT name, description, tags FROM workflows WHERE rowid = ?"
    found = connection.execute(sql, (row,)).fetchone()
    return found and _joined([found[0], found[1], *texts_in(decode_any(found[2]))])


TEXTS: dict[str, Text] = {
    "memories": memory,
    "conversations": conversation,
    "workflows": workflow,
    "messages": message,
}
"""By table, those first whose rows are to be found first."""


def _joined(parts: Any) -> str:
    """Texts as one, each once, no longer than an embedder is given."""
    told = dict.fromkeys(part.strip() for part in parts)
    return "\n".join(part for part in told if part)[: limits.EMBEDDING_CHARACTERS_MAX]
