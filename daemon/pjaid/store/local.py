"""Owns the count of changes to local tables, which stands for them where others have the log's seq."""

from __future__ import annotations

import apsw

COUNTER = "documents_seq"
"""Its name in `meta`, from when client documents were all that is local."""


def local_head(connection: apsw.Connection) -> int:
    """How many changes to local tables there were."""
    seq: int = connection.execute("SELECT value FROM meta WHERE name = ?", (COUNTER,)).get
    return seq


def count_change(connection: apsw.Connection) -> None:
    """Counts one more, inside the transaction that makes it."""
    connection.execute("UPDATE meta SET value = value + 1 WHERE name = ?", (COUNTER,))
