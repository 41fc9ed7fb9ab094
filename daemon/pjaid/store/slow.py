"""Owns the log of slow reads: their shapes, never the values that they look for."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TypeVar

import apsw
import structlog

from pjaid.store.readers import Work
from pjaid.store.reads import Rows
from pjaid.store.statements import Statement

log = structlog.get_logger()

T = TypeVar("T")

Run = Callable[[apsw.Connection, Statement, int], Rows]
"""Runs a statement: (connection, statement, how many bytes the rows may have) to what it found."""

_PLACES = re.compile(r"\?(?:, \?)+")
_PAGE = re.compile(r" LIMIT -?\d+ OFFSET \d+$")


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
            self._look(statement.sql, began, rows=len(found.rows))
            return found

        return watched

    def timed_search(self, shape: str, work: Work[T]) -> Work[T]:
        """Does what `work` does, a part of a search, and looks at the clock."""
        if not self._slow_s:
            return work

        def watched(connection: apsw.Connection, bytes_max: int) -> T:
            began = time.perf_counter()
            found = work(connection, bytes_max)
            self._look(shape, began)
            return found

        return watched

    def _look(self, text: str, began: float, **more: int) -> None:
        took_s = time.perf_counter() - began
        if took_s >= self._slow_s:
            log.warning("slow_query", shape=shape(text), ms=round(took_s * 1000, 1), **more)


def shape(sql: str) -> str:
    """What a statement has in common with those of other values, list lengths and pages."""
    return _PAGE.sub(" LIMIT ? OFFSET ?", _PLACES.sub("?, …", sql))
