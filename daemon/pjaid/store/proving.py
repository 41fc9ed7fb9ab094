"""Owns the proof of an index: whether SQLite would use it, and what for, before it is made.

The schema of a table is copied into a database in memory, and what a sample of its rows tells is put where
the planner looks for statistics. There each query is explained without the index and with it.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from typing import Self

import apsw
from msgspec import Struct

from pjai_wire.methods import ProvenShape, QueryShape
from pjai_wire.tables import table_named
from pjaid.store.database import add_functions
from pjaid.store.estimates import Need, Sample, work
from pjaid.store.indexes import Made, rows_at_most, whole_indexes

SAMPLE_ROWS = 2_000

Indexes = dict[str, tuple[str, ...]]
"""Columns of indexes by their names, as the database has both."""


class Proof(Struct, frozen=True):
    """What would come of an index."""

    name: str
    rows: int
    """Of its table, at most."""
    shapes: list[ProvenShape]
    gain: float
    bytes: int
    build_ms: int


def prove(connection: apsw.Connection, index: Made, shapes: Sequence[tuple[str, QueryShape]]) -> Proof:
    """What would come of an index; the database stays as it is.

    Args:
        connection: reads the database.
        index: which.
        shapes: the query shapes of its table, each with a statement of it.
    """
    name, table = index.name, index.table.table_name
    wished = tuple(column.python_name for column in index.columns)
    before = whole_indexes(connection, table)
    before.pop(name, None)
    after = {**before, name: wished}
    needs = [_need(shape) for _, shape in shapes]
    began = time.perf_counter()
    columns = {*itertools.chain(*after.values(), *(need.equal for need in needs))}
    sample = read_sample(connection, table, columns)
    took_s = time.perf_counter() - began
    with Planner(connection, table, without=name) as planner:
        planner.know(sample, before)
        plans_before = [planner.plan(text) for text, _ in shapes]
        planner.add(index.create_sql)
        planner.know(sample, after)
        plans_after = [planner.plan(text) for text, _ in shapes]
    costs_before = [work(plan, before, sample, need) for plan, need in zip(plans_before, needs, strict=True)]
    costs_after = [work(plan, after, sample, need) for plan, need in zip(plans_after, needs, strict=True)]
    used = [any(f"INDEX {name}" in step for step in plan) for plan in plans_after]
    runs = [shape.runs * is_used for (_, shape), is_used in zip(shapes, used, strict=True)]
    return Proof(
        name=name,
        rows=sample.rows,
        shapes=[
            ProvenShape(shape=shape.id, before=was, after=comes, is_used=is_used, gain=cost / cost_after)
            for (_, shape), was, comes, is_used, cost, cost_after in zip(
                shapes, plans_before, plans_after, used, costs_before, costs_after, strict=True
            )
        ],
        gain=_weighted(runs, costs_before) / _weighted(runs, costs_after) if any(runs) else 1.0,
        bytes=sample.index_bytes(wished),
        build_ms=int(1000 * took_s * sample.rows / max(1, sample.size)),
    )


class Planner:
    """SQLite's planner, with a table's schema and no rows.

    Args:
        connection: where the table is.
        table: its name.
        without: an index that is left out.
    """

    def __init__(self, connection: apsw.Connection, table: str, *, without: str) -> None:
        self._table = table
        self._memory = apsw.Connection(":memory:")
        add_functions(self._memory)
        sql = (
            "SELECT sql FROM sqlite_schema WHERE tbl_name = ? AND name != ? AND sql IS NOT NULL"
            " AND type IN ('table', 'index') ORDER BY type DESC"
        )
        for (made_by,) in connection.execute(sql, (table, without)):
            self._memory.execute(made_by)
        self._memory.execute("ANALYZE")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._memory.close()

    def add(self, create: str) -> None:
        """Makes an index."""
        self._memory.execute(create)

    def know(self, sample: Sample, indexes: Indexes) -> None:
        """Tells the planner what there is to know of the table's rows."""
        self._memory.execute("DELETE FROM sqlite_stat1")
        for name, columns in indexes.items():
            shares = (sample.rows_a_value(columns[: end + 1]) for end in range(len(columns)))
            told = " ".join(str(int(number)) for number in (sample.rows, *shares))
            self._memory.execute("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", (self._table, name, told))
        self._memory.execute("ANALYZE sqlite_schema")

    def plan(self, sql: str) -> tuple[str, ...]:
        """How a statement would be run."""
        # Whatever it looks for: every question mark is the place of a value.
        nothing = (None,) * sql.count("?")
        return tuple(
            detail
            for _, _, _, detail in self._memory.execute(f"EXPLAIN QUERY PLAN {sql}", nothing, can_cache=False)
        )


def read_sample(connection: apsw.Connection, table: str, columns: set[str]) -> Sample:
    """Rows of a table, spread evenly over it.

    Args:
        connection: reads the database.
        table: its name, of the contract.
        columns: which of its columns, of the contract.
    """
    names = sorted(columns)
    rows = rows_at_most(connection, table)
    sql = (
        "WITH RECURSIVE chosen (place) AS (SELECT 1 UNION ALL SELECT place + :stride FROM chosen"
        " WHERE place + :stride <= :rows)"
        f" SELECT {', '.join(names)} FROM {table} WHERE rowid IN (SELECT place FROM chosen)"
    )
    stride = max(1, rows // SAMPLE_ROWS)
    found = connection.execute(sql, {"stride": stride, "rows": rows}).fetchall()
    by_column = zip(*found, strict=True) if found else itertools.repeat(())
    return Sample(rows, dict(zip(names, by_column, strict=False)))


def _need(shape: QueryShape) -> Need:
    table = table_named(shape.table)
    return Need(
        equal=[table.column(name).python_name for name in shape.equal],
        ranges=len(shape.ranges),
        rows_max=shape.rows_max,
        is_grouped=shape.is_grouped,
    )


def _weighted(runs: Sequence[int], costs: Sequence[float]) -> float:
    return sum(number * cost for number, cost in zip(runs, costs, strict=True))
