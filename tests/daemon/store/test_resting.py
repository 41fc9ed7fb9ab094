"""Tests of a store that lets go of memory while nobody writes."""

from __future__ import annotations

import secrets
from pathlib import Path
from threading import Event

import anyio
import anyio.to_thread
import pytest

from pjai_wire.events import v1
from pjaid.settings import Settings
from pjaid.store import store as store_module
from pjaid.store.database import open_database
from pjaid.store.keys import StoreKey
from pjaid.store.recorder import Origin
from pjaid.store.store import Store

pytestmark = pytest.mark.anyio

KEY = StoreKey("store", "aegis", secrets.token_bytes(32), created=True)


async def test_a_writer_that_takes_no_more_lets_the_store_rest_another_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "RESTS_AFTER_S", -1.0)
    begun, may_end = Event(), Event()
    store = Store(Settings(data_dir=tmp_path, state_dir=tmp_path, write_queue_max=1), KEY, lambda _: None)

    def busy(*_: object) -> None:
        begun.set()
        may_end.wait()

    try:
        first = store._writer.submit(busy)
        begun.wait()
        second = store._writer.submit(busy)
        await store.rest()
        may_end.set()
        await first
        await second
        await store.rest()
    finally:
        may_end.set()
        await store.close()


async def test_the_wal_is_emptied_at_rest_unless_a_read_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "RESTS_AFTER_S", -1.0)
    store = Store(Settings(data_dir=tmp_path, state_dir=tmp_path), KEY, lambda _: None)
    reader = open_database(tmp_path / store_module.DATABASE, KEY.cipher, KEY.data_key, read_only=True)
    try:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM personas").fetchall()
        await store.record(v1.PersonaCreated(id="ada", name="Ada"), Origin("test", "session"))
        await store.rest()
        assert store.sizes().wal
        reader.execute("COMMIT")
        await store.rest()
        assert not store.sizes().wal
        assert reader.execute("SELECT name FROM personas").get == "Ada"
    finally:
        reader.close()
        await store.close()


@pytest.mark.parametrize("task", ["tidy", "rest"])
async def test_a_stop_waits_for_the_wal_that_is_being_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: str
) -> None:
    monkeypatch.setattr(store_module, "RESTS_AFTER_S", -1.0)
    monkeypatch.setattr(store_module, "WAL_BYTES_BEFORE_CHECKPOINT", 0)
    store = Store(Settings(data_dir=tmp_path, state_dir=tmp_path), KEY, lambda _: None)
    moving, may_move = Event(), Event()
    checkpoint = store._tidying._checkpoint

    def slow(mode: int) -> bool:
        moving.set()
        may_move.wait()
        return checkpoint(mode)

    monkeypatch.setattr(store._tidying, "_checkpoint", slow)
    await store.record(v1.PersonaCreated(id="ada", name="Ada"), Origin("test", "session"))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(getattr(store, task))
        await anyio.to_thread.run_sync(moving.wait)
        tasks.cancel_scope.cancel()
        may_move.set()
    await store.close()
    assert not store.sizes().wal
