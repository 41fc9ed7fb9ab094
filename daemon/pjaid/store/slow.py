"""Owns the log of slow reads: their shapes, never the values that they look for."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import apsw
import structlog

from pjaid.store.reads import Rows
from pjaid.store.statements import Statement

log = structlog.get_logger()

Run = Callable[[apsw.Connection, Statement, int], Rows]
"""Runs a statement: (connection, statement, how many bytes the rows may have) to what it found."""

_PLACES = re.compile(r"\?(?:, \?)+")


class SlowReads:
    """Logs each read that takes too long, on whichever thread.

    Args:
        slow_ms: how long that is; 0 logs none.
    """

    def __init__(self, slow_ms: float) -> None:
        self._slow_s = slow_ms / 1000

    def timed(self, run: Run) -> Run:
        """Does what `run` does, and looks at the clock."""
        if not self._slow_s:
            return run

        def watched(connection: apsw.Connection, statement: Statement, bytes_max: int) -> Rows:
            began = time.perf_counter()
            found = run(connection, statement, bytes_max)
            took_s = time.perf_counter() - began
            if took_s >= self._slow_s:
                ms = round(took_s * 1000, 1)
                log.warning("slow_query", shape=shape(statement.sql), ms=ms, rows=len(found.rows))
            return found

        return watched


def shape(sql: str) -> str:
    """What a statement has in common with those of other values; lists are alike, however long."""
    return _PLACES.sub("?, …", sql)
