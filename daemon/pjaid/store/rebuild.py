"""Owns the rebuilding of the state from the log: to compare it with the live state, or to replace it."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
from msgspec import Struct

from pjai_wire import tables
from pjai_wire.codec import Decoder
from pjai_wire.events import EVENTS
from pjai_wire.methods import RebuildResult, TableComparison
from pjai_wire.tables import Table
from pjaid.settings import Cipher
from pjaid.store import indexes, reads, schema, vectors
from pjaid.store.changed import positions
from pjaid.store.database import open_database
from pjaid.store.dictionaries import forget, unpacked
from pjaid.store.generation import count_generation
from pjaid.store.old_events import arguments, know_dictionaries
from pjaid.store.recorder import Recorder
from pjaid.store.values import PACKED
from pjaid.store.words import keeping

SCRATCH = "rebuild-"
EVENTS_BETWEEN_REPORTS = 10_000

_decoders = {name: Decoder(kind, "args") for name, kind in EVENTS.items()}


class Replayed(Struct, frozen=True):
    """How far a replay came."""

    seq: int
    events: int


def compare_with_log(live: apsw.Connection, directory: Path, cipher: Cipher) -> RebuildResult:
    """Builds the state from the log beside the live one, and compares them table by table.

    Both are read from one snapshot, so commits go on meanwhile. What is built is kept in a temporary file,
    encrypted with a key that is nowhere else.

    Args:
        live: a connection of one's own to the database.
        directory: where the temporary file may be.
        cipher: how it is encrypted.
    """
    with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=directory) as scratch:
        built = open_database(Path(scratch) / "state.db", cipher, secrets.token_bytes(32))
        live.execute("BEGIN")
        try:
            schema.prepare(built, store_id="rebuild")
            # Nobody searches it.
            keeping.remove(built)
            built.execute(vectors.UNFOLLOWED)
            built.execute("BEGIN")
            replayed = replay(live, Recorder(built))
            compared = {table.table_name: _compare(live, built, table) for table in tables.STATE}
            built.execute("ROLLBACK")
        finally:
            live.execute("COMMIT")
            built.close()
    return _result(replayed, compared, replaced=False)


def clear_scratch(directory: Path) -> None:
    """Removes what rebuilds left behind that did not end by themselves."""
    for left in directory.glob(f"{SCRATCH}*"):
        shutil.rmtree(left, ignore_errors=True)


def replace_from_log(connection: apsw.Connection, recorder: Recorder) -> RebuildResult:
    """Replaces the state by what the log says, inside a transaction of the caller's."""
    before = {table.table_name: list(_rows(connection, table)) for table in tables.STATE}
    # Filled at once from what there is at the end, which takes less than to follow each event.
    keeping.remove(connection)
    schema.clear_state(connection)
    # Only what the log has can be read afterwards.
    forget(connection)
    replayed = replay(connection, recorder)
    keeping.make(connection)
    indexes.follow(connection)
    count_generation(connection)
    compared = {
        table.table_name: _differences(iter(before[table.table_name]), _rows(connection, table))
        for table in tables.STATE
    }
    return _result(replayed, compared, replaced=True)


def replay(
    log: apsw.Connection, recorder: Recorder, *, on_progress: Callable[[int], None] = lambda _: None
) -> Replayed:
    """Materialises every event of the log; those of a newer program, and erased ones, are passed over.

    Args:
        log: where the events are.
        recorder: makes the state of them, which is empty until now.
        on_progress: told now and then how many there have been.
    """
    events = 0
    know_dictionaries(log)
    for seq, name, args in log.cursor().execute("SELECT seq, name, args FROM events ORDER BY seq"):
        events += 1
        if events % EVENTS_BETWEEN_REPORTS == 0:
            on_progress(events)
        if name in _decoders and args is not None:
            recorder.materialise(_decoders[name].decode(arguments(log, seq, args)))
    return Replayed(reads.head(log), events)


def _rows(connection: apsw.Connection, table: Table[Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of a table in the order of their ids, with values that are equal however they are packed."""
    columns = ", ".join(column.python_name for column in schema.stored_columns(table))
    rows = connection.execute(f"SELECT {columns} FROM {table.table_name} ORDER BY id")
    if table.table_name not in PACKED:
        return iter(rows)
    at = positions(table)[PACKED[table.table_name]]
    return ((*row[:at], unpacked(connection, row[at]), *row[at + 1 :]) for row in rows)


def _compare(live: apsw.Connection, built: apsw.Connection, table: Table[Any]) -> TableComparison:
    return _differences(_rows(live, table), _rows(built, table))


def _differences(live: Iterator[tuple[Any, ...]], built: Iterator[tuple[Any, ...]]) -> TableComparison:
    """Counts rows of `live`, and ids whose rows are not the same on both sides; both are ordered by id."""
    rows = 0
    differences = 0
    left, right = next(live, None), next(built, None)
    while left is not None or right is not None:
        if right is None or (left is not None and left[0] < right[0]):
            rows, differences, left = rows + 1, differences + 1, next(live, None)
        elif left is None or right[0] < left[0]:
            differences, right = differences + 1, next(built, None)
        else:
            rows, differences = rows + 1, differences + (left != right)
            left, right = next(live, None), next(built, None)
    return TableComparison(rows=rows, differences=differences)


def _result(replayed: Replayed, compared: dict[str, TableComparison], *, replaced: bool) -> RebuildResult:
    return RebuildResult(
        seq=replayed.seq,
        events=replayed.events,
        tables=compared,
        identical=not any(table.differences for table in compared.values()),
        replaced=replaced,
    )
