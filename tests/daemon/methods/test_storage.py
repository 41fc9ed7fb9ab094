"""How often the file is measured: by what was recorded since, and by how long that takes."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec import Raw

from pjai_wire.codec import Decoder, encode
from pjai_wire.events import Event, event_name, v1
from pjai_wire.ids import new_id
from pjai_wire.methods import CommitParams, NewEvent, StorageParams, StorageResult
from pjaid.methods.clients import Client
from pjaid.methods.storage import GOOD_FOR_S_MAX, GOOD_FOR_S_MIN, GOOD_FOR_TIMES, StorageMethods
from pjaid.settings import Settings
from pjaid.store.keys import StoreKey
from pjaid.store.recorder import Origin
from pjaid.store.store import Store

pytestmark = pytest.mark.anyio

ASKING = Client(b"1", Origin(client="test", session="session"))
KEY = StoreKey("store", "aegis", secrets.token_bytes(32), created=True)

_result = Decoder(StorageResult, "result")


class Clock:
    """Stands still between two looks at it, or goes on by so much."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.step_s = 0.0

    def __call__(self) -> float:
        told, self.now_s = self.now_s, self.now_s + self.step_s
        return told


class Opened:
    """A store, the methods about what it holds, and their clock."""

    def __init__(self, directory: Path) -> None:
        self.clock = Clock()
        self.store = Store(Settings(data_dir=directory, state_dir=directory), KEY, lambda _: None)
        self._methods = StorageMethods(self.store, self.clock)

    async def commit(self, event: Event) -> None:
        new = NewEvent(id=new_id(), name=event_name(event), args=Raw(encode(event)))
        await self.store.commit(encode(CommitParams(events=(new,))), ASKING.origin, lambda receipt: receipt)

    async def remember(self) -> None:
        """Something that makes the file larger."""
        content = {"text": secrets.token_hex(50_000)}
        await self.commit(
            v1.MemoryEntityCreated(id=new_id(), persona_id="ada", type="concept", name="x", content=content)
        )

    async def bytes_told(self) -> int:
        """The file's size, as the method has it."""
        told = await self._methods.storage(ASKING, Raw(encode(StorageParams())))
        return _result.decode(Raw(told)).database_bytes


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Opened]:
    made = Opened(tmp_path)
    try:
        await made.commit(v1.PersonaCreated(id="ada", name="Ada"))
        yield made
    finally:
        await made.store.close()


async def test_it_is_measured_again_soon_after_something_was_recorded(opened: Opened) -> None:
    before = await opened.bytes_told()
    await opened.remember()
    opened.clock.now_s = GOOD_FOR_S_MIN - 1
    assert await opened.bytes_told() == before
    opened.clock.now_s = GOOD_FOR_S_MIN
    assert await opened.bytes_told() > before + 50_000


async def test_the_longer_it_takes_the_less_often_it_is_measured(opened: Opened) -> None:
    opened.clock.step_s = 1.0
    before = await opened.bytes_told()
    opened.clock.step_s = 0.0
    await opened.remember()
    opened.clock.now_s = GOOD_FOR_TIMES - 1
    assert await opened.bytes_told() == before
    opened.clock.now_s = GOOD_FOR_TIMES
    assert await opened.bytes_told() > before


async def test_it_is_measured_once_an_hour_at_least(opened: Opened) -> None:
    opened.clock.step_s = 1e6
    before = await opened.bytes_told()
    opened.clock.step_s = 0.0
    await opened.remember()
    opened.clock.now_s = GOOD_FOR_S_MAX - 1
    assert await opened.bytes_told() == before
    opened.clock.now_s = GOOD_FOR_S_MAX
    assert await opened.bytes_told() > before


async def test_where_nothing_was_recorded_it_is_good_for_an_hour(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    await opened.bytes_told()
    monkeypatch.setattr(opened.store, "parts", None)
    opened.clock.now_s = GOOD_FOR_S_MAX - 1
    await opened.bytes_told()
    opened.clock.now_s = GOOD_FOR_S_MAX
    with pytest.raises(TypeError):
        await opened.bytes_told()
