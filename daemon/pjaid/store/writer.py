"""Owns the one thread that writes, and group commit: what waits together becomes durable together."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from contextlib import nullcontext, suppress
from time import perf_counter_ns
from typing import Any, Final, Generic, TypeVar

import apsw
import structlog
from msgspec import Struct

from pjai_wire.errors import InternalError, Overloaded, PjaiError, Stopping, StorageError
from pjai_wire.tables import LOCAL
from pjaid.metering.writes import WriteMeter
from pjaid.store.capture import Capture
from pjaid.store.changed import RowChange
from pjaid.store.local import local_head
from pjaid.store.recorder import Head, Recorder
from pjaid.store.words import keeping

log = structlog.get_logger()

T = TypeVar("T")

INTERRUPTED_AGAIN_S = 0.01

LOCAL_TABLES = frozenset(table.table_name for table in LOCAL)


class Committed(Struct, frozen=True):
    """What one group transaction changed, once it is durable."""

    seq: int
    """The log's last."""
    local_seq: int
    """How many changes to local tables there were."""
    changes: tuple[RowChange, ...] | None
    """One for each row that is not what it was; rows that a rebuild mended are not among them. None where
    there are too many to tell."""
    is_anew: bool = False
    """Whether the state was made anew of the log: rows may have other numbers, and vectors are gone."""


class _Job(Generic[T]):
    def __init__(
        self,
        work: Callable[[apsw.Connection, Recorder], T],
        done: asyncio.Future[T],
        *,
        is_captured: bool,
        is_large: bool,
    ) -> None:
        self.work = work
        self.done = done
        self.is_captured = is_captured
        self.is_large = is_large
        self.result: T | None = None
        self.error: Exception | None = None


class Writer:
    """Writes on a thread of its own.

    Args:
        connection: used by the writer's thread alone from now on.
        recorder: records events on that connection.
        on_committed: called on the event loop after each group that changed anything, when its receipts
            have been handed out.
        on_durable: called before they are.
        group_max: the most jobs in one transaction.
        queue_max: the most jobs that wait.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        recorder: Recorder,
        on_committed: Callable[[Committed], None],
        *,
        on_durable: Callable[[Committed], None] = lambda _: None,
        group_max: int,
        queue_max: int,
    ) -> None:
        self._connection = connection
        self._recorder = recorder
        self._capture = Capture(connection)
        self._local_seq = local_head(connection)
        self.metered: Final = WriteMeter()
        self._on_durable = on_durable
        self._on_committed = on_committed
        self._group_max = group_max
        self._queue_max = queue_max
        self._queue: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._next: list[_Job[Any] | None] = []
        """What was taken from the queue, and did not fit into the group."""
        self._loop = asyncio.get_running_loop()
        self._stopping = False
        self.submitted = 0
        """How many jobs were so far."""
        self._under_way = 0
        self._idle: asyncio.Future[None] | None = None
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        return self._queue.qsize()

    def submit(
        self,
        work: Callable[[apsw.Connection, Recorder], T],
        *,
        is_captured: bool = True,
        is_large: bool = False,
    ) -> asyncio.Future[T]:
        """Runs `work` inside the next group transaction; the future has its result when that is durable.

        Args:
            work: what to do; it may be run twice, of which the first time is taken back.
            is_captured: whether to tell which rows it changes; otherwise only that something was written.
            is_large: whether it takes so long that it has a transaction to itself, and runs once.

        Raises:
            Stopping: the writer takes no more work.
            Overloaded: too many jobs wait.
        """
        if self._stopping:
            raise _stopping()
        if self._queue.qsize() >= self._queue_max:
            raise Overloaded("too many commits wait", hint="wait, or commit more events at once")
        done: asyncio.Future[T] = self._loop.create_future()
        self.submitted += 1
        self._under_way += 1
        self._queue.put(_Job(work, done, is_captured=is_captured, is_large=is_large))
        return done

    async def until_idle(self) -> None:
        """Waits until no job is under way, nor waits."""
        while self._under_way:
            self._idle = self._idle or self._loop.create_future()
            await asyncio.shield(self._idle)

    @property
    def closed(self) -> bool:
        """Whether the thread has ended."""
        return not self._thread.is_alive()

    async def close(self, patience_s: float) -> None:
        """Finishes the group under way, drops what has not begun, and ends the thread.

        Args:
            patience_s: how long a group may take; past it it is interrupted, and rolled back.
        """
        self._stopping = True
        with suppress(queue.Empty):
            while (job := self._queue.get_nowait()) is not None:
                self._end(1)
                if not job.done.done():
                    job.done.set_exception(_stopping())
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join, patience_s)
        while self._thread.is_alive():
            # More than once: what is between two statements has none to interrupt.
            self._connection.interrupt()
            await asyncio.to_thread(self._thread.join, INTERRUPTED_AGAIN_S)

    def _run(self) -> None:
        while (first := self._next.pop() if self._next else self._queue.get()) is not None:
            jobs = self._group(first)
            committed = self._write(jobs)
            self._loop.call_soon_threadsafe(self._deliver, jobs, committed)
            # Only now, as this is nothing that a client waits for.
            self._capture.back_to(0)

    def _group(self, first: _Job[Any]) -> list[_Job[Any]]:
        """The first job, and those that wait and may be written with it."""
        jobs = [first]
        while not first.is_large and len(jobs) < self._group_max and not self._queue.empty():
            job = self._queue.get()
            if job is None or job.is_large:
                self._next.append(job)
                break
            jobs.append(job)
        return jobs

    def _write(self, jobs: list[_Job[Any]]) -> Committed | None:
        """Runs the jobs in one transaction."""
        recorder = self._recorder
        before = recorder.head
        began = perf_counter_ns()
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            if not self._run_jobs(jobs):
                return None
            keeping.catch_up(self._connection)
            local_seq = self._local_seq
            if self._capture.has_touched(LOCAL_TABLES):
                local_seq = local_head(self._connection)
            is_anew = any(not job.is_captured and job.error is None for job in jobs)
            committed = Committed(recorder.head.seq, local_seq, self._capture.net(), is_anew)
            done = perf_counter_ns()
            self._connection.execute("COMMIT")
        except Exception:
            with suppress(apsw.Error):
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
            recorder.restore(before)
            failure = StorageError("the database could not be written", hint="is the disk full? see the log")
            for job in jobs:
                job.error = failure
            log.exception("group_failed", jobs=len(jobs))
            return None
        durable = perf_counter_ns()
        moved = (before.seq, self._local_seq) != (committed.seq, local_seq)
        self._local_seq = local_seq
        if not (moved or committed.changes or is_anew):
            # The store's own upkeep, which changes nothing that anybody sees, is not counted.
            return None
        self.metered.written(
            writes=len(jobs),
            events=committed.seq - before.seq,
            rows_changed=len(committed.changes or ()),
            ns=durable - began,
            sync_ns=durable - done,
        )
        return committed

    def _run_jobs(self, jobs: list[_Job[Any]]) -> bool:
        """Runs the jobs, and tells whether the transaction still stands: one that fails is taken back.

        Where there are others they run again without what it did, each in a savepoint of its own. From the
        start that would cost all of them a tenth of their time: under a savepoint SQLite keeps what each
        statement changes, and walks through it at each that has triggers.
        """
        before, mark = self._recorder.head, self._capture.mark()
        for job in jobs:
            self._run_job(job)
            if job.error is not None:
                self._take_back("ROLLBACK", before, mark)
                if len(jobs) == 1:
                    return False
                self._connection.execute("BEGIN IMMEDIATE")
                for one in jobs:
                    self._run_apart(one)
                return True
        return True

    def _run_apart(self, job: _Job[Any]) -> None:
        """Runs a job so that it can be taken back by itself."""
        before, mark = self._recorder.head, self._capture.mark()
        self._connection.execute("SAVEPOINT job")
        self._run_job(job)
        if job.error is not None:
            self._take_back("ROLLBACK TO job", before, mark)
        self._connection.execute("RELEASE job")

    def _run_job(self, job: _Job[Any]) -> None:
        job.error = None
        try:
            with nullcontext() if job.is_captured else self._capture.paused():
                job.result = job.work(self._connection, self._recorder)
        except (apsw.FullError, apsw.IOError, apsw.CorruptError, apsw.InterruptError, MemoryError):
            raise
        except Exception as error:
            job.error = error

    def _take_back(self, rollback: str, head: Head, mark: int) -> None:
        self._connection.execute(rollback)
        self._recorder.restore(head)
        self._capture.back_to(mark)

    def _end(self, jobs: int) -> None:
        self._under_way -= jobs
        if not self._under_way and self._idle is not None:
            self._idle.set_result(None)
            self._idle = None

    def _deliver(self, jobs: list[_Job[Any]], committed: Committed | None) -> None:
        if committed is not None:
            self._on_durable(committed)
        for job in jobs:
            error = job.error if job.error is None or isinstance(job.error, PjaiError) else _defect(job.error)
            if job.done.cancelled():
                continue
            if error is not None:
                job.done.set_exception(error)
            else:
                job.done.set_result(job.result)
        if committed is not None:
            # After the receipts: those who wait for them are scheduled already.
            self._loop.call_soon(self._on_committed, committed)
        self._end(len(jobs))


def _stopping() -> Stopping:
    return Stopping("the daemon is shutting down", hint="try again when it is up")


def _defect(error: Exception) -> InternalError:
    log.error("write_failed", exc_info=error)
    return InternalError(
        "the daemon failed at this write; nothing of it was kept", hint="see the daemon's log"
    )
