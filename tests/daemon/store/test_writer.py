"""Tests of group commit: what waits together becomes durable together, and fails alone."""

from __future__ import annotations

import secrets
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import nullcontext
from pathlib import Path

import anyio.lowlevel
import apsw
import pytest

from pjai_wire.errors import InternalError, NotFound, Overloaded, PjaiError, Stopping, StorageError
from pjaid.store import schema
from pjaid.store.database import open_database
from pjaid.store.incoming import incoming
from pjaid.store.recorder import Origin, Recorder
from pjaid.store.words.hits import word_hits
from pjaid.store.words.question import parse
from pjaid.store.writer import Committed, Writer
from tests.strategies import as_new_events

pytestmark = pytest.mark.anyio
ORIGIN = Origin(client="test", session="session")
QUEUE_MAX = 4
LONG = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000000) SELECT count(*) FROM n"
)


class Bench:
    """A writer, the database that it writes, and what it announced."""

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection
        self.announced: list[Committed] = []
        self.writer = Writer(
            connection, Recorder(connection), self.announced.append, group_max=8, queue_max=QUEUE_MAX
        )
        self._gate = threading.Event()

    def hold(self) -> None:
        """Keeps the writer busy until `release`, so that what is submitted meanwhile makes one group."""
        self._gate.clear()
        entered = threading.Event()

        def wait(_connection: apsw.Connection, _recorder: Recorder) -> None:
            entered.set()
            self._gate.wait()

        self.held = self.writer.submit(wait)
        entered.wait()

    def release(self) -> None:
        self._gate.set()


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    connection = open_database(tmp_path / "pjai.db", "aegis", secrets.token_bytes(32))
    schema.prepare(connection, "store")
    made = Bench(connection)
    yield made
    made.release()
    if not made.writer.closed:
        await made.writer.close(30)
    connection.close()


def persona(name: str) -> Callable[[apsw.Connection, Recorder], int]:
    def work(_connection: apsw.Connection, recorder: Recorder) -> int:
        events = incoming(as_new_events([("v1.PersonaCreated", {"id": name, "name": name})]))
        return recorder.commit(events, ORIGIN).seq

    return work


async def test_jobs_that_wait_together_share_one_transaction(bench: Bench) -> None:
    bench.hold()
    jobs = [bench.writer.submit(persona(name)) for name in "abc"]
    bench.release()
    assert [await job for job in jobs] == [1, 2, 3]
    await anyio.lowlevel.checkpoint()
    (committed,) = bench.announced
    assert (committed.seq, [change.table for change in committed.changes or ()]) == (3, ["personas"] * 3)


def fail(_connection: apsw.Connection, recorder: Recorder) -> None:
    """Records something, and then what cannot be."""
    recorder.commit(incoming(as_new_events([("v1.PersonaCreated", {"id": "x", "name": "x"})])), ORIGIN)
    recorder.commit(incoming(as_new_events([("v1.PersonaUsed", {"id": "nobody"})])), ORIGIN)


async def test_a_large_job_has_a_transaction_to_itself_and_keeps_its_turn(bench: Bench) -> None:
    bench.hold()
    before = bench.writer.submit(persona("a"))
    large = bench.writer.submit(persona("b"), is_large=True)
    after = [bench.writer.submit(persona(name)) for name in "cd"]
    bench.release()
    assert [await job for job in (before, large, *after)] == [1, 2, 3, 4]
    await anyio.lowlevel.checkpoint()
    assert [committed.seq for committed in bench.announced] == [1, 2, 4]


async def test_a_job_that_fails_by_itself_leaves_nothing_and_the_next_one_goes_on(bench: Bench) -> None:
    await bench.writer.submit(persona("a"))
    with pytest.raises(NotFound):
        await bench.writer.submit(fail)
    assert await bench.writer.submit(persona("b")) == 2
    await anyio.lowlevel.checkpoint()
    changed = [change.after and change.after[0] for one in bench.announced for change in one.changes or ()]
    assert changed == ["a", "b"]


async def test_a_job_that_fails_leaves_its_neighbours_alone(bench: Bench) -> None:
    bench.hold()
    first = bench.writer.submit(persona("a"))
    second = bench.writer.submit(fail)
    third = bench.writer.submit(persona("b"))
    fourth = bench.writer.submit(fail)
    bench.release()
    assert await first == 1
    with pytest.raises(NotFound):
        await second
    assert await third == 2
    with pytest.raises(NotFound):
        await fourth
    await anyio.lowlevel.checkpoint()
    (committed,) = bench.announced
    assert [change.after and change.after[0] for change in committed.changes or ()] == ["a", "b"]
    assert bench.connection.execute("SELECT id FROM personas ORDER BY id").fetchall() == [("a",), ("b",)]


async def test_a_large_job_runs_once_whatever_else_fails(bench: Bench) -> None:
    ran: list[str] = []
    bench.hold()
    large = bench.writer.submit(lambda _connection, _recorder: ran.append("once"), is_large=True)
    failing = bench.writer.submit(fail)
    bench.release()
    await large
    with pytest.raises(NotFound):
        await failing
    assert ran == ["once"]


async def test_a_defect_is_an_internal_error_without_its_text(bench: Bench) -> None:
    def defect(_connection: apsw.Connection, _recorder: Recorder) -> None:
        raise RuntimeError("somebody's secret")

    with pytest.raises(InternalError) as caught:
        await bench.writer.submit(defect)
    assert "secret" not in str(caught.value)


async def test_a_disk_that_fails_fails_the_group_and_the_next_one_goes_on(bench: Bench) -> None:
    def full(_connection: apsw.Connection, _recorder: Recorder) -> None:
        raise apsw.FullError("database or disk is full")

    bench.hold()
    first = bench.writer.submit(persona("a"))
    second = bench.writer.submit(full)
    bench.release()
    for job in (first, second):
        with pytest.raises(StorageError):
            await job
    assert await bench.writer.submit(persona("b")) == 1


async def test_a_full_queue_refuses(bench: Bench) -> None:
    bench.hold()
    waiting = [bench.writer.submit(persona(str(n))) for n in range(QUEUE_MAX)]
    with pytest.raises(Overloaded):
        bench.writer.submit(persona("more"))
    bench.release()
    for job in waiting:
        await job


async def test_a_writer_that_closes_ends_its_group_and_drops_what_has_not_begun(bench: Bench) -> None:
    bench.hold()
    submitted = bench.writer.submit(persona("a"))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(bench.writer.close, 30)
        with pytest.raises(Stopping):
            await submitted
        bench.release()
    await bench.held
    with pytest.raises(Stopping):
        bench.writer.submit(persona("b"))


async def test_a_group_that_takes_too_long_at_the_end_is_rolled_back(bench: Bench) -> None:
    begun = threading.Event()

    def endless(connection: apsw.Connection, _recorder: Recorder) -> None:
        connection.execute("INSERT INTO meta VALUES ('half', 1)")
        begun.set()
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
        )

    job = bench.writer.submit(endless)
    await anyio.to_thread.run_sync(begun.wait)
    await bench.writer.close(0)
    with pytest.raises(StorageError):
        await job
    assert bench.connection.execute("SELECT value FROM meta WHERE name = 'half'").get is None


class Noting:
    """A connection that tells when it is interrupted."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self.was_interrupted = threading.Event()

    def interrupt(self) -> None:
        self._connection.interrupt()
        self.was_interrupted.set()

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)


async def test_a_write_that_was_between_two_statements_is_interrupted_all_the_same(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    noting = Noting(bench.connection)
    monkeypatch.setattr(bench.writer, "_connection", noting)

    begun = threading.Event()

    def thoughtful(connection: apsw.Connection, _recorder: Recorder) -> None:
        begun.set()
        noting.was_interrupted.wait()
        connection.execute(LONG).fetchall()

    job = bench.writer.submit(thoughtful)
    await anyio.to_thread.run_sync(begun.wait)
    await bench.writer.close(0)
    with pytest.raises(StorageError):
        await job


async def test_a_repeated_commit_is_answered_with_its_first_receipt(bench: Bench) -> None:
    made = [("v1.PersonaCreated", {"id": "a", "name": "a"}), ("v1.PersonaUsed", {"id": "a"})]
    events = incoming(as_new_events(made))
    other = incoming(as_new_events([("v1.PersonaUsed", {"id": "a"})]))
    first = await bench.writer.submit(lambda _, recorder: recorder.commit(events, ORIGIN))
    await bench.writer.submit(lambda _, recorder: recorder.commit(other, ORIGIN))
    again = await bench.writer.submit(lambda _, recorder: recorder.commit(events, ORIGIN))
    assert (again.seq, again.commit_id, again.repeated) == (first.seq, first.commit_id, True)
    with pytest.raises(PjaiError, match="another commit"):
        await bench.writer.submit(lambda _, recorder: recorder.commit((*other, events[0]), ORIGIN))
    mixed = (*incoming(as_new_events([("v1.PersonaUsed", {"id": "a"})])), other[0])
    with pytest.raises(PjaiError, match="another commit"):
        await bench.writer.submit(lambda _, recorder: recorder.commit(mixed, ORIGIN))
    assert bench.connection.execute("SELECT usage_count FROM personas").get == 2


async def test_what_a_group_commits_is_found_by_words_at_once_and_what_fails_is_not(bench: Bench) -> None:
    def save(name: str, *, fails: bool) -> Callable[[apsw.Connection, Recorder], None]:
        def work(_connection: apsw.Connection, recorder: Recorder) -> None:
            workflow = ("v1.WorkflowSaved", {"id": name, "name": f"bake {name}"})
            recorder.commit(incoming(as_new_events([workflow])), ORIGIN)
            if fails:
                recorder.commit(incoming(as_new_events([("v1.PersonaUsed", {"id": "nobody"})])), ORIGIN)

        return work

    bench.hold()
    jobs = [bench.writer.submit(save(name, fails=name == "b")) for name in "abc"]
    bench.release()
    for job, fails in zip(jobs, (False, True, False), strict=True):
        with pytest.raises(NotFound) if fails else nullcontext():
            await job
    assert len(word_hits(bench.connection, "workflows", parse("baking"), depth=5)) == 2
