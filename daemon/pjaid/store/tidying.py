"""Owns what is put in order beside commits: what they leave in the WAL, and in the indexes of words."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property

import anyio
import apsw
import structlog
from anyio import to_thread

from pjai_wire.errors import PjaiError
from pjaid.store.words import keeping
from pjaid.store.writer import Writer

log = structlog.get_logger()

MERGES_MAX = 100
MERGE_RESTS = 4
"""After each step of a merge come so many times its length for others."""


class Tidying:
    """Puts the database in order.

    Who cancels what moves the WAL waits until it has moved: the connection is closed next.

    Args:
        connect: opens a connection for it alone, so that no commit waits while the WAL is moved.
        writer: the one that writes.
    """

    def __init__(self, connect: Callable[[], apsw.Connection], writer: Writer) -> None:
        self._connect = connect
        self._writer = writer
        self._moving = anyio.Lock()
        self._moved: int | None = None
        """The version of the data all of which is in the database, and none in the WAL alone."""

    @cached_property
    def _connection(self) -> apsw.Connection:
        """Open from when it is first needed: it takes 300 kB, and who only reads needs none."""
        connection = self._connect()
        # To wait for a read that needs the WAL would be to hold up all commits.
        connection.set_busy_timeout(0)
        return connection

    async def merge_words(self) -> None:
        """Merges what commits added to the indexes of words one by one, a little at a time."""
        for _ in range(MERGES_MAX):
            began = time.monotonic()
            try:
                is_more = await self._writer.submit(lambda connection, _: keeping.merge(connection))
            except PjaiError as problem:
                # It can wait: the next time that the store tidies up goes on with it.
                log.warning("words_not_merged", code=problem.code)
                return
            if not is_more:
                return
            await anyio.sleep(MERGE_RESTS * (time.monotonic() - began))

    async def move_wal(self) -> None:
        """Moves the WAL into the database, in a thread, where it has anything that is not there yet."""
        async with self._moving:
            # The file stays as long as it is when all of it was moved.
            written = self._connection.pragma("data_version")
            if written != self._moved:
                is_moved = await to_thread.run_sync(self._checkpoint, apsw.SQLITE_CHECKPOINT_PASSIVE)
                self._moved = written if is_moved else None

    async def end_wal(self) -> None:
        """Moves all of the WAL into the database, in a thread, and leaves it empty, unless a read needs it.

        Commits wait meanwhile, so it is for when there are none.
        """
        async with self._moving:
            await to_thread.run_sync(self._checkpoint, apsw.SQLITE_CHECKPOINT_TRUNCATE)

    def close(self) -> None:
        """Moves what is left of the WAL into the database, and closes the connection."""
        self._checkpoint(apsw.SQLITE_CHECKPOINT_TRUNCATE)
        self._connection.close()

    def _checkpoint(self, mode: int) -> bool:
        """Moves the WAL into the database as far as it can be, and tells whether that is all of it."""
        try:
            frames, moved = self._connection.wal_checkpoint(mode=mode)
        except apsw.BusyError:
            log.debug("checkpoint_busy")
        except apsw.Error:
            log.exception("checkpoint_failed")
        else:
            return frames == moved
        return False
