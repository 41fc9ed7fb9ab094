"""Tests of an embedder's waiting: it is woken by new texts and by nothing else, and a stop ends it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import Raw

from pjai_wire.codec import Decoder, encode
from pjai_wire.events import Event, event_name, v1
from pjai_wire.ids import new_id
from pjai_wire.methods import CommitParams, EmbeddedItem, EmbeddingTakeParams, EmbeddingTakeResult, NewEvent
from pjaid.methods.clients import Client
from pjaid.methods.embedding import EmbeddingMethods
from pjaid.settings import Settings
from pjaid.store.embedding import Embedding
from pjaid.store.keys import StoreKey
from pjaid.store.recorder import Origin
from pjaid.store.store import Store
from pjaid.store.unembedded import Model
from pjaid.store.writer import Committed

pytestmark = pytest.mark.anyio

ORIGIN = Origin(client="test", session="session")
EMBEDDER = Client(b"1", Origin(client="actor.embedder", session="s"))
KEY = StoreKey("store", "aegis", secrets.token_bytes(32), created=True)
WITHIN_S = 30

_result = Decoder(EmbeddingTakeResult, "result")


class Opened:
    """A store and the methods on it."""

    def __init__(self, directory: Path) -> None:
        settings = Settings(data_dir=directory, state_dir=directory)
        self.store = Store(settings, KEY, lambda committed: self._told(committed))
        self.methods = EmbeddingMethods(self.store.embedding)

    def _told(self, committed: Committed) -> None:
        self.methods.committed(committed)

    async def commit(self, *events: Event) -> None:
        new = tuple(NewEvent(id=new_id(), name=event_name(one), args=Raw(encode(one))) for one in events)
        await self.store.commit(encode(CommitParams(events=new)), ORIGIN, lambda receipt: receipt)

    def take(self, **params: Any) -> asyncio.Task[list[str]]:
        """Begins to take; gives the texts."""
        return asyncio.ensure_future(self._take(EmbeddingTakeParams(model="small", dimension=3, **params)))

    async def _take(self, params: EmbeddingTakeParams) -> list[str]:
        async with asyncio.timeout(WITHIN_S):
            told = await self.methods.take(EMBEDDER, Raw(encode(params)))
        return [item.text for item in _result.decode(Raw(told)).items]


class Looks:
    """Counts how often somebody looked into the store for texts."""

    def __init__(self) -> None:
        self.count = 0
        self.more = asyncio.Event()

    async def reached(self, count: int) -> None:
        async with asyncio.timeout(WITHIN_S):
            while self.count < count:
                self.more.clear()
                await self.more.wait()


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    counted = Looks()
    take = Embedding.take

    async def noted(self: Embedding, model: Model, limit: int) -> EmbeddingTakeResult:
        result = await take(self, model, limit)
        counted.count += 1
        counted.more.set()
        return result

    monkeypatch.setattr(Embedding, "take", noted)
    return counted


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Opened]:
    made = Opened(tmp_path)
    try:
        await made.commit(v1.PersonaCreated(id="ada", name="Ada"), memory("old"))
        yield made
    finally:
        await made.store.close()


def memory(name: str) -> v1.MemoryEntityCreated:
    return v1.MemoryEntityCreated(id=name, persona_id="ada", type="concept", name=name)


async def test_who_does_not_wait_is_answered_at_once(opened: Opened) -> None:
    assert await opened.take() == ["old"]
    await opened.commit(v1.MemoryEntityDeleted(id="old"))
    assert await opened.take() == []
    assert await opened.take(wait_ms=1) == []


async def test_a_new_text_wakes_all_who_wait(opened: Opened, looks: Looks) -> None:
    await opened.commit(v1.MemoryEntityDeleted(id="old"))
    taking = [opened.take(wait_ms=60_000) for _ in range(3)]
    await looks.reached(3)
    await opened.commit(memory("new"))
    assert await asyncio.gather(*taking) == [["new"]] * 3


async def test_a_changed_text_wakes_and_other_changes_do_not(opened: Opened, looks: Looks) -> None:
    await opened.commit(v1.MemoryEntityDeleted(id="old"), memory("m"))
    item = (await opened.store.embedding.take(Model("small", 3), 1)).items[0]
    put = EmbeddedItem(table=item.table, row=item.row, change=item.change)
    await opened.store.embedding.put(Model("small", 3), [put], bytes(6), ORIGIN)
    taking = opened.take(wait_ms=60_000)
    await looks.reached(2)
    await opened.commit(v1.MemoryEntityAccessed(id="m"), v1.MemoryPinned(id="m"))
    await opened.commit(v1.PersonaUsed(id="ada"))
    await opened.commit(v1.MemoryEntityUpdated(id="m", name="other"))
    assert await taking == ["other"]
    assert looks.count == 3


async def test_a_state_made_anew_wakes_who_waits(opened: Opened, looks: Looks) -> None:
    item = (await opened.store.embedding.take(Model("small", 3), 1)).items[0]
    put = EmbeddedItem(table=item.table, row=item.row, change=item.change)
    await opened.store.embedding.put(Model("small", 3), [put], bytes(6), ORIGIN)
    taking = opened.take(wait_ms=60_000)
    await looks.reached(2)
    await opened.store.rebuild(replace=True)
    assert await taking == ["old"]


async def test_a_stop_ends_the_waiting(opened: Opened, looks: Looks) -> None:
    await opened.commit(v1.MemoryEntityDeleted(id="old"))
    taking = opened.take(wait_ms=60_000)
    await looks.reached(1)
    opened.methods.stop()
    assert await taking == []
    assert await opened.take(wait_ms=60_000) == []
