"""Tests of the page caches of reading connections: what is told of them, what they may take, and of rest."""

from __future__ import annotations

import secrets
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import apsw
import pytest

from pjai_wire.errors import LimitExceeded
from pjai_wire.methods import EventsParams
from pjaid.settings import Settings
from pjaid.store.database import open_database
from pjaid.store.keys import StoreKey
from pjaid.store.page_cache import LOOP_BYTES, PAGES_QUIET, POOLED_BYTES
from pjaid.store.readers import Readers
from pjaid.store.recorder import Origin
from pjaid.store.store import Store
from pjaid.store.trail import Page

pytestmark = pytest.mark.anyio

MIB = 2**20
BUDGET = 8 * MIB
ROWS = 6_000
"""Each fills more than half of a page, so together 24 MB."""

EVERYTHING = "SELECT sum(length(filling)) FROM rows_of_a_page"
KEY = StoreKey("store", "aegis", secrets.token_bytes(32), created=True)
ORIGIN = Origin(client="test", session="session")


@pytest.fixture(scope="module")
def key() -> bytes:
    return secrets.token_bytes(32)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory, key: bytes) -> Path:
    path = tmp_path_factory.mktemp("pages") / "pjai.db"
    writer = open_database(path, "aegis", key)
    with writer:
        writer.execute("CREATE TABLE rows_of_a_page (number INTEGER PRIMARY KEY, filling BLOB)")
        writer.executemany(
            "INSERT INTO rows_of_a_page VALUES (?, zeroblob(2500))", ((number,) for number in range(ROWS))
        )
    writer.close()
    return path


@pytest.fixture
def readers(path: Path, key: bytes) -> Iterator[Readers]:
    opened = Readers(
        lambda: open_database(path, "aegis", key, read_only=True),
        smallest=1,
        largest=4,
        acquire_timeout_s=30,
        idle_timeout_s=0,
        inline_ms_max=60_000,
        bytes_max=2**30,
        cache_bytes_max=BUDGET,
    )
    yield opened
    opened.close()


def read_all(connection: apsw.Connection, _bytes_max: int) -> int:
    """Reads every page; answers what of them the connection keeps."""
    assert connection.execute(EVERYTHING).get == 2500 * ROWS
    return connection.status(apsw.SQLITE_DBSTATUS_CACHE_USED)[0]


def read_some(rows: int) -> Callable[[apsw.Connection, int], object]:
    return lambda connection, _: connection.execute(f"{EVERYTHING} WHERE number < {rows}").get


def read_now(readers: Readers, rows: int) -> None:
    """Reads on the event loop."""
    readers.read(str(rows), read_some(rows))


async def test_what_is_read_again_hits_and_what_is_new_misses(readers: Readers) -> None:
    read_now(readers, 100)
    before = readers.cache_told()
    read_now(readers, 100)
    again = readers.cache_told()
    assert again.hits - before.hits >= 100
    assert again.misses == before.misses
    read_now(readers, 150)
    assert readers.cache_told().misses - again.misses >= 50


async def test_what_is_read_in_threads_is_not_told(readers: Readers) -> None:
    before = readers.cache_told()
    await readers.read_in_thread(read_all)
    assert readers.cache_told() == before


async def test_a_larger_cache_keeps_what_the_smaller_one_had_to_read_again(readers: Readers) -> None:
    def misses_of_a_second_reading() -> int:
        read_now(readers, 600)
        before = readers.cache_told().misses
        read_now(readers, 600)
        return readers.cache_told().misses - before

    assert misses_of_a_second_reading() >= 500
    assert readers.cache_told().bytes == LOOP_BYTES
    readers.cache.resize(4 * MIB)
    assert readers.cache_told().bytes == 4 * MIB
    assert misses_of_a_second_reading() == 0


async def test_a_smaller_cache_lets_pages_go_at_once(readers: Readers) -> None:
    readers.cache.resize(4 * MIB)
    read_now(readers, ROWS)
    assert readers.cache_told().used_bytes > 3 * MIB
    readers.cache.resize(MIB)
    assert readers.cache_told().used_bytes <= MIB


async def test_together_they_never_keep_more_than_the_budget(readers: Readers) -> None:
    readers.cache.resize(readers.cache.bytes_max)
    assert readers.cache.bytes == BUDGET - POOLED_BYTES
    for pooled in (1, 2, 3, 4):
        kept: list[int] = []
        barrier = threading.Barrier(pooled)

        def read_together(connection: apsw.Connection, bytes_max: int, barrier: threading.Barrier) -> int:
            barrier.wait()
            return read_all(connection, bytes_max)

        async def read(kept: list[int] = kept, barrier: threading.Barrier = barrier) -> None:
            kept.append(
                await readers.read_in_thread(
                    lambda connection, bytes_max: read_together(connection, bytes_max, barrier)
                )
            )

        async with anyio.create_task_group() as tasks:
            for _ in range(pooled):
                tasks.start_soon(read)
        read_now(readers, ROWS)
        assert readers.open == 1 + pooled
        assert readers.cache.bytes == BUDGET - pooled * POOLED_BYTES
        assert BUDGET * 0.9 < sum(kept) + readers.cache_told().used_bytes <= BUDGET
    readers.sweep()
    assert readers.open == 2
    assert readers.cache.bytes == BUDGET - POOLED_BYTES


async def test_a_budget_that_is_small_is_shared(path: Path, key: bytes) -> None:
    readers = Readers(
        lambda: open_database(path, "aegis", key, read_only=True),
        smallest=1,
        largest=9,
        acquire_timeout_s=30,
        idle_timeout_s=0,
        inline_ms_max=60_000,
        bytes_max=2**30,
        cache_bytes_max=MIB,
    )
    try:
        assert readers.cache_told().bytes == readers.cache_told().bytes_min == MIB - 9 * (MIB // 10)
        assert await readers.read_in_thread(read_all) <= MIB // 10
    finally:
        readers.close()


@pytest.mark.parametrize("size", [LOOP_BYTES - 1, BUDGET - POOLED_BYTES + 1, 0])
async def test_a_size_past_the_bounds_is_refused(readers: Readers, size: int) -> None:
    with pytest.raises(LimitExceeded, match="may take"):
        readers.cache.check(size)


async def test_pages_go_once_little_is_read_and_are_kept_while_much_is(
    readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pjaid.store.readers.RESTS_AFTER_S", -1.0)
    readers.cache.resize(4 * MIB)
    read_now(readers, PAGES_QUIET * 2)
    readers.rest()
    assert readers.cache_told().used_bytes > 3 * MIB
    kept = await readers.read_in_thread(read_all)
    readers.rest()
    assert readers.cache_told().used_bytes < MIB / 4
    assert readers.cache_told().bytes == 4 * MIB
    left = await readers.read_in_thread(
        lambda connection, _: connection.status(apsw.SQLITE_DBSTATUS_CACHE_USED)[0]
    )
    assert left < kept / 4


@asynccontextmanager
async def opened(directory: Path) -> AsyncIterator[Store]:
    store = Store(Settings(data_dir=directory, state_dir=directory), KEY, lambda _: None)
    try:
        yield store
    finally:
        await store.close()


async def test_a_size_is_on_the_trail_with_its_reason_and_ends_with_the_store(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        receipt = await store.indexing.resize_page_cache(3 * MIB, "many were missed", ORIGIN)
        assert (await store.indexing.overview()).page_cache.bytes == 3 * MIB
        page: Page = await store.read_trail(EventsParams(), lambda page: page)
        (logged,) = page.events
        assert (logged.seq, logged.name, logged.client) == (receipt.seq, "v1.PageCacheResized", "test")
        assert b"many were missed" in bytes(logged.args)
    async with opened(tmp_path) as store:
        assert (await store.indexing.overview()).page_cache.bytes == LOOP_BYTES


async def test_a_size_that_is_refused_changes_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        before = (await store.indexing.overview()).page_cache.bytes
        with pytest.raises(LimitExceeded):
            await store.indexing.resize_page_cache(2**40, "", ORIGIN)
        assert (await store.indexing.overview()).page_cache.bytes == before
        page: Page = await store.read_trail(EventsParams(), lambda page: page)
        assert page.events == []
