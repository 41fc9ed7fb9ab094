"""Owns the reading connections, and decides which reads may run on the event loop.

A read first runs where it was asked, on the event loop, with a budget of time. Most reads end within it and
are spared a thread's round trip. One that does not is interrupted and runs again on a pooled connection in a
thread, and so do the next reads that are alike.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import anyio
import anyio.to_thread
import apsw
from msgspec import Struct

from pjai_wire.errors import LimitExceeded, Overloaded, Stopping
from pjai_wire.measures import Measures
from pjai_wire.methods import PageCache
from pjaid.store.page_cache import LoopCache, fit

T = TypeVar("T")

Work = Callable[[apsw.Connection, int], T]
"""A read: (the connection, how many bytes the answer may have) to its result."""

STEPS_BETWEEN_LOOKS = 4_000
"""Of SQLite's virtual machine."""

INLINE_BYTES_MAX = 2 * 2**20
"""A larger answer is no work for the event loop."""

READS_IN_THREAD = 100
"""After which a shape that was slow is tried on the event loop again."""

RESTS_AFTER_S = 10.0
"""For which nobody took a connection of the pool, before it lets go of what it read."""

SLOW_SHAPES_MAX = 1_000
"""How many shapes of slow reads are remembered; the one not met for longest is forgotten."""


class _Idle(Struct):
    connection: apsw.Connection
    since: float


class Readers:
    """Read-only connections: one for the event loop, and a pool for threads.

    Args:
        connect: opens a read-only connection.
        smallest: how many pooled connections stay open.
        largest: how many there are at most.
        acquire_timeout_s: how long a read waits for one.
        idle_timeout_s: how long one beyond the smallest number stays open unused.
        inline_ms_max: how long a read may take on the event loop; 0 moves every read to a thread.
        bytes_max: how large an answer may be.
        cache_bytes_max: what the page caches of all connections may take together.
    """

    def __init__(
        self,
        connect: Callable[[], apsw.Connection],
        *,
        smallest: int,
        largest: int,
        acquire_timeout_s: float,
        idle_timeout_s: float,
        inline_ms_max: float,
        bytes_max: int,
        cache_bytes_max: int,
    ) -> None:
        self._connect = connect
        self._bytes_max = bytes_max
        self._smallest = smallest
        self._acquire_timeout_s = acquire_timeout_s
        self._idle_timeout_s = idle_timeout_s
        self._places = anyio.Semaphore(largest, max_value=largest)
        self._threads = anyio.CapacityLimiter(largest)
        self._busy: set[apsw.Connection] = set()
        self._slow: OrderedDict[Hashable, int] = OrderedDict()
        self._inline = connect()
        self.cache = LoopCache(self._inline, budget=cache_bytes_max, pooled=smallest, pooled_max=largest)
        self._inline_s_max = inline_ms_max / 1000
        self._deadline = math.inf
        self._inline_reads = 0
        self._thread_reads = 0
        self._inline.set_progress_handler(self._overdue, STEPS_BETWEEN_LOOKS)
        self._idle = [_Idle(self._open_pooled(), time.monotonic()) for _ in range(smallest)]

    @property
    def open(self) -> int:
        """How many connections are open."""
        return 1 + self._pooled

    @property
    def metered(self) -> Measures:
        """How many reads there were; one that moved to a thread counts there."""
        counts = {"inline_reads": self._inline_reads, "thread_reads": self._thread_reads}
        return Measures(counts=counts)

    def cache_told(self) -> PageCache:
        """How large the event loop's page cache is, and what it was asked."""
        return self.cache.told(self._inline_reads)

    def read(self, shape: Hashable, work: Work[T], *, is_heavy: bool = False) -> T | Coroutine[Any, Any, T]:
        """The result of `work`, at once where it is quick, and otherwise to be awaited.

        Args:
            shape: what the read has in common with others that are as slow.
            work: what to read; it must not change anything, as it may run twice.
            is_heavy: the read is no work for the event loop, whatever it takes.
        """
        if is_heavy or not self._inline_s_max:
            return self.read_in_thread(work)
        if self._is_slow(shape):
            return self.read_in_thread(work)
        self._deadline = time.thread_time() + self._inline_s_max
        try:
            found = work(self._inline, min(INLINE_BYTES_MAX, self._bytes_max))
        except (apsw.InterruptError, LimitExceeded):
            self._deadline = math.inf
            _leave_transaction(self._inline)
            self._slow[shape] = READS_IN_THREAD
            if len(self._slow) > SLOW_SHAPES_MAX:
                self._slow.popitem(last=False)
            return self.read_in_thread(work)
        self._inline_reads += 1
        return found

    async def read_in_thread(self, work: Work[T]) -> T:
        """The result of `work` on a pooled connection, in a thread.

        Raises:
            Overloaded: no connection came free in time.
            Stopping: the reads were interrupted.
        """
        self._thread_reads += 1
        async with self._acquired() as connection:
            try:
                return await anyio.to_thread.run_sync(
                    work, connection, self._bytes_max, limiter=self._threads
                )
            except apsw.InterruptError:
                raise Stopping("the daemon is shutting down", hint="try again when it is up") from None

    def interrupt(self) -> None:
        """Ends the reads in threads, for the daemon is to stop."""
        for connection in self._busy:
            connection.interrupt()

    def sweep(self) -> None:
        """Closes connections beyond the smallest number that have been idle for long."""
        stale = time.monotonic() - self._idle_timeout_s
        while len(self._idle) > self._smallest and self._idle[0].since < stale:
            self._idle.pop(0).connection.close()
        self.cache.beside(self._pooled)

    def rest(self) -> None:
        """Lets go of the pages that were read for those who read no more."""
        self.cache.rest()
        stale = time.monotonic() - RESTS_AFTER_S
        for idle in self._idle:
            if idle.since < stale:
                idle.connection.release_memory()

    def close(self) -> None:
        """Closes the idle connections; nobody reads any more."""
        for idle in self._idle:
            idle.connection.close()
        self._idle.clear()
        self._inline.close()

    @asynccontextmanager
    async def _acquired(self) -> AsyncIterator[apsw.Connection]:
        with anyio.move_on_after(self._acquire_timeout_s) as waited:
            await self._places.acquire()
        if waited.cancelled_caught:
            raise Overloaded("every reader is busy", hint="ask for less at once")
        try:
            connection = self._idle.pop().connection if self._idle else self._open_one_more()
            self._busy.add(connection)
            try:
                yield connection
            finally:
                _leave_transaction(connection)
                self._busy.discard(connection)
                self._idle.append(_Idle(connection, time.monotonic()))
        finally:
            self._places.release()

    @property
    def _pooled(self) -> int:
        return len(self._idle) + len(self._busy)

    def _open_one_more(self) -> apsw.Connection:
        """A further connection of the pool, for whose pages that of the event loop makes room first."""
        self.cache.beside(self._pooled + 1)
        return self._open_pooled()

    def _open_pooled(self) -> apsw.Connection:
        connection = self._connect()
        fit(connection, self.cache.pooled_bytes)
        return connection

    def _is_slow(self, shape: Hashable) -> bool:
        """Whether a read of this shape was slow a while ago; it may have been an accident."""
        left = self._slow.pop(shape, 0)
        if left > 1:
            self._slow[shape] = left - 1
        return left > 0

    def _overdue(self) -> bool:
        """Whether to interrupt the read on the event loop; SQLite asks every so many of its steps.

        Time that the thread did not get, because the machine is busy, makes no read a slow one.
        """
        return time.thread_time() > self._deadline


def _leave_transaction(connection: apsw.Connection) -> None:
    """Makes sure that the next read sees the present; the end of the last one may have been interrupted."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")
