"""Owns the store as the rest of the daemon sees it: commits, reads, documents, the trail and rebuilding."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import anyio
from msgspec import Struct

from pjai_wire.errors import Overloaded, PjaiError
from pjai_wire.events import Event
from pjai_wire.measures import Measures, joined
from pjai_wire.methods import EventsParams, RebuildResult, Receipt
from pjaid.settings import Cipher, Settings
from pjaid.store import documents, indexes, old_events, points, rebuild, schema, secrets, trail, usage
from pjaid.store.database import open_database, require_sqlite
from pjaid.store.documents import StoredDocument
from pjaid.store.embedding import Embedding
from pjaid.store.explain import Explained, explained
from pjaid.store.generation import generation
from pjaid.store.incoming import IncomingCommit, own
from pjaid.store.indexing import Indexing
from pjaid.store.keys import FieldKey, Place, StoreKey
from pjaid.store.local import local_head
from pjaid.store.readers import Readers, Work
from pjaid.store.reads import Rows, run, run_raw
from pjaid.store.recorder import Origin, Recorder
from pjaid.store.shapes import Shapes
from pjaid.store.slow import Run, SlowReads
from pjaid.store.statements import Statement
from pjaid.store.stored_vectors import StoredVectors
from pjaid.store.tidying import Tidying
from pjaid.store.upgrade import upgrade
from pjaid.store.writer import Committed, Writer

T = TypeVar("T")

DATABASE = "pjai.db"
WRITER_CACHE_KIBIBYTES = 8_000
WAL_BYTES_BEFORE_CHECKPOINT = 4 * 2**20
RESTS_AFTER_S = 10.0
LAST_WRITE_PATIENCE_S = 1.0


class Sizes(Struct, frozen=True):
    """Bytes on disk."""

    database: int
    wal: int


class Store:
    """The encrypted database, its one writer and its readers.

    Args:
        settings: limits and places.
        key: what opens the database.
        on_committed: called on the event loop after each group of commits that changed anything, when their
            receipts have been handed out.
        on_durable: called before they are.
        on_upgrading: told of the progress, in a sentence, while the file of an older program is brought up to
            date.
    """

    def __init__(
        self,
        settings: Settings,
        key: StoreKey,
        on_committed: Callable[[Committed], None],
        *,
        on_durable: Callable[[Committed], None] = lambda _: None,
        on_upgrading: Callable[[str], None] = lambda _: None,
    ) -> None:
        require_sqlite()
        self.cipher: Cipher = key.cipher
        self.store_id = key.store_id
        self._path = Path(settings.data_dir) / DATABASE
        self._scratch = settings.state_dir
        self._rebuilding = False
        rebuild.clear_scratch(self._scratch)
        writing = open_database(self._path, key.cipher, key.data_key, cache_kibibytes=WRITER_CACHE_KIBIBYTES)
        schema.prepare(writing, key.store_id)
        upgrade(writing, on_progress=on_upgrading)
        with writing:
            indexes.follow(writing)
        self._writing = writing
        self._field_key = FieldKey(key.data_key)
        recorder = Recorder(writing, development=settings.development)
        self.device = recorder.device
        self.seq = recorder.head.seq
        """The log's last, as far as it has been announced."""
        self.generation = generation(writing)
        """Which of the state's it is, as far as has been announced."""
        self._made_anew = anyio.Event()
        self.local_seq = local_head(writing)
        """How many changes to local tables there were, as far as they have been announced."""
        self._on_committed = on_committed
        self._written_at = time.monotonic()
        self._written = anyio.Event()
        self._slow, shapes = SlowReads(settings.slow_query_ms), Shapes()
        self._run = self._slow.timed(shapes.counted(run))
        self._run_raw = self._slow.timed(shapes.counted(run_raw))
        self._readers = Readers(
            lambda: open_database(self._path, key.cipher, key.data_key, read_only=True),
            smallest=settings.readers_min,
            largest=settings.readers_max,
            acquire_timeout_s=settings.reader_acquire_timeout_s,
            idle_timeout_s=settings.reader_idle_timeout_s,
            inline_ms_max=settings.inline_ms_max,
            bytes_max=settings.result_bytes_max,
            cache_bytes_max=settings.reader_cache_bytes_max,
        )
        self._writer = Writer(
            writing,
            recorder,
            self._committed,
            on_durable=on_durable,
            group_max=settings.group_commits_max,
            queue_max=settings.write_queue_max,
        )
        self._tidying = Tidying(lambda: open_database(self._path, key.cipher, key.data_key), self._writer)
        self.vectors = StoredVectors(self._readers)
        self.embedding = Embedding(self._readers, self._writer)
        self.indexing = Indexing(
            self._readers,
            self._writer,
            shapes,
            share_max=settings.index_share_max,
            build_ms_max=settings.index_build_ms_max,
        )

    @property
    def write_queue(self) -> int:
        """How many writes wait."""
        return self._writer.waiting

    @property
    def metered(self) -> Measures:
        """What reads and writes there were since the daemon started, and how full the disk is."""
        sizes = self.sizes()
        disk = shutil.disk_usage(self._path.parent)
        gauges = {
            "write_queue": self.write_queue,
            "readers": self.readers,
            "database_bytes": sizes.database,
            "wal_bytes": sizes.wal,
            "disk_free_bytes": disk.free,
            "disk_bytes": disk.total,
        }
        return joined((self._writer.metered.told(), self._readers.metered, Measures(gauges=gauges)))

    @property
    def readers(self) -> int:
        """How many reading connections are open."""
        return self._readers.open

    def commit(self, params: bytes, origin: Origin, finish: Callable[[Receipt], T]) -> asyncio.Future[T]:
        """Records the events of an encoded `CommitParams`.

        They are durable when this is done, with what `finish` makes of the receipt.

        Raises:
            Forbidden: one is for the daemon alone to record.
            PjaiError: nothing was recorded.
        """
        commit = IncomingCommit(params)
        done = self._writer.submit(
            lambda _, recorder: finish(recorder.commit(commit.events(), origin)), is_large=commit.is_large
        )
        # Meanwhile the writer's thread wakes up, which takes as long.
        commit.decode_ahead()
        return done

    def record(self, event: Event, origin: Origin) -> asyncio.Future[Receipt]:
        """Records an event of what the daemon itself does; durable when this is done.

        Raises:
            PjaiError: nothing was recorded.
        """
        return self._writer.submit(lambda _, recorder: recorder.commit(own(event), origin))

    def read(self, statement: Statement, finish: Callable[[Rows], T]) -> T | Coroutine[Any, Any, T]:
        """What `finish` makes of the rows that `statement` finds, at once where that is quick.

        Raises:
            PjaiError: too large, or no reader came free.
        """
        return self._read(self._run, statement, finish)

    def read_raw(self, statement: Statement, finish: Callable[[Rows], T]) -> T | Coroutine[Any, Any, T]:
        """As `read`, with the values as they are stored."""
        return self._read(self._run_raw, statement, finish)

    def read_search(self, shape: str, work: Work[T], *, is_heavy: bool = False) -> T | Coroutine[Any, Any, T]:
        """The result of a part of a search, at once where that is quick.

        Args:
            shape: what the search has in common with others, without what is searched for.
            work: what to read.
            is_heavy: it is no work for the event loop, whatever it takes.

        Raises:
            PjaiError: too large, or no reader came free.
        """
        return self._readers.read(shape, self._slow.timed_search(shape, work), is_heavy=is_heavy)

    async def until_generation(self, number: int) -> None:
        """Waits until it has been announced that the state is of a generation, or of a later one."""
        while self.generation < number:
            await self._made_anew.wait()

    @property
    def writes(self) -> int:
        """How many writes were begun so far."""
        return self._writer.submitted

    async def until_written(self) -> None:
        """Waits until nothing is being written, nor waits to be."""
        await self._writer.until_idle()

    def explain(self, statement: Statement) -> Explained | Coroutine[Any, Any, Explained]:
        """How `statement` would be run."""
        return self._readers.read("explain", lambda connection, _: explained(connection, statement))

    def read_trail(self, params: EventsParams, finish: Callable[[trail.Page], T]) -> Coroutine[Any, Any, T]:
        """What `finish` makes of a page of the audit trail."""
        return self._readers.read_in_thread(
            lambda connection, bytes_max: finish(trail.read_page(connection, params, bytes_max))
        )

    def read_document(
        self, client: str, name: str, finish: Callable[[StoredDocument], T]
    ) -> T | Coroutine[Any, Any, T]:
        """What `finish` makes of a client's document."""
        return self._readers.read(
            "document", lambda connection, _: finish(documents.read_document(connection, client, name))
        )

    def write_document(self, client: str, name: str, patch: dict[str, object]) -> Awaitable[StoredDocument]:
        """Merges `patch` into a client's document; durable when this is done."""
        return self._writer.submit(
            lambda connection, _: documents.write_document(connection, client, name, patch)
        )

    def record_point(self, at: int, measured: Measures) -> Awaitable[None]:
        """Adds what was measured to the points of an instant; durable when this is done.

        Raises:
            LimitExceeded: a point would grow too large.
        """
        return self._writer.submit(lambda connection, _: points.record_point(connection, at, measured))

    def seal(self, place: Place, secret: bytes) -> bytes:
        """The secret as it may be committed for that place; nothing is changed.

        Raises:
            UnknownTable, UnknownColumn: no secrets stand there.
        """
        secrets.check_place(place)
        return self._field_key.seal(place, secret)

    def reveal(
        self, place: Place, client: str, origin: Origin, finish: Callable[[secrets.Revealed], T]
    ) -> asyncio.Future[T]:
        """What `finish` makes of a secret, once the audit trail durably says that `client` was told it.

        Raises:
            UnknownTable, UnknownColumn: no secrets stand there.
            NotFound: there is no such persona, or it has no such secret.
            Damaged: the secret is not what was sealed there.
        """
        secrets.check_place(place)
        key = self._field_key
        return self._writer.submit(
            lambda connection, recorder: finish(
                secrets.reveal(connection, recorder, key, place, client, origin)
            )
        )

    async def rebuild(self, *, replace: bool) -> RebuildResult:
        """Builds the state from the log, and compares the live one with it or replaces it."""
        if self._rebuilding:
            raise Overloaded("a rebuild is under way", hint="wait for its end")
        self._rebuilding = True
        try:
            if replace:
                # Not captured: that could be every row, and whoever follows them begins anew anyway.
                return await self._writer.submit(rebuild.replace_from_log, is_captured=False, is_large=True)
            return await self._readers.read_in_thread(
                lambda connection, _: rebuild.compare_with_log(connection, self._scratch, self.cipher)
            )
        finally:
            self._rebuilding = False

    async def growth(self, after: int, since: int | None) -> usage.Growth:
        """What was recorded after a seq, and of that what was recorded since an instant."""
        return await self._readers.read_in_thread(
            lambda connection, _: usage.growth(
                connection, after if since is None else max(after, usage.seq_before(connection, since))
            )
        )

    async def figures(self, persona_id: str, at: int, since: int) -> usage.Figures:
        """How much there is of a persona, and how much of that was recorded since an instant."""
        return await self._readers.read_in_thread(
            lambda connection, _: usage.figures(connection, persona_id, at, since)
        )

    async def parts(self) -> usage.Parts:
        """What the file is made of."""
        return await self._readers.read_in_thread(lambda connection, _: usage.parts(connection))

    def sizes(self) -> Sizes:
        """How large the files are."""
        wal = self._path.with_name(self._path.name + "-wal")
        return Sizes(self._path.stat().st_size, wal.stat().st_size if wal.exists() else 0)

    async def written(self) -> None:
        """Waits until something is written that was not when `tidy` last looked."""
        await self._written.wait()

    async def tidy(self) -> None:
        """Moves the WAL into the database where it has grown, and lets go of connections idle for long.

        What commits added to the indexes of words is merged before that.
        """
        has_written = self._written.is_set()
        self._written = anyio.Event()
        self._readers.sweep()
        if has_written:
            await self._tidying.merge_words()
        if self.sizes().wal > WAL_BYTES_BEFORE_CHECKPOINT:
            await self._tidying.move_wal()

    async def pack_log(self, before: int) -> bool:
        """Packs some events that were recorded before an instant, in ms; whether there may be more."""
        return await self._writer.submit(lambda connection, _: old_events.pack_old(connection, before))

    async def rest(self) -> None:
        """Lets go of pages that are kept for nobody, and of the WAL, if nothing was written for a while."""
        self._readers.rest()
        if time.monotonic() - self._written_at > RESTS_AFTER_S:
            with suppress(PjaiError):  # The next time will do.
                await self._writer.submit(lambda connection, _: connection.release_memory())
            if self.sizes().wal:
                await self._tidying.end_wal()

    def interrupt(self) -> None:
        """Ends the reads that are under way, for the daemon is to stop."""
        self._readers.interrupt()

    async def close(self) -> None:
        """Ends the write under way, moves the WAL into the database and closes everything."""
        await self._writer.close(LAST_WRITE_PATIENCE_S)
        self._readers.close()
        self._writing.close()
        self._tidying.close()

    def _read(
        self, run: Run, statement: Statement, finish: Callable[[Rows], T]
    ) -> T | Coroutine[Any, Any, T]:
        return self._readers.read(
            statement.effort,
            lambda connection, bytes_max: finish(run(connection, statement, bytes_max)),
            is_heavy=statement.is_heavy,
        )

    def _committed(self, committed: Committed) -> None:
        self.seq = committed.seq
        self.local_seq = committed.local_seq
        if committed.is_anew:
            self.generation += 1
            self._made_anew.set()
            self._made_anew = anyio.Event()
        self._written_at = time.monotonic()
        self._written.set()
        self._on_committed(committed)
