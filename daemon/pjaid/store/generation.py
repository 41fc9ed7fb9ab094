"""Owns the state's generations: in one that was made anew of the log, rows may have other numbers."""

from __future__ import annotations

import apsw

_NAME = "generation"
"""In `meta`, once there was a second one."""


def generation(connection: apsw.Connection) -> int:
    """Which generation a connection sees."""
    found: int | None = connection.execute("SELECT value FROM meta WHERE name = ?", (_NAME,)).get
    return found or 0


def count_generation(connection: apsw.Connection) -> None:
    """Begins another, inside the transaction that makes it."""
    sql = "INSERT INTO meta VALUES (?, 1) ON CONFLICT DO UPDATE SET value = value + 1"
    connection.execute(sql, (_NAME,))
