"""Tests that the file is encrypted, and opens to its key and to a program that knows it."""

from __future__ import annotations

import secrets
from pathlib import Path

import apsw
import pytest

from pjaid.errors import StartError
from pjaid.settings import Cipher
from pjaid.store import database, schema
from pjaid.store.database import open_database, require_sqlite

KEY = secrets.token_bytes(32)


@pytest.mark.parametrize("cipher", ["aegis", "chacha20", "sqlcipher"])
def test_nothing_of_the_content_is_readable(tmp_path: Path, cipher: Cipher) -> None:
    path = tmp_path / "pjai.db"
    connection = open_database(path, cipher, KEY)
    schema.prepare(connection, "store")
    connection.execute("INSERT INTO meta VALUES ('marker', 'MARKER-TEXT')")
    for file in tmp_path.iterdir():
        content = file.read_bytes()
        assert b"MARKER-TEXT" not in content, file
        assert b"CREATE TABLE" not in content, file
    connection.close()
    again = open_database(path, cipher, KEY, read_only=True)
    assert again.execute("SELECT value FROM meta WHERE name = 'marker'").get == "MARKER-TEXT"
    with pytest.raises(apsw.ReadOnlyError):
        again.execute("DELETE FROM meta")
    again.close()


def test_another_key_or_cipher_does_not_open_it(tmp_path: Path) -> None:
    path = tmp_path / "pjai.db"
    connection = open_database(path, "aegis", KEY)
    schema.prepare(connection, "store")
    connection.close()
    before = path.read_bytes()
    for cipher, key in (("aegis", secrets.token_bytes(32)), ("chacha20", KEY)):
        with pytest.raises(StartError, match="does not open"):
            open_database(path, cipher, key)  # type: ignore[arg-type] # a cipher of the parameters
    assert path.read_bytes() == before


def test_commits_are_synced_to_the_disk(tmp_path: Path) -> None:
    connection = open_database(tmp_path / "pjai.db", "aegis", KEY)
    assert connection.pragma("journal_mode") == "wal"
    assert connection.pragma("synchronous") == 2
    assert connection.pragma("temp_store") == 2
    connection.close()


def test_a_file_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    connection = open_database(tmp_path / "pjai.db", "aegis", KEY)
    schema.prepare(connection, "store")
    newer = schema.SCHEMA_VERSION + 1
    connection.pragma("user_version", newer)
    with pytest.raises(StartError, match=f"schema version {newer}, and this program knows {newer - 1}"):
        schema.prepare(connection, "store")
    connection.close()


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    connection = open_database(tmp_path / "pjai.db", "aegis", KEY)
    connection.execute("CREATE TABLE recipes (id)")
    with pytest.raises(StartError, match="not PJai's"):
        schema.prepare(connection, "store")
    connection.close()


def test_an_old_sqlite_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    require_sqlite()
    monkeypatch.setattr(database, "SQLITE_VERSION_MIN", (99, 0, 0))
    with pytest.raises(StartError, match="older than 99"):
        require_sqlite()
