"""Tests of a store that lets go of memory while nobody writes."""

from __future__ import annotations

import secrets
from pathlib import Path
from threading import Event

import pytest

from pjaid.settings import Settings
from pjaid.store import store as store_module
from pjaid.store.keys import StoreKey
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
