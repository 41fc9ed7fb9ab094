"""Owns what the tests of the live engine share: stored rows, what became of them, and SQLite to ask."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
from hypothesis import strategies as st
from msgspec import Struct

from pjai_wire.codec import encode
from pjai_wire.columns import Column
from pjai_wire.tables import Table, workflows
from pjaid.store import reads, schema
from pjaid.store.changed import Row, RowChange
from pjaid.store.database import open_database
from pjaid.store.schema import stored_columns
from pjaid.store.statements import Statement
from pjaid.store.writer import Committed

PLENTY = 2**30


def stored(table: Table[Any], **values: Any) -> Row:
    """A row of `table` with some values; the others are empty."""
    return tuple(values.get(column.python_name, _empty(column)) for column in stored_columns(table))


def _empty(column: Column) -> Any:
    if column.nullable:
        return None
    empties = {"text": "", "list": b"\x90", "document": b"\x80", "vector": b"", "real": 0.0}
    return empties.get(column.kind, 0)


def workflow(row_id: str, **values: Any) -> Row:
    """A stored workflow."""
    return stored(workflows, id=row_id, **values)


def came(row: Row) -> RowChange:
    """A workflow is new."""
    return RowChange("workflows", None, row)


def left(row: Row) -> RowChange:
    """A workflow is gone."""
    return RowChange("workflows", row, None)


def became(before: Row, after: Row) -> RowChange:
    """A workflow is not what it was."""
    return RowChange("workflows", before, after)


def committed(seq: int, *changes: RowChange, local_seq: int = 0) -> Committed:
    """What a commit of the log tells."""
    return Committed(seq, local_seq, changes)


class Put(Struct, frozen=True):
    """Workflows that come to have the same values, whatever they had."""

    numbers: range
    values: dict[str, Any]


class Drop(Struct, frozen=True):
    """Workflows that leave, where there are any."""

    numbers: range


IDS = 60
"""More than a small window and its margin hold."""

_numbers = st.integers(0, IDS - 1).map(lambda number: range(number, number + 1)) | st.builds(
    lambda low, count: range(low, min(low + count, IDS)), st.integers(0, IDS - 1), st.integers(1, IDS)
)
_values = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["", "a", "b", "é"]),
        "persona_id": st.sampled_from([None, "p", "q"]),
        "is_template": st.integers(0, 1),
        "execution_count": st.integers(-1, 2),
        "last_executed_at": st.none() | st.integers(0, 2),
        "tags": st.lists(st.sampled_from(["a", "b"]), max_size=2).map(encode),
    }
)
step: st.SearchStrategy[Put | Drop] = st.builds(Put, _numbers, _values) | st.builds(Drop, _numbers)
"""What becomes of workflows in a commit: often of one, sometimes of more than a margin has."""

steps = st.lists(step, min_size=1, max_size=12)


class Reference:
    """Workflows in SQLite, which is asked what is right.

    Args:
        connection: to an empty database.
    """

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection
        self.rows: dict[str, Row] = {}

    def clear(self) -> None:
        """Begins without rows."""
        self.connection.execute("DELETE FROM workflows")
        self.rows.clear()

    def play(self, step: Put | Drop) -> tuple[RowChange, ...]:
        """Does a step; what it changed."""
        changes = tuple(self._changes(step))
        ids = [f"{number:02}" for number in step.numbers]
        after = [change.after for change in changes if change.after is not None]
        with self.connection:
            if isinstance(step, Drop):
                self.connection.executemany("DELETE FROM workflows WHERE id = ?", [(one,) for one in ids])
            self.insert("workflows", after)
        for change in changes:
            self.rows.pop(str((change.after or change.before or ())[0]), None)
        self.rows |= {str(row[0]): row for row in after}
        return changes

    def insert(self, table_name: str, rows: Sequence[Row]) -> None:
        """Adds rows to a table, or puts them in the place of those with the same ids."""
        if rows:
            places = ", ".join("?" * len(rows[0]))
            self.connection.executemany(f"INSERT OR REPLACE INTO {table_name} VALUES ({places})", rows)

    def raw(self, statement: Statement) -> list[Row]:
        """What a statement finds, as it is stored."""
        return reads.run_raw(self.connection, statement, PLENTY).rows

    def encoded(self, statement: Statement) -> list[bytes]:
        """What a statement finds, as it travels."""
        return [encode(row) for row in reads.run(self.connection, statement, PLENTY).rows]

    def _changes(self, step: Put | Drop) -> Iterator[RowChange]:
        for number in step.numbers:
            row_id = f"{number:02}"
            before = self.rows.get(row_id)
            after = workflow(row_id, **step.values) if isinstance(step, Put) else None
            if before != after:
                yield RowChange("workflows", before, after)


@contextmanager
def reference(directory: Path) -> Iterator[Reference]:
    """SQLite with an empty database, for the block."""
    connection = open_database(directory / "pjai.db", "aegis", secrets.token_bytes(32))
    schema.prepare(connection, "store")
    try:
        yield Reference(connection)
    finally:
        connection.close()
