"""Tests of what waits for a vector: taken, put, and kept right by whatever happens to its row."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from struct import pack, unpack
from typing import Any

import anyio.lowlevel
import pytest
from msgspec import Raw

from pjai_wire.codec import encode
from pjai_wire.errors import Conflict, InvalidValue
from pjai_wire.events import Event, event_name, v1, v2
from pjai_wire.ids import new_id
from pjai_wire.methods import CommitParams, EmbeddedItem, EmbeddingItem, EmbeddingPutResult, NewEvent
from pjaid.settings import Settings
from pjaid.store.changed import RowChange
from pjaid.store.database import open_database
from pjaid.store.keys import StoreKey
from pjaid.store.recorder import Origin
from pjaid.store.store import DATABASE, Store
from pjaid.store.unembedded import Model
from pjaid.store.vector_shards import ROW_BITS
from pjaid.store.vectors import UNFOLLOWED, VECTORS, model_number
from pjaid.store.writer import Committed

pytestmark = pytest.mark.anyio

ORIGIN = Origin(client="test", session="session")
KEY = StoreKey("store", "aegis", secrets.token_bytes(32), created=True)
SMALL, OTHER = Model("small", 3), Model("other", 2)
EAST, NORTH = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)


class Opened:
    """A store, and what it told of its commits."""

    def __init__(self, directory: Path) -> None:
        settings = Settings(data_dir=directory, state_dir=directory)
        self.told: list[RowChange] = []
        self.path = directory / DATABASE
        self.store = Store(settings, KEY, self._committed)

    def _committed(self, committed: Committed) -> None:
        self.told.extend(committed.changes or ())

    async def commit(self, *events: Event) -> None:
        new = tuple(NewEvent(id=new_id(), name=event_name(one), args=Raw(encode(one))) for one in events)
        await self.store.commit(encode(CommitParams(events=new)), ORIGIN, lambda receipt: receipt)
        await anyio.lowlevel.checkpoint()  # others are told after the receipt

    async def take(self, model: Model = SMALL, limit: int = 256) -> list[EmbeddingItem]:
        return (await self.store.embedding.take(model, limit)).items

    async def embed(self, *vectors: tuple[float, ...], model: Model = SMALL) -> list[EmbeddingItem]:
        """Takes and puts until nothing waits, each text with the next of some vectors."""
        given = iter(vectors)
        embedded: list[EmbeddingItem] = []
        while taken := await self.take(model):
            result = await self.put(taken, *(next(given) for _ in taken), model=model)
            assert result.stored == len(taken)
            embedded.extend(taken)
        return embedded

    async def put(
        self, items: list[EmbeddingItem], *vectors: tuple[float, ...], model: Model = SMALL
    ) -> EmbeddingPutResult:
        halves = b"".join(pack(f"<{len(vector)}e", *vector) for vector in vectors)
        put = [EmbeddedItem(table=one.table, row=one.row, change=one.change) for one in items]
        result = await self.store.embedding.put(model, put, halves, ORIGIN)
        await anyio.lowlevel.checkpoint()
        return result

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        connection = open_database(self.path, KEY.cipher, KEY.data_key, read_only=True)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def vectors(self) -> list[tuple[Any, ...]]:
        """Table, model's name, persona and numbers of each vector that there is."""
        found = self.rows(
            "SELECT table_name, name, persona_id, vector FROM vectors"
            f" JOIN vector_shards AS shard ON shard.id = vectors.id >> {ROW_BITS}"
            " JOIN embedding_models AS model ON model.id = shard.model ORDER BY 1, 2, 3, vectors.id"
        )
        return [(*row[:3], unpack(f"<{len(row[3]) // 2}e", row[3])) for row in found]


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Opened]:
    made = Opened(tmp_path)
    try:
        await made.commit(v1.PersonaCreated(id="ada", name="Ada"))
        yield made
    finally:
        await made.store.close()


def memory(memory_id: str, **given: Any) -> v1.MemoryEntityCreated:
    return v1.MemoryEntityCreated(
        **{"id": memory_id, "persona_id": "ada", "type": "concept", "name": "Rye"} | given
    )


async def test_what_there_was_before_the_first_embedder_is_given_to_it(opened: Opened) -> None:
    await opened.commit(
        memory("m", summary="a grain", tags=["bread"], content={"a": "grows", "b": ["a", {"c": "field"}]}),
        v1.ConversationStarted(id="c", persona_id="ada", summary="of bread"),
        v1.ConversationStarted(id="nothing said", persona_id="ada"),
        v1.ConversationMessageAdded(id="s", conversation_id="c", role="user", content="Bread?"),
        v1.WorkflowSaved(id="w", name="Bake", description="a loaf"),
    )
    embedded = await opened.embed(EAST, NORTH, EAST, NORTH)
    assert [(one.table, one.text) for one in embedded] == [
        ("memories", "Rye\na grain\nbread\ngrows\na\nfield"),
        ("conversations", "of bread"),
        ("workflows", "Bake\na loaf"),
        ("messages", "Bread?"),
    ]
    assert opened.vectors() == [
        ("conversations", "small", "ada", NORTH),
        ("memories", "small", "ada", EAST),
        ("messages", "small", "ada", NORTH),
        ("workflows", "small", "", EAST),
    ]


async def test_what_comes_later_waits_newest_first(opened: Opened) -> None:
    assert await opened.take() == []
    await opened.commit(memory("a", name="one"), memory("b", name="two"))
    assert [one.text for one in await opened.take()] == ["two", "one"]
    assert [one.text for one in await opened.take(limit=1)] == ["two"]


async def test_a_row_that_comes_while_others_are_looked_through_waits_once(opened: Opened) -> None:
    await opened.commit(memory("m"))
    assert len(await opened.take()) == 1
    await opened.commit(v1.ConversationStarted(id="c", persona_id="ada", summary="of bread"))
    assert (await opened.store.embedding.waiting()).rows == 2
    assert len(await opened.embed(EAST, NORTH)) == 2


async def test_a_vector_of_an_older_text_is_passed_over(opened: Opened) -> None:
    await opened.take()
    await opened.commit(memory("m"))
    taken = await opened.take()
    await opened.commit(v2.MemoryEntityUpdated(id="m", version=2, name="Wheat"))
    assert (await opened.put(taken, EAST)).stored == 0
    (item,) = await opened.take()
    assert item.text == "Wheat"
    assert (await opened.put([item], NORTH)).stored == 1
    assert (await opened.put([item], EAST)).stored == 0
    assert opened.vectors() == [("memories", "small", "ada", NORTH)]


async def test_a_change_that_is_none_of_a_text_lets_nothing_wait(opened: Opened) -> None:
    await opened.commit(memory("m"))
    await opened.put(await opened.take(), EAST)
    await opened.commit(
        v1.MemoryEntityAccessed(id="m"),
        v1.MemoryPinned(id="m"),
        v1.MemoryEntityUpdated(id="m", importance=7, name="Rye"),
    )
    assert await opened.take() == []


@pytest.mark.parametrize("deleted", [v1.MemoryEntityDeleted(id="m"), v1.PersonaDeleted(id="ada")])
async def test_what_is_deleted_has_no_vector_and_waits_for_none(opened: Opened, deleted: Event) -> None:
    await opened.commit(
        memory("m", embedding=pack("<2f", 3, 4), embedding_model="brought"),
        v1.ConversationStarted(id="c", persona_id="ada", summary="of bread"),
        v1.ConversationMessageAdded(id="s", conversation_id="c", role="user", content="Bread?"),
        v1.WorkflowSaved(id="w", name="Bake", persona_id="ada"),
    )
    await opened.embed(EAST, NORTH, EAST, NORTH)
    await opened.commit(v1.MemoryEntityUpdated(id="m", name="Wheat"))
    await opened.commit(deleted)
    left = set() if isinstance(deleted, v1.PersonaDeleted) else {"conversations", "messages", "workflows"}
    assert {row[0] for row in opened.vectors()} == left
    assert await opened.take() == []


async def test_a_memory_s_own_embedding_is_kept_beside_ours(opened: Opened) -> None:
    await opened.commit(memory("m", embedding=pack("<2f", 3, 4), embedding_model="brought"))
    await opened.put(await opened.take(), EAST)
    brought = pytest.approx((0.6, 0.8), abs=1e-3)
    assert opened.vectors() == [("memories", "brought", "ada", brought), ("memories", "small", "ada", EAST)]
    await opened.commit(
        v1.MemoryEntityUpdated(id="m", embedding=pack("<2f", -2e38, 0), embedding_model="newer")
    )
    assert opened.vectors() == [("memories", "newer", "ada", (-1, 0)), ("memories", "small", "ada", EAST)]
    await opened.commit(v1.MemoryEntityUpdated(id="m", embedding=pack("<2f", 0, 9), embedding_model="newer"))
    assert opened.vectors() == [("memories", "newer", "ada", (0, 1)), ("memories", "small", "ada", EAST)]
    await opened.commit(v1.MemoryEntityUpdated(id="m", embedding=None, embedding_model=None))
    assert opened.vectors() == [("memories", "small", "ada", EAST)]


async def test_an_embedding_of_zeros_is_near_to_nothing(opened: Opened) -> None:
    await opened.commit(memory("m", embedding=bytes(12), embedding_model="brought"))
    taken = await opened.take()
    await opened.put(taken, EAST)
    await opened.commit(v1.MemoryEntityUpdated(id="m", summary="a grain"))
    assert (await opened.put(await opened.take(), (0.0, -0.0, 0.0))).stored == 1
    assert opened.vectors() == []
    assert await opened.take() == []


async def test_another_model_takes_over_and_the_one_before_goes_when_it_has_all(opened: Opened) -> None:
    await opened.commit(memory("a"), memory("b"))
    await opened.put(await opened.take(), EAST, NORTH)
    taken = await opened.take(OTHER)
    assert len(taken) == 2
    with pytest.raises(Conflict):
        await opened.put(taken, EAST, NORTH)
    await opened.put(taken[:1], (1.0, 0.0), model=OTHER)
    assert [row[1] for row in opened.vectors()] == ["other", "small", "small"]
    await opened.put(await opened.take(OTHER), (1.0, 0.0), model=OTHER)
    assert await opened.take(OTHER) == []
    assert [row[1] for row in opened.vectors()] == ["other", "other"]
    assert opened.rows("SELECT name FROM embedding_models") == [("other",)]


async def test_a_model_that_memories_bring_is_never_given_up(opened: Opened) -> None:
    await opened.commit(memory("m", embedding=pack("<3f", *EAST), embedding_model="small"), memory("n"))
    await opened.put(await opened.take(limit=1), NORTH)
    await opened.take(OTHER)
    await opened.put(await opened.take(OTHER), (1.0, 0.0), (1.0, 0.0), model=OTHER)
    assert await opened.take(OTHER) == []
    assert [row[1] for row in opened.vectors()] == ["other", "other", "small", "small"]


async def test_vectors_are_kept_at_unit_length(opened: Opened) -> None:
    await opened.commit(memory("a"), memory("b"))
    await opened.put(await opened.take(), (60_000.0, 0.0, 60_000.0), (0.0, -1e-7, 0.0))
    diagonal = pytest.approx((2**-0.5, 0, 2**-0.5), abs=1e-3)
    assert [row[3] for row in opened.vectors()] == [(0, -1, 0), diagonal]


@pytest.mark.parametrize("halves", [b"", bytes(4), bytes(8), pack("<3e", 0, float("nan"), 0)])
async def test_vectors_that_are_none_are_refused_and_nothing_changes(opened: Opened, halves: bytes) -> None:
    await opened.commit(memory("m"))
    (item,) = await opened.take()
    put = EmbeddedItem(table=item.table, row=item.row, change=item.change)
    with pytest.raises(InvalidValue):
        await opened.store.embedding.put(SMALL, [put], halves, ORIGIN)
    assert opened.vectors() == []
    assert await opened.take() == [item]


async def test_what_waits_survives_a_fall(opened: Opened, tmp_path: Path) -> None:
    await opened.take()
    await opened.commit(memory("m"))
    taken = await opened.take()
    await opened.store.close()
    again = Opened(tmp_path)
    try:
        assert await again.take() == taken
    finally:
        await again.store.close()


async def test_changed_vectors_are_told_as_rows_are(opened: Opened) -> None:
    await opened.commit(memory("m"))
    taken = await opened.take()
    opened.told.clear()
    await opened.put(taken, EAST)
    key = ("memories", model_number("small", 3), "ada", taken[0].row)
    assert opened.told == [RowChange(VECTORS, None, (*key, pack("<3e", *EAST)))]
    opened.told.clear()
    await opened.commit(v1.MemoryEntityDeleted(id="m"))
    assert RowChange(VECTORS, (*key, pack("<3e", *EAST)), None) in opened.told


async def test_a_state_made_anew_has_what_memories_brought_and_lets_the_rest_wait(opened: Opened) -> None:
    await opened.commit(memory("m", embedding=pack("<2f", 0, 1), embedding_model="brought"))
    taken = await opened.take()
    await opened.put(taken, EAST)
    assert (await opened.store.rebuild(replace=False)).identical
    assert (await opened.store.rebuild(replace=True)).identical
    assert opened.vectors() == [("memories", "brought", "ada", (0, 1))]
    with pytest.raises(Conflict):
        await opened.put(taken, NORTH)
    assert [one.text for one in await opened.take()] == ["Rye"]


async def test_the_log_tells_how_many_vectors_came(opened: Opened) -> None:
    await opened.commit(memory("a"), memory("b"))
    seq = (await opened.put(await opened.take(), EAST, NORTH)).seq
    (found,) = opened.rows(f"SELECT name, args FROM events WHERE seq = {seq}")
    assert found[0] == "v1.VectorsStored"
    assert b"memories" in found[1]
    assert pack("<3e", *EAST) not in found[1]


async def test_a_state_that_is_made_to_be_compared_has_nobody_who_follows_it(opened: Opened) -> None:
    triggers = (
        "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name LIKE '%\\_embedded\\_%' ESCAPE '\\'"
    )
    there = {name for (name,) in opened.rows(f"{triggers} OR name LIKE 'memories_brought_%'")}
    assert {f"DROP TRIGGER {name}" for name in there} == set(UNFOLLOWED.rstrip(";").split(";"))
