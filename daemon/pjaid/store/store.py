"""Owns the store as the rest of the daemon sees it: commits, reads, documents, the trail and rebuilding."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import apsw
from msgspec import Struct

from pjai_wire.codec import Decoder
from pjai_wire.methods import CommitParams, EventsParams, RebuildResult, Receipt
from pjaid.settings import Settings
from pjaid.store import documents, rebuild, schema, trail
from pjaid.store.database import Cipher, open_database, require_sqlite
from pjaid.store.documents import StoredDocument
from pjaid.store.keys import StoreKey
from pjaid.store.readers import Readers
from pjaid.store.reads import Rows, run
from pjaid.store.recorder import Origin, Recorder
from pjaid.store.statements import Statement
from pjaid.store.writer import Committed, Writer

T = TypeVar("T")

DATABASE = "pjai.db"
WRITER_CACHE_KIBIBYTES = 8_000
WAL_BYTES_BEFORE_CHECKPOINT = 4 * 2**20

_commit_params = Decoder(CommitParams, "params")


class Sizes(Struct, frozen=True):
    """Bytes on disk."""

    database: int
    wal: int


class Store:
    """The encrypted database, its one writer and its readers.

    Args:
        settings: limits and places.
        key: what opens the database.
        on_committed: called on the event loop after each group of commits that changed anything.
    """

    def __init__(self, settings: Settings, key: StoreKey, on_committed: Callable[[Committed], None]) -> None:
        require_sqlite()
        self.cipher: Cipher = key.cipher
        self.store_id = key.store_id
        self._path = Path(settings.data_dir) / DATABASE
        self._scratch = settings.state_dir
        self._result_bytes_max = settings.result_bytes_max
        writing = open_database(self._path, key.cipher, key.data_key, cache_kibibytes=WRITER_CACHE_KIBIBYTES)
        schema.prepare(writing, key.store_id)
        self._writing = writing
        recorder = Recorder(writing, development=settings.development)
        self.device = recorder.device
        self.seq = recorder.head.seq
        """The log's last, as far as it has been announced."""
        self._on_committed = on_committed
        self._tidying = open_database(self._path, key.cipher, key.data_key)
        self._readers = Readers(
            lambda: open_database(self._path, key.cipher, key.data_key, read_only=True),
            smallest=settings.readers_min,
            largest=settings.readers_max,
            acquire_timeout_s=settings.reader_acquire_timeout_s,
            idle_timeout_s=settings.reader_idle_timeout_s,
            inline_ms_max=settings.inline_ms_max,
        )
        self._writer = Writer(
            writing,
            recorder,
            self._committed,
            group_max=settings.group_commits_max,
            queue_max=settings.write_queue_max,
        )

    @property
    def write_queue(self) -> int:
        """How many writes wait."""
        return self._writer.waiting

    @property
    def readers(self) -> int:
        """How many reading connections are open."""
        return self._readers.open

    def commit(self, params: bytes, origin: Origin, finish: Callable[[Receipt], T]) -> asyncio.Future[T]:
        """Records the events of an encoded `CommitParams`.

        They are durable when this is done, with what `finish` makes of the receipt.

        Raises:
            PjaiError: nothing was recorded.
        """
        # Decoded on the writer's thread, so that a large commit does not hold up the event loop.
        return self._writer.submit(
            lambda _, recorder: finish(recorder.commit(_commit_params.decode(params).events, origin))
        )

    def read(self, statement: Statement, finish: Callable[[Rows], T]) -> T | Coroutine[Any, Any, T]:
        """What `finish` makes of the rows that `statement` finds, at once where that is quick.

        Raises:
            PjaiError: too large, or no reader came free.
        """
        bytes_max = self._result_bytes_max
        return self._readers.read(
            statement.sql, lambda connection: finish(run(connection, statement, bytes_max))
        )

    def read_trail(self, params: EventsParams, finish: Callable[[trail.Page], T]) -> Coroutine[Any, Any, T]:
        """What `finish` makes of a page of the audit trail."""
        bytes_max = self._result_bytes_max
        return self._readers.read_in_thread(
            lambda connection: finish(trail.read_page(connection, params, bytes_max))
        )

    def read_document(
        self, client: str, name: str, finish: Callable[[StoredDocument], T]
    ) -> T | Coroutine[Any, Any, T]:
        """What `finish` makes of a client's document."""
        return self._readers.read(
            "document", lambda connection: finish(documents.read_document(connection, client, name))
        )

    def write_document(self, client: str, name: str, patch: dict[str, object]) -> Awaitable[StoredDocument]:
        """Merges `patch` into a client's document; durable when this is done."""

        def work(connection: apsw.Connection, recorder: Recorder) -> StoredDocument:
            recorder.touched.add("client_documents")
            return documents.write_document(connection, client, name, patch)

        return self._writer.submit(work)

    def rebuild(self, *, replace: bool) -> Awaitable[RebuildResult]:
        """Builds the state from the log, and compares the live one with it or replaces it."""
        if replace:
            return self._writer.submit(rebuild.replace_from_log)
        return self._readers.read_in_thread(
            lambda connection: rebuild.compare_with_log(connection, self._scratch, self.cipher)
        )

    def sizes(self) -> Sizes:
        """How large the files are."""
        wal = self._path.with_name(self._path.name + "-wal")
        return Sizes(self._path.stat().st_size, wal.stat().st_size if wal.exists() else 0)

    async def tidy(self) -> None:
        """Moves the WAL into the database where it has grown, and lets go of connections idle for long.

        In a thread and on a connection of its own, so that no commit waits for it.
        """
        self._readers.sweep()
        if self.sizes().wal > WAL_BYTES_BEFORE_CHECKPOINT:
            # Busy means that a commit is at it already, because the WAL has grown so fast.
            with suppress(apsw.BusyError):
                await asyncio.to_thread(self._tidying.wal_checkpoint, mode=apsw.SQLITE_CHECKPOINT_PASSIVE)

    async def close(self) -> None:
        """Finishes what was submitted, moves the WAL into the database and closes both."""
        await self._writer.close()
        self._readers.close()
        self._tidying.close()
        self._writing.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        self._writing.close()

    def _committed(self, committed: Committed) -> None:
        self.seq = committed.seq
        self._on_committed(committed)
