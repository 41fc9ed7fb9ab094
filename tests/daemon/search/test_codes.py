"""Tests of the search by vectors in a store: over one persona or all, while it changes, within its memory."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Collection
from pathlib import Path
from typing import Any

import anyio.lowlevel
import numpy as np
import pytest
from msgspec import Raw

from pjai_wire.codec import encode
from pjai_wire.errors import InvalidValue
from pjai_wire.events import Event, event_name, v1
from pjai_wire.ids import new_id
from pjai_wire.methods import CommitParams, NewEvent
from pjaid.search.codes import codes, shards
from pjaid.search.codes.codes import ROWS_ON_LOOP_MAX, SIFTED_FROM, Codes, Nearest
from pjaid.settings import Settings
from pjaid.store import capture, schema
from pjaid.store.database import open_database
from pjaid.store.keys import StoreKey
from pjaid.store.recorder import Origin
from pjaid.store.store import DATABASE, Store
from pjaid.store.stored_vectors import Shelf, StoredVectors
from pjaid.store.vector_shards import ROW_BITS, made_shard
from pjaid.store.vectors import model_number
from tests.daemon.search.vectors_at_hand import CLUSTERED, NOISE, Floats, made, nearest

pytestmark = pytest.mark.anyio

ORIGIN = Origin(client="test", session="session")
KEY = StoreKey("store", "aegis", secrets.token_bytes(32), created=True)
MODEL = "noise"


def fill(directory: Path, personas: dict[str, Floats]) -> None:
    """Makes a store with vectors of memories, numbered from 1 on over all personas."""
    connection = open_database(directory / DATABASE, KEY.cipher, KEY.data_key)
    schema.prepare(connection, KEY.store_id)
    row = 0
    with connection:
        for persona, vectors in personas.items():
            shard = made_shard(connection, "memories", model_number(MODEL, vectors.shape[1]), persona)
            for vector in vectors.astype("<f2"):
                row += 1
                values = (shard << ROW_BITS | row, vector.tobytes())
                connection.execute("INSERT INTO vectors VALUES (?, ?)", values)
    connection.close()


class Opened:
    """A store and the codes over it."""

    def __init__(self, directory: Path, bytes_max: int = 2**30) -> None:
        settings = Settings(data_dir=directory, state_dir=directory)
        self.store = Store(settings, KEY, lambda committed: self.codes.committed(committed))
        self.codes = Codes(self.store.vectors, bytes_max=bytes_max)

    async def nearest(
        self, vector: Floats, k: int, persona_id: str | None = None, rows: Collection[int] | None = None
    ) -> Nearest:
        return await self.sought(vector.astype("<f4").tobytes(), k, persona_id=persona_id, rows=rows)

    async def sought(self, vector: bytes, k: int, **narrowed: Any) -> Nearest:
        found = self.codes.nearest("memories", MODEL, vector, k, **narrowed)
        return found if isinstance(found, Nearest) else await found

    async def commit(self, *events: Event) -> None:
        new = tuple(NewEvent(id=new_id(), name=event_name(one), args=Raw(encode(one))) for one in events)
        await self.store.commit(encode(CommitParams(events=new)), ORIGIN, lambda receipt: receipt)
        await anyio.lowlevel.checkpoint()  # others are told after the receipt

    async def close(self) -> None:
        self.codes.close()
        await self.store.close()


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Opened]:
    made_here = Opened(tmp_path)
    try:
        await made_here.commit(v1.PersonaCreated(id="ada", name="Ada"))
        yield made_here
    finally:
        await made_here.close()


def memory(memory_id: str, vector: Floats) -> v1.MemoryEntityCreated:
    return v1.MemoryEntityCreated(
        id=memory_id,
        persona_id="ada",
        type="concept",
        name="Rye",
        embedding=vector.astype("<f4").tobytes(),
        embedding_model=MODEL,
    )


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The personas whose codes were read, in order."""
    seen: list[str] = []
    load = StoredVectors.load

    async def noted(self: StoredVectors, shelf: Shelf, persona_id: str, finish: Any) -> Any:
        seen.append(persona_id)
        return await load(self, shelf, persona_id, finish)

    monkeypatch.setattr(StoredVectors, "load", noted)
    return seen


@pytest.mark.parametrize("spread", [CLUSTERED, NOISE])
@pytest.mark.parametrize("sifted_from", [1_000, SIFTED_FROM])
async def test_of_the_ten_nearest_across_personas_95_in_100_are_found(
    tmp_path: Path, spread: float, sifted_from: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "SIFTED_FROM", sifted_from)
    vectors = made(ROWS_ON_LOOP_MAX + 1_000, 128, spread=spread)
    fill(tmp_path, {f"p{place}": part for place, part in enumerate(np.array_split(vectors, 7))})
    opened = Opened(tmp_path)
    try:
        hits = 0
        for query in made(20, 128, spread=spread, seed=2):
            found = await opened.nearest(query, 10)
            hits += len({row - 1 for row in found.rows} & set(nearest(vectors, query, 10)))
            assert found.cosines == sorted(found.cosines, reverse=True)
        assert hits >= 0.95 * 10 * 20
        assert opened.codes.count == len(vectors)
    finally:
        await opened.close()


async def test_a_persona_s_search_finds_and_loads_nothing_of_others(tmp_path: Path) -> None:
    vectors = made(300, 16, spread=NOISE)
    fill(tmp_path, {"ada": vectors[:100], "bo": vectors[100:]})
    opened = Opened(tmp_path)
    try:
        found = await opened.nearest(vectors[150], 300, "ada")
        assert sorted(found.rows) == list(range(1, 101))
        assert opened.codes.count == 100
        assert [row - 1 for row in (await opened.nearest(vectors[150], 5, "ada")).rows] == nearest(
            vectors[:100], vectors[150], 5
        )
    finally:
        await opened.close()


@pytest.mark.parametrize("persona_id", ["ada", None])
async def test_only_allowed_rows_are_found_and_all_of_them(tmp_path: Path, persona_id: str | None) -> None:
    vectors = made(400, 16, spread=NOISE)
    fill(tmp_path, {"ada": vectors[:200], "bo": vectors[200:]})
    opened = Opened(tmp_path)
    try:
        allowed = {3, 14, 15, 92, 65, 358, 979}
        found = await opened.nearest(-vectors[2], 10, persona_id, allowed)
        there = [row for row in sorted(allowed) if row <= (200 if persona_id else 400)]
        expected = nearest(vectors[[row - 1 for row in there]], -vectors[2], 10)
        assert found.rows == [there[place] for place in expected]
        assert (await opened.nearest(vectors[0], 10, persona_id, [])).rows == []
    finally:
        await opened.close()


async def test_codes_follow_commits_without_being_read_again(opened: Opened, loads: list[str]) -> None:
    vectors = made(8, 16, spread=NOISE)
    await opened.commit(*(memory(f"m{place}", vector) for place, vector in enumerate(vectors[:6])))
    assert (await opened.nearest(vectors[6], 9, "ada")).rows[0] == nearest(vectors[:6], vectors[6], 1)[0] + 1
    await opened.commit(memory("m6", vectors[6]), v1.MemoryEntityDeleted(id="m0"))
    found = await opened.nearest(vectors[6], 9, "ada")
    assert found.rows[0] == 7
    assert found.cosines[0] == pytest.approx(1, abs=1e-3)
    assert sorted(found.rows) == [2, 3, 4, 5, 6, 7]
    moved = v1.MemoryEntityUpdated(
        id="m1", embedding=vectors[7].astype("<f4").tobytes(), embedding_model=MODEL
    )
    await opened.commit(moved)
    assert (await opened.nearest(vectors[7], 1, "ada")).rows == [2]
    assert loads == ["ada"]


async def test_what_is_committed_while_codes_are_read_is_found(opened: Opened) -> None:
    vectors = made(41, 16, spread=NOISE)
    await opened.commit(memory("first", vectors[0]))
    for place in range(1, 41):
        opened.codes.clear()
        searching = asyncio.ensure_future(opened.nearest(vectors[0], 100, "ada"))
        await asyncio.gather(searching, opened.commit(memory(f"m{place}", vectors[place])))
        assert sorted((await opened.nearest(vectors[0], 100, "ada")).rows) == list(range(1, place + 2))


async def test_searches_at_once_read_the_codes_once(opened: Opened, loads: list[str]) -> None:
    (vector,) = made(1, 16, spread=NOISE)
    await opened.commit(memory("m", vector))
    searches = [asyncio.ensure_future(opened.nearest(vector, 1, "ada")) for _ in range(8)]
    await anyio.lowlevel.checkpoint()
    searches[0].cancel()
    assert [found.rows for found in await asyncio.gather(*searches[1:])] == [[1]] * 7
    assert loads == ["ada"]


async def test_codes_take_no_more_memory_than_they_may(tmp_path: Path, loads: list[str]) -> None:
    vectors = made(4_000, 64, spread=NOISE)
    fill(tmp_path, {f"p{place}": part for place, part in enumerate(np.array_split(vectors, 4))})
    bytes_max = 200_000
    opened = Opened(tmp_path, bytes_max)
    try:
        for persona in ("p0", "p1", "p2", "p3", None, "p0"):
            query = vectors[0]
            found = await opened.nearest(query, 1, persona)
            if persona in ("p0", None):
                assert found.rows == [1]
            assert 0 < opened.codes.memory_bytes <= bytes_max
        read = len(loads)
        await opened.nearest(vectors[0], 1, "p0")
        assert len(loads) == read
    finally:
        await opened.close()


async def test_a_commit_too_large_to_be_told_makes_codes_be_read_again(
    opened: Opened, loads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = made(3, 16, spread=NOISE)
    await opened.commit(memory("a", vectors[0]))
    assert (await opened.nearest(vectors[1], 9, "ada")).rows == [1]
    monkeypatch.setattr(capture, "CHANGES_MAX", 2)
    await opened.commit(memory("b", vectors[1]), memory("c", vectors[2]))
    assert sorted((await opened.nearest(vectors[1], 9, "ada")).rows) == [1, 2, 3]
    assert loads == ["ada", "ada"]


async def test_a_commit_that_changes_much_makes_codes_be_read_again(
    opened: Opened, loads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = made(3, 16, spread=NOISE)
    await opened.commit(memory("a", vectors[0]))
    assert (await opened.nearest(vectors[1], 9, "ada")).rows == [1]
    monkeypatch.setattr(shards, "FOLLOWED_MAX", 1)
    await opened.commit(memory("b", vectors[1]), memory("c", vectors[2]))
    assert sorted((await opened.nearest(vectors[1], 9, "ada")).rows) == [1, 2, 3]
    assert loads == ["ada", "ada"]


async def test_codes_that_grow_with_commits_take_no_more_memory_than_they_may(tmp_path: Path) -> None:
    opened = Opened(tmp_path, bytes_max=60_000)
    try:
        vectors = made(200, 256, spread=NOISE)
        await opened.commit(v1.PersonaCreated(id="ada", name="Ada"), memory("m", vectors[0]))
        await opened.nearest(vectors[0], 1, "ada")
        assert opened.codes.count == 1
        for place in range(1, len(vectors)):
            await opened.commit(memory(f"m{place}", vectors[place]))
            assert opened.codes.memory_bytes <= 60_000
        assert opened.codes.memory_bytes == opened.codes.count == 0
        assert (await opened.nearest(vectors[-1], 1, "ada")).rows == [200]
    finally:
        await opened.close()


@pytest.mark.parametrize("vector", [b"", b"abc", bytes(8), np.array([np.nan, 1], "<f4").tobytes()])
async def test_what_is_no_vector_is_refused(opened: Opened, vector: bytes) -> None:
    with pytest.raises(InvalidValue):
        await opened.sought(vector, 1)


async def test_an_unknown_model_or_persona_finds_nothing(opened: Opened) -> None:
    (vector,) = made(1, 16, spread=NOISE)
    assert (await opened.nearest(vector, 5)).rows == []
    assert (await opened.nearest(vector, 5, "nobody")).rows == []
