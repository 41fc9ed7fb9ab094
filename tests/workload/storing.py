"""Owns the bytes on disk, s3."""

from __future__ import annotations

import apsw
from msgspec import Struct

from pjai_wire.tables import STATE
from pjaid.store import schema
from pjaid.store.database import open_database
from pjaid.store.keys import StoreKey
from pjaid.store.store import DATABASE
from pjaid.store.words.index import INDEXED
from pjaid.store.words.keeping import DUE
from tests.workload.processes import Home
from tests.workload.report import Finding, Target

INDEX_LIMIT_PERCENT = 20.0
MEGABYTE = 1e6

SIZES = """
SELECT sqlite_schema.tbl_name, sqlite_schema.type = 'index', sum(dbstat.pgsize)
FROM dbstat JOIN sqlite_schema ON sqlite_schema.name = dbstat.name
GROUP BY 1, 2
"""


class Part(Struct):
    """The tables of one part of the file, and their indexes."""

    table_bytes: int = 0
    index_bytes: int = 0

    @property
    def index_percent(self) -> float:
        """The indexes' share."""
        return 100 * self.index_bytes / max(1, self.table_bytes + self.index_bytes)


def disk(home: Home, key: StoreKey) -> Finding:
    """s3, of a daemon that has stopped, so that all is in one file."""
    connection = open_database(home.data / DATABASE, key.cipher, key.data_key, read_only=True)
    state, log = _parts(connection)
    connection.close()
    whole = Part(state.table_bytes + log.table_bytes, state.index_bytes + log.index_bytes)
    return Finding(
        title="disk",
        target=Target(whole.index_percent, INDEX_LIMIT_PERCENT, "% indexes"),
        details={
            "megabytes": (home.data / DATABASE).stat().st_size / MEGABYTE,
            "state_megabytes": (state.table_bytes + state.index_bytes) / MEGABYTE,
            "state_index_percent": state.index_percent,
            "log_megabytes": (log.table_bytes + log.index_bytes) / MEGABYTE,
            "log_index_percent": log.index_percent,
        },
    )


def _parts(connection: apsw.Connection) -> tuple[Part, Part]:
    """The state with what is derived from it, and the log with what belongs to it."""
    state, log = Part(), Part()
    names = {*(table.table_name for table in STATE), *schema.DERIVED, DUE}
    words = tuple(f"{one.name}_" for one in INDEXED.values())
    for table, is_index, size in connection.execute(SIZES):
        is_of_words = table.startswith(words)
        part = state if table in names or is_of_words else log
        if is_index or is_of_words:
            part.index_bytes += size
        else:
            part.table_bytes += size
    return state, log
