"""Owns what the store's tests share: an encrypted database in a directory of its own."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest

from pjai_wire.errors import PjaiError
from pjai_wire.methods import Receipt
from pjaid.store import schema
from pjaid.store.database import open_database
from pjaid.store.incoming import incoming
from pjaid.store.recorder import Origin, Recorder
from pjaid.store.words import keeping
from tests.strategies import as_new_events

ORIGIN = Origin(client="test", session="session")


class Ledger:
    """A database with a recorder, each commit in a savepoint, so that one that fails is taken back."""

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection
        self.recorder = Recorder(connection, development=True)

    def commit(self, *events: tuple[str, dict[str, Any]]) -> Receipt:
        """Commits events; on an error nothing of them is kept."""
        before = self.recorder.head
        self.connection.execute("SAVEPOINT job")
        try:
            receipt = self.recorder.commit(incoming(as_new_events(list(events))), ORIGIN)
            keeping.catch_up(self.connection)
        except PjaiError:
            self.connection.execute("ROLLBACK TO job")
            self.recorder.restore(before)
            raise
        else:
            return receipt
        finally:
            self.connection.execute("RELEASE job")

    def try_commit(self, *events: tuple[str, dict[str, Any]]) -> bool:
        """Whether the events could be committed."""
        try:
            self.commit(*events)
        except PjaiError:
            return False
        return True


@contextmanager
def new_ledger(directory: Path) -> Iterator[Ledger]:
    """A ledger in a fresh encrypted database."""
    connection = open_database(directory / "pjai.db", "aegis", secrets.token_bytes(32))
    try:
        schema.prepare(connection, "store")
        yield Ledger(connection)
    finally:
        connection.close()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with new_ledger(tmp_path) as made:
        yield made


@pytest.fixture
def persona(ledger: Ledger) -> str:
    ledger.commit(("v1.PersonaCreated", {"id": "ada", "name": "Ada"}))
    return "ada"


Rows = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture
def rows(ledger: Ledger) -> Rows:
    """Runs SQL on the ledger's database."""
    return lambda sql: ledger.connection.execute(sql).fetchall()
