"""Owns the floors in process: the daemon's own SQL, and nothing around it, on files of the same content."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import apsw
from msgspec import Struct

from pjai_wire import chain
from pjai_wire.codec import encode
from pjai_wire.events import event_name, v1
from pjai_wire.ids import new_id, now_ms
from pjai_wire.tables import memories
from pjaid.store.database import open_database
from pjaid.store.keys import Means, StoreKey, unlock
from pjaid.store.keys.passphrases import Passphrases
from pjaid.store.materializers import MATERIALIZERS
from pjaid.store.reads import rows
from pjaid.store.statements import Statement
from pjaid.store.store import DATABASE, WRITER_CACHE_KIBIBYTES
from pjaid.store.values import SqlValue, to_sql
from pjaid.store.words import keeping
from pjaid.store.writes import Insert
from tests.workload.processes import PASSPHRASE, Home

Row = Sequence[SqlValue]

RESULT_BYTES_MAX = 64 * 2**20
PAGE_BYTES = 4_096
SCRATCH_PAGES = 1_000
"""As many as a WAL has before it begins anew, so that, like it, the file stops growing."""


def unlocked(home: Home) -> StoreKey:
    """The key of the store under test."""
    return unlock(home.data, Means(passphrases=Passphrases(variable=PASSPHRASE.encode())))


def opened_read_only(home: Home) -> apsw.Connection:
    """A connection to the store under test such as the daemon's readers have."""
    key = unlocked(home)
    return open_database(home.data / DATABASE, key.cipher, key.data_key, read_only=True)


class ReadFloor:
    """The same statements on the same file, on a connection such as the daemon's readers have.

    Args:
        home: whose store to read.
        key: what opens it.
    """

    def __init__(self, home: Home, key: StoreKey) -> None:
        self.connection = open_database(home.data / DATABASE, key.cipher, key.data_key, read_only=True)

    def run(self, statement: Statement) -> None:
        """Fetches what `statement` finds, and the messages where it gathers them."""
        found: list[Any] = self.connection.execute(statement.sql, statement.bindings).fetchall()
        if statement.gathers:
            position = statement.columns.index("id")
            ids = [row[position] for row in found]
            sql = (
                "SELECT conversation_id, id, role, content, sent_at, metadata FROM messages"
                f" WHERE conversation_id IN ({', '.join('?' * len(ids))}) ORDER BY conversation_id, position"
            )
            self.connection.execute(sql, ids).fetchall()

    def answer_bytes(self, statement: Statement) -> int:
        """How long the answer to `statement` is."""
        return len(encode(rows(self.connection, statement, RESULT_BYTES_MAX)))

    def close(self) -> None:
        """Ends the connection."""
        self.connection.close()


class RecordedMemory(Struct, frozen=True):
    """What making one memory writes."""

    event: Row
    memory: Row


class WriteFloor:
    """The bare writes that make memories, on a copy of the store, as durable and searchable as the daemon's.

    Args:
        home: whose store to copy; nothing has it open.
        key: what opens it.
    """

    def __init__(self, home: Home, key: StoreKey) -> None:
        self._path = Path(shutil.copy(home.data / DATABASE, home.directory / "floor.db"))
        self.connection = open_database(
            self._path, key.cipher, key.data_key, cache_kibibytes=WRITER_CACHE_KIBIBYTES
        )
        self._seq: int = self.connection.execute("SELECT max(seq) FROM events").get
        self._insert_event = f"INSERT INTO events VALUES ({', '.join('?' * 10)})"
        self._insert_memory = ""
        self._scratch = os.open(home.directory / "floor.bytes", os.O_CREAT | os.O_WRONLY, 0o600)
        os.pwrite(self._scratch, bytes(PAGE_BYTES * SCRATCH_PAGES), 0)
        self._syncs = 0

    def prepared(self, events: Sequence[v1.MemoryEntityCreated]) -> list[RecordedMemory]:
        """The rows of `events`, ready to be written in this order."""
        return [self._prepared(event) for event in events]

    def _prepared(self, event: v1.MemoryEntityCreated) -> RecordedMemory:
        (write,) = MATERIALIZERS[type(event)].writes(event, _read_nothing)
        assert isinstance(write, Insert)
        places = ", ".join("?" * len(write.values))
        self._insert_memory = f"INSERT INTO memories ({', '.join(write.values)}) VALUES ({places})"
        memory = [to_sql(getattr(memories, name), value) for name, value in write.values.items()]
        self._seq += 1
        event_id, name, args = new_id(), event_name(event), encode(event)
        args_hash = chain.arguments_hash(args)
        digest = chain.link(chain.ORIGIN, self._seq, event_id, name, args_hash)
        row = (self._seq, event_id, event_id, name, args, args_hash, now_ms(), 1, event.persona_id, digest)
        return RecordedMemory(row, memory)

    def write(self, recorded: Sequence[RecordedMemory]) -> None:
        """Writes them in one durable transaction."""
        execute = self.connection.execute
        execute("BEGIN IMMEDIATE")
        for one in recorded:
            execute(self._insert_event, one.event)
            execute(self._insert_memory, one.memory)
        keeping.catch_up(self.connection)
        execute("COMMIT")

    def sync(self) -> None:
        """Writes a page of a plain file, and waits until the disk has it."""
        os.pwrite(self._scratch, bytes(PAGE_BYTES), PAGE_BYTES * (self._syncs % SCRATCH_PAGES))
        os.fdatasync(self._scratch)
        self._syncs += 1

    def close(self) -> None:
        """Ends the connection."""
        self.connection.close()
        os.close(self._scratch)


def pragmas(connection: apsw.Connection) -> dict[str, str]:
    """The settings of a connection that a durable write depends on."""
    levels = {0: "off", 1: "normal", 2: "full", 3: "extra"}
    return {
        "journal_mode": str(connection.pragma("journal_mode")),
        "synchronous": levels[connection.pragma("synchronous")],
        "cipher": str(connection.pragma("cipher")),
        "page_size": str(connection.pragma("page_size")),
    }


def _read_nothing(_select: object) -> list[Any]:
    return []
