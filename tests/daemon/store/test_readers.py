"""Tests that quick reads run at once, slow ones in threads, and the pool keeps to its bounds."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import apsw
import pytest

from pjai_wire.errors import Overloaded
from pjaid.store import schema
from pjaid.store.database import open_database
from pjaid.store.readers import READS_IN_THREAD, Readers

pytestmark = pytest.mark.anyio

SLOW = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000) SELECT max(i) FROM n"
)
QUICK = "SELECT 1"
Make = Callable[..., Readers]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    key = secrets.token_bytes(32)
    writer = open_database(tmp_path / "pjai.db", "aegis", key)
    schema.prepare(writer, "store")
    made: list[Readers] = []

    def make_readers(**changed: Any) -> Readers:
        options: dict[str, Any] = {
            "smallest": 1,
            "largest": 2,
            "acquire_timeout_s": 30,
            "idle_timeout_s": 300,
            "inline_ms_max": 1,
            "bytes_max": 2**30,
            "cache_bytes_max": 2**24,
        }
        readers = Readers(
            lambda: open_database(tmp_path / "pjai.db", "aegis", key, read_only=True), **options | changed
        )
        made.append(readers)
        return readers

    yield make_readers
    for readers in made:
        readers.close()
    writer.close()


def run(sql: str) -> Callable[[apsw.Connection, int], tuple[object, bool]]:
    """Runs a statement, and tells whether it was on the main thread."""

    def work(connection: apsw.Connection, _bytes_max: int) -> tuple[object, bool]:
        return connection.execute(sql).get, threading.current_thread() is threading.main_thread()

    return work


async def test_a_quick_read_is_answered_at_once_however_often(make: Make) -> None:
    readers = make(inline_ms_max=1_000)
    for _ in range(2_000):
        assert readers.read(QUICK, run(QUICK)) == (1, True)


async def test_a_slow_read_moves_to_a_thread_and_so_do_its_likes(make: Make) -> None:
    readers = make()
    for _ in range(2):
        answer = readers.read(SLOW, run(SLOW))
        assert isinstance(answer, Awaitable)
        assert await answer == (2_000_000, False)
    assert readers.read(QUICK, run(QUICK)) == (1, True)


async def test_a_shape_that_was_slow_once_is_tried_again_after_a_while(make: Make) -> None:
    readers = make()
    shape = "the same"
    await readers.read(shape, run(SLOW))  # type: ignore[misc] # slow, so to be awaited
    for _ in range(READS_IN_THREAD):
        answer = readers.read(shape, run(QUICK))
        assert isinstance(answer, Awaitable)
        assert await answer == (1, False)
    assert readers.read(shape, run(QUICK)) == (1, True)


async def test_an_interrupted_read_leaves_no_transaction_behind(make: Make) -> None:
    readers = make()

    def in_transaction(sql: str) -> Callable[[apsw.Connection, int], object]:
        def work(connection: apsw.Connection, _bytes_max: int) -> object:
            connection.execute("BEGIN")
            try:
                return connection.execute(sql).get
            finally:
                connection.execute("COMMIT")

        return work

    answer = readers.read(SLOW, in_transaction(SLOW))
    assert isinstance(answer, Awaitable)
    assert await answer == 2_000_000
    assert readers.read(QUICK, in_transaction(QUICK)) == 1


async def test_a_budget_of_nothing_sends_every_read_to_a_thread(make: Make) -> None:
    answer = make(inline_ms_max=0).read(QUICK, run(QUICK))
    assert isinstance(answer, Awaitable)
    assert await answer == (1, False)


async def test_there_are_never_more_connections_than_the_largest_number(make: Make) -> None:
    readers = make(largest=2)
    seen: set[int] = set()

    def note(connection: apsw.Connection, _bytes_max: int) -> None:
        seen.add(id(connection))

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(readers.read_in_thread, note)
    assert len(seen) <= 2
    assert readers.open <= 3


async def test_who_waits_too_long_for_a_reader_is_told(make: Make) -> None:
    readers = make(largest=1, acquire_timeout_s=0.01)
    entered, release = threading.Event(), threading.Event()

    def hold(_connection: apsw.Connection, _bytes_max: int) -> None:
        entered.set()
        release.wait()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(readers.read_in_thread, hold)
        await anyio.to_thread.run_sync(entered.wait)
        with pytest.raises(Overloaded):
            await readers.read_in_thread(run(QUICK))
        release.set()


async def test_connections_idle_for_long_are_closed_down_to_the_smallest_number(make: Make) -> None:
    readers = make(smallest=1, largest=2, idle_timeout_s=0)
    barrier = threading.Barrier(2)
    async with anyio.create_task_group() as tasks:
        for _ in range(2):
            tasks.start_soon(readers.read_in_thread, lambda _connection, _bytes_max: barrier.wait())
    assert readers.open == 3
    readers.sweep()
    assert readers.open == 2
