"""Owns the figures of query shapes: what queries that differ in their values alone took, and looked at."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from contextlib import suppress
from hashlib import sha256
from typing import Any

import apsw

from pjai_wire.ids import now_ms
from pjai_wire.methods import QueryShape
from pjaid.store.explain import Explained, explained
from pjaid.store.reads import Rows
from pjaid.store.scanned import STEPS, rows_scanned
from pjaid.store.slow import Run, shape
from pjaid.store.statements import Statement
from pjaid.store.wanted import wanted

TEXTS_MAX = 500
"""Statements whose figures are kept; the one that was not looked at closely for longest is forgotten."""

SAMPLED_EVERY = 32
"""Runs of a shape of which one is looked at closely, beginning with the first."""

SORTS = "USE TEMP B-TREE"


class Figures:
    """What the runs of one shape took since its plan was made.

    Args:
        statement: one of the shape.
    """

    def __init__(self, statement: Statement) -> None:
        assert statement.query is not None
        self.sql = shape(statement.sql)
        self.table = statement.table.table_name
        self.texts = {statement.sql}
        self._wanted = wanted(statement.query)
        self._id = shape_id(self.sql)
        self.plans = 0
        """How many it has had."""
        self.begin()

    def begin(self) -> None:
        """Begins anew, because the plan is another one."""
        self.plans += 1
        self.since = now_ms()
        self.plan: Explained | None = None
        self.is_due = True
        self.runs = self.total_ns = self.rows = 0
        self.samples = self.scanned = self.steps = 0
        self._last_began_ns: int | None = None

    def add(self, began_ns: int, took_ns: int, rows: int) -> None:
        """A run."""
        self._last_began_ns = began_ns
        self.total_ns += took_ns
        self.rows += rows
        self.runs += 1
        self.is_due = not self.runs % SAMPLED_EVERY

    def add_sample(self, plan: Explained, scanned: int, steps: int) -> None:
        """What looking at a run closely has shown."""
        self.plan = plan
        self.scanned += scanned
        self.steps += steps
        self.samples += 1

    def told(self) -> QueryShape:
        """As the contract has it."""
        plan, last = self.plan, self._last_began_ns
        return QueryShape(
            id=self._id,
            table=self.table,
            sql=self.sql,
            equal=self._wanted.equal,
            ranges=self._wanted.ranges,
            order=self._wanted.order,
            is_grouped=self._wanted.is_grouped,
            rows_max=self._wanted.rows_max,
            runs=self.runs,
            total_us=self.total_ns // 1000,
            rows=self.rows,
            samples=self.samples,
            scanned=self.scanned,
            steps=self.steps,
            sorts=plan is not None and any(SORTS in step for step in plan.plan),
            indexes=() if plan is None else plan.indexes,
            since=self.since,
            last_run_at=None if last is None else now_ms() - (time.perf_counter_ns() - last) // 1_000_000,
        )


class Shapes:
    """Counts reads by their shapes, on whichever thread they run."""

    def __init__(self) -> None:
        self._by_text: OrderedDict[str, Figures] = OrderedDict()
        self._by_shape: dict[str, Figures] = {}
        self._lock = threading.Lock()

    def counted(self, run: Run) -> Run:
        """Does what `run` does, and counts it."""

        def counting(connection: apsw.Connection, statement: Statement, bytes_max: int) -> Rows:
            if statement.query is None:
                return run(connection, statement, bytes_max)
            figures = self._by_text.get(statement.sql) or self._met(statement)
            if figures.is_due:
                return self._sampled(run, figures, connection, statement, bytes_max)
            began = time.perf_counter_ns()
            found = run(connection, statement, bytes_max)
            took = time.perf_counter_ns() - began
            with self._lock:
                figures.add(began, took, len(found.rows))
            return found

        return counting

    def told(self) -> list[QueryShape]:
        """Every shape, those that took the longest together first."""
        with self._lock:
            told = [figures.told() for figures in self._by_shape.values()]
        return sorted(told, key=lambda one: one.total_us, reverse=True)

    def of(self, table: str) -> list[tuple[str, QueryShape]]:
        """A table's shapes, each with a statement of it."""
        with self._lock:
            return [
                (min(figures.texts), figures.told())
                for figures in self._by_shape.values()
                if figures.table == table
            ]

    def begin_anew(self, table: str) -> None:
        """Forgets what the shapes of a table took, because their plans may be others now."""
        with self._lock:
            for figures in self._by_shape.values():
                if figures.table == table:
                    figures.begin()

    def _met(self, statement: Statement) -> Figures:
        """The figures of a statement that was not met before, or not for long."""
        with self._lock:
            figures = self._by_shape.setdefault(shape(statement.sql), Figures(statement))
            figures.texts.add(statement.sql)
            self._by_text[statement.sql] = figures
            if len(self._by_text) > TEXTS_MAX:
                text, oldest = self._by_text.popitem(last=False)
                oldest.texts.discard(text)
                if not oldest.texts:
                    del self._by_shape[oldest.sql]
            return figures

    def _sampled(
        self, run: Run, figures: Figures, connection: apsw.Connection, statement: Statement, bytes_max: int
    ) -> Rows:
        """Runs a statement, and looks at it closely; the connection is nobody else's meanwhile."""
        statuses: list[dict[str, int]] = []
        """One, unless the statement was left before its end."""

        def note(event: dict[str, Any]) -> None:
            if event["sql"] == statement.sql:
                statuses.append(event["stmt_status"])

        plans = figures.plans
        connection.trace_v2(apsw.SQLITE_TRACE_PROFILE, note)
        try:
            began = time.perf_counter_ns()
            found = run(connection, statement, bytes_max)
            took = time.perf_counter_ns() - began
        finally:
            connection.trace_v2(0, None)
        with self._lock:
            figures.add(began, took, len(found.rows))
            if statement.sql in self._by_text:
                self._by_text.move_to_end(statement.sql)
        for status in statuses:
            # On the event loop it may be interrupted: then another run tells.
            with suppress(apsw.Error):
                plan = figures.plan or explained(connection, statement)
                scanned = rows_scanned(connection, statement, plan, status)
                with self._lock:
                    # What ran by the plan of before says nothing of the present one.
                    if figures.plans == plans:
                        figures.add_sample(plan, scanned, status[STEPS])
        return found


def shape_id(sql: str) -> str:
    """The id of a shape, the same on every machine."""
    return sha256(sql.encode()).hexdigest()[:16]
