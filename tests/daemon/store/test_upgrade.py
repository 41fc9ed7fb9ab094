"""Tests that the file of an older program opens: its state is made anew, or the file stays as it was."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from struct import pack
from typing import Any

import apsw
import pytest

from pjai_wire import tables
from pjaid.store import rebuild, schema
from pjaid.store.database import open_database
from pjaid.store.rebuild import compare_with_log
from pjaid.store.unembedded import Model, advance, waiting
from pjaid.store.upgrade import upgrade
from pjaid.store.vectors import UNFOLLOWED, model_number
from pjaid.store.words.filters import Filter
from pjaid.store.words.hits import word_hits
from pjaid.store.words.index import INDEXED
from pjaid.store.words.keeping import DUE
from pjaid.store.words.question import parse
from tests.daemon.store.conftest import Ledger, Rows

VERSION_1 = (Path(__file__).parent / "version_1.sql").read_text(encoding="utf-8")
KEY = secrets.token_bytes(32)

VECTORS_6 = """CREATE TABLE vectors (
    table_name TEXT NOT NULL, model INTEGER NOT NULL, persona_id TEXT NOT NULL, row INTEGER NOT NULL,
    vector BLOB NOT NULL, PRIMARY KEY (table_name, model, persona_id, row)
) STRICT, WITHOUT ROWID"""
"""As schema version 6 had them."""

HISTORY = (
    ("v1.PersonaCreated", {"id": "ada", "name": "Ada"}),
    ("v1.MemoryEntityCreated", {"id": "bread", "personaId": "ada", "type": "concept", "name": "Bread"}),
    ("v1.MemoryEntityCreated", {"id": "yeast", "personaId": "ada", "type": "concept", "name": "Yeast"}),
    ("v1.MemoryEntityLinked", {"id": "l", "fromId": "bread", "toId": "yeast"}),
    ("v1.ConversationStarted", {"id": "talk", "personaId": "ada"}),
    (
        "v1.ConversationMessageAdded",
        {"id": "m", "conversationId": "talk", "role": "user", "content": "How long does it rise?"},
    ),
)


@pytest.fixture
def old(ledger: Ledger, tmp_path: Path) -> Iterator[apsw.Connection]:
    """A file of version 1 with the log of `ledger`, a document, and a state that is not what the log says."""
    for event in HISTORY:
        ledger.commit(event)
    connection = _open(tmp_path)
    with connection:
        connection.execute(VERSION_1)
        connection.executemany(
            "INSERT INTO meta VALUES (?, ?)",
            [("store_id", "store"), ("device", "laptop"), ("documents_seq", 1)],
        )
        connection.execute("INSERT INTO client_documents VALUES ('app/ui', 'app', 'ui', x'80', 0)")
        for table in ("origins", "events"):
            for row in ledger.connection.execute(f"SELECT * FROM {table}").fetchall():
                connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
        connection.execute("CREATE INDEX of_its_own ON memories (name)")
        connection.execute("CREATE TABLE of_before (id TEXT)")
        connection.execute("INSERT INTO memory_links VALUES ('stale', 'a', 'b', 'related', 1.0, 0)")
        connection.pragma("user_version", 1)
        connection.pragma("application_id", schema.APPLICATION_ID)
    yield connection
    connection.close()


def _open(directory: Path) -> apsw.Connection:
    return open_database(directory / "old.db", "aegis", KEY)


def _upgrade(connection: apsw.Connection) -> None:
    schema.prepare(connection, "store")
    upgrade(connection)


def _schema_of(connection: apsw.Connection) -> set[tuple[Any, ...]]:
    return set(connection.execute("SELECT name, sql FROM sqlite_schema").fetchall())


def test_the_state_of_an_older_file_is_made_anew_from_its_log(
    old: apsw.Connection, ledger: Ledger, tmp_path: Path
) -> None:
    _upgrade(old)
    for table in tables.STATE:
        sql = f"SELECT * FROM {table.table_name} ORDER BY id"
        assert old.execute(sql).fetchall() == ledger.connection.execute(sql).fetchall(), table
    assert compare_with_log(old, tmp_path, "aegis").identical
    assert old.pragma("user_version") == schema.SCHEMA_VERSION


def test_an_upgraded_file_has_the_tables_and_indexes_of_a_new_one(
    old: apsw.Connection, ledger: Ledger
) -> None:
    _upgrade(old)
    assert {row[0] for row in _schema_of(old)} == {row[0] for row in _schema_of(ledger.connection)}


def test_an_upgraded_file_is_searched_by_words(old: apsw.Connection) -> None:
    _upgrade(old)
    hits = word_hits(old, "memories", parse("bread"), Filter(persona_id="ada"), depth=10)
    assert [old.execute("SELECT id FROM memories WHERE rowid = ?", (row,)).get for row, _ in hits] == [
        "bread"
    ]
    assert len(word_hits(old, "messages", parse("rising"), depth=10)) == 1


def test_vectors_that_memories_brought_are_there_in_an_upgraded_file_and_the_others_wait(
    ledger: Ledger, rows: Rows
) -> None:
    brought = {"embedding": pack("<2f", 0, 1), "embeddingModel": "brought"}
    created = {"id": "bread", "personaId": "ada", "type": "concept", "name": "Bread"}
    ledger.commit(HISTORY[0], ("v1.MemoryEntityCreated", created | brought))
    stored = "SELECT table_name, model, persona_id, vectors.id & 255, vector FROM vectors, vector_shards"
    before = rows(stored)
    with ledger.connection:
        ledger.connection.execute(f"{UNFOLLOWED} DROP TABLE vectors; DROP TABLE vector_shards; {VECTORS_6}")
        ledger.connection.execute("INSERT INTO vectors VALUES ('memories', 1, 'ada', 1, x'003c')")
        ledger.connection.pragma("user_version", 6)
    _upgrade(ledger.connection)
    assert rows(stored) == before == [("memories", model_number("brought", 2), "ada", 1, pack("<2e", 0, 1))]
    advance(ledger.connection, Model("small", 2))
    assert waiting(ledger.connection).rows == 1


def test_what_is_not_made_from_the_log_stays(old: apsw.Connection) -> None:
    there = {name for name, _ in _schema_of(old)}.intersection(schema.LASTING)
    assert there >= {"origins", "events", "meta", "client_documents"}
    lasting = {table: old.execute(f"SELECT * FROM {table}").fetchall() for table in there}
    _upgrade(old)
    for table, rows in lasting.items():
        assert old.execute(f"SELECT * FROM {table}").fetchall() == rows, table


def test_an_upgraded_file_takes_commits_and_is_not_upgraded_again(old: apsw.Connection) -> None:
    _upgrade(old)
    Ledger(old).commit(("v1.PersonaCreated", {"id": "bo", "name": "Bo"}))
    progress: list[str] = []
    upgrade(old, on_progress=progress.append)
    assert progress == []
    assert old.execute("SELECT count(*) FROM personas").get == 2


def test_progress_is_told_of(old: apsw.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuild, "EVENTS_BETWEEN_REPORTS", 2)
    progress: list[str] = []
    schema.prepare(old, "store")
    upgrade(old, on_progress=progress.append)
    assert [told.partition(": ")[2] for told in progress] == [f"{n} of 6 events" for n in (0, 2, 4, 6)]


@pytest.mark.parametrize("how", ["raise SystemExit(9)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_a_program_that_falls_in_the_midst_leaves_the_file_as_it_was(
    old: apsw.Connection, tmp_path: Path, how: str
) -> None:
    before = _schema_of(old)
    old.close()
    program = f"""
import os, signal
from pathlib import Path
from pjaid.store import rebuild, schema
from pjaid.store.database import open_database
from pjaid.store.upgrade import upgrade

def fall(progress):
    if progress.endswith("4 of 6 events"):
        {how}

rebuild.EVENTS_BETWEEN_REPORTS = 2
connection = open_database(Path({str(tmp_path)!r}) / "old.db", "aegis", bytes.fromhex({KEY.hex()!r}))
schema.prepare(connection, "store")
upgrade(connection, on_progress=fall)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode in (9, -9)
    again = _open(tmp_path)
    assert again.pragma("user_version") == 1
    assert _schema_of(again) == before
    assert again.execute("SELECT id FROM memory_links").fetchall() == [("stale",)]
    _upgrade(again)
    assert again.execute("SELECT id FROM memory_links").fetchall() == [("l",)]
    again.close()


def test_every_table_of_a_new_file_is_made_from_the_log_or_lasts(ledger: Ledger, rows: Rows) -> None:
    sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual')"
    made = {name for (name,) in rows(sql) if not name.startswith("sqlite_")}
    derived = {DUE, *(indexed.name for indexed in INDEXED.values()), *schema.DERIVED}
    assert made == {table.table_name for table in tables.STATE} | set(schema.LASTING) | derived
