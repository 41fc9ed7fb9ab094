"""Owns the indexes that are made automatically, each in the transaction of its event.

The table `indexes` is what ought to be. The database follows it when it is opened, and after a rebuild.
"""

from __future__ import annotations

import time
from typing import Any

import apsw
import structlog
from msgspec import Struct, msgpack

from pjai_wire.columns import Column
from pjai_wire.errors import Conflict, LimitExceeded, NotFound
from pjai_wire.events import v1
from pjai_wire.fields import IndexState
from pjai_wire.index_names import PREFIX, index_name
from pjai_wire.methods import IndexSize, Receipt
from pjai_wire.tables import STATE, Table, table_named
from pjaid.store.incoming import own
from pjaid.store.recorder import Origin, Recorder
from pjaid.store.requirements_of_indexes import indexed_columns

log = structlog.get_logger()

_names = msgpack.Decoder(tuple[str, ...]).decode

ROWS_ANALYZED = 400
"""Of each index; SQLite's own advice for quick statistics that are good enough."""


class Made(Struct, frozen=True):
    """An index of ours, of a table and columns of the contract."""

    table: Table[Any]
    columns: tuple[Column, ...]

    @property
    def name(self) -> str:
        """In the database, and its row's id."""
        return index_name(self.table, self.columns)

    @property
    def create_sql(self) -> str:
        """The statement that makes it; every name in it is the contract's."""
        names = ", ".join(f'"{column.python_name}"' for column in self.columns)
        return f"CREATE INDEX {self.name} ON {self.table.table_name} ({names})"


def names_of(connection: apsw.Connection, table: str) -> list[str]:
    """The indexes of a table but that of its ids."""
    sql = "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = ?"
    return [name for (name,) in connection.execute(sql, (table,))]


def whole_indexes(connection: apsw.Connection, table: str) -> dict[str, tuple[str, ...]]:
    """The columns of each index of a table that has all of its rows, but that of its ids."""
    sql = "SELECT name FROM pragma_index_list(?) WHERE NOT partial AND origin = 'c'"
    names = [str(name) for (name,) in connection.execute(sql, (table,))]
    return {name: columns_of(connection, name) for name in names}


def columns_of(connection: apsw.Connection, name: str) -> tuple[str, ...]:
    """The columns of an index, by their names in the database; what it computes is none of them."""
    sql = "SELECT name FROM pragma_index_info(?) WHERE name IS NOT NULL"
    return tuple(row[0] for row in connection.execute(sql, (name,)))


def sizes(connection: apsw.Connection) -> list[IndexSize]:
    """The indexes of the tables that are made from the log, but those of ids."""
    return [
        IndexSize(
            name=name,
            table=table.table_name,
            columns=tuple(getattr(table, column).name for column in columns_of(connection, name)),
            is_whole=name in whole,
            bytes=_bytes(connection, name),
        )
        for table in STATE
        for whole in [whole_indexes(connection, table.table_name)]
        for name in names_of(connection, table.table_name)
    ]


def _bytes(connection: apsw.Connection, name: str) -> int:
    """The size of an index."""
    sql = "SELECT sum(pgsize) FROM dbstat WHERE aggregate = TRUE AND name = ?"
    size: int = connection.execute(sql, (name,)).get
    return size


def database_bytes(connection: apsw.Connection) -> int:
    """The size of the database, without pages that are free."""
    pages = connection.pragma("page_count") - connection.pragma("freelist_count")
    size: int = pages * connection.pragma("page_size")
    return size


class Budget(Struct, frozen=True):
    """What indexes take, but those of ids, and what they may."""

    database_bytes: int
    index_bytes: int
    index_bytes_max: int

    @property
    def left(self) -> int:
        """What one more may take."""
        return self.index_bytes_max - self.index_bytes


def budget(connection: apsw.Connection, share_max: float) -> Budget:
    """What indexes take, the log's among them, and what they may where that is a share of the database."""
    database = database_bytes(connection)
    sql = "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
    names = [str(name) for (name,) in connection.execute(sql)]
    taken = sum(_bytes(connection, name) for name in names)
    return Budget(database, taken, int(share_max * database))


def require_room(size: int, left: int) -> None:
    """Checks that an index is not larger than it may be.

    Raises:
        LimitExceeded: it is.
    """
    if size > left:
        raise LimitExceeded(
            f"the index takes {size} bytes, and {max(0, left)} are left for indexes",
            hint="index_share_max is the setting",
        )


def rows_at_most(connection: apsw.Connection, table: str) -> int:
    """How many rows a table may have; those that were deleted count unless they were the last."""
    return connection.execute(f"SELECT max(rowid) FROM {table}").get or 0


def rows_known(connection: apsw.Connection, table: str) -> int:
    """How many rows the query planner thinks that a table has; 0 where it was never told."""
    if not connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_stat1'").get:
        return 0
    told = connection.execute("SELECT stat FROM sqlite_stat1 WHERE tbl = ?", (table,))
    # A partial index tells of its own rows, which are fewer.
    return max((int(stat.split()[0]) for (stat,) in told), default=0)


def in_state(connection: apsw.Connection, index_id: str, state: IndexState) -> Made:
    """The index of an id, which is in a state.

    Raises:
        NotFound: nobody has thought of it.
        Conflict: it is in another one.
    """
    sql = "SELECT of_table, on_columns, state FROM indexes WHERE id = ?"
    row = connection.execute(sql, (index_id,)).fetchone()
    if row is None:
        raise NotFound("nobody has proposed such an index", hint="look into the table indexes")
    if row[2] != state:
        raise Conflict(f"the index is {row[2]}, and not {state}", hint="look into the table indexes")
    table = table_named(row[0])
    return Made(table, indexed_columns(table, tuple(_names(row[1]))))


def create(
    connection: apsw.Connection, recorder: Recorder, origin: Origin, index_id: str, share_max: float
) -> Receipt:
    """Makes a proposed index, lets the planner know of its table, and records it; the caller rolls back.

    Raises:
        PjaiError: it does not wait to be made, or indexes would take more of the database than `share_max`.
    """
    index = in_state(connection, index_id, "proposed")
    began = time.perf_counter()
    left = budget(connection, share_max).left
    size_before = database_bytes(connection)
    connection.execute(index.create_sql)
    size = max(0, database_bytes(connection) - size_before)
    require_room(size, left)
    _analyze(connection, index.table)
    took_ms = round(1000 * (time.perf_counter() - began))
    return recorder.commit(own(v1.IndexCreated(id=index_id, took_ms=took_ms, bytes=size)), origin)


def drop(
    connection: apsw.Connection, recorder: Recorder, origin: Origin, index_id: str, reason: str
) -> Receipt:
    """Drops an index that was made automatically, and records it; the caller rolls back.

    Raises:
        PjaiError: there is no such index.
    """
    connection.execute(f"DROP INDEX {in_state(connection, index_id, 'created').name}")
    return recorder.commit(own(v1.IndexDropped(id=index_id, reason=reason)), origin)


def analyze(connection: apsw.Connection, recorder: Recorder, origin: Origin, table: Table[Any]) -> Receipt:
    """Lets the planner know of a table's rows, and records it; the caller rolls back."""
    _analyze(connection, table)
    # Other connections read what the planner knows when the schema has changed, and only then.
    connection.execute(f"CREATE VIEW {PREFIX}notice AS SELECT 1; DROP VIEW {PREFIX}notice")
    rows = rows_at_most(connection, table.table_name)
    return recorder.commit(own(v1.StatisticsTaken(id=table.table_name, rows=rows)), origin)


def follow(connection: apsw.Connection) -> None:
    """Makes the indexes that the table `indexes` has as created, and drops those of ours that it has not."""
    sql = "SELECT id FROM indexes WHERE state = 'created'"
    wanted = {name for (name,) in connection.execute(sql)}
    there = {
        name for table in STATE for name in names_of(connection, table.table_name) if name.startswith(PREFIX)
    }
    if wanted == there:
        return
    for name in there - wanted:
        connection.execute(f'DROP INDEX "{name}"')
    for name in wanted - there:
        index = in_state(connection, name, "created")
        connection.execute(index.create_sql)
        _analyze(connection, index.table)
    log.info("indexes_followed", made=len(wanted - there), dropped=len(there - wanted))


def _analyze(connection: apsw.Connection, table: Table[Any]) -> None:
    connection.pragma("analysis_limit", ROWS_ANALYZED)
    connection.execute(f"ANALYZE {table.table_name}")
