"""Tests of indexes that are made automatically: what the rows say and what the database has are the same."""

from __future__ import annotations

import random
import secrets
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest
from msgspec import Raw, structs

from pjai_wire.codec import encode
from pjai_wire.errors import AlreadyExists, Conflict, InvalidQuery, InvalidValue, LimitExceeded, NotFound
from pjai_wire.events import Event, event_name, v1
from pjai_wire.ids import new_id
from pjai_wire.methods import CommitParams, EventsParams, NewEvent, Receipt
from pjai_wire.records import Index
from pjai_wire.select import Select
from pjai_wire.tables import TABLES, conversations, indexes, memories
from pjaid.settings import Settings
from pjaid.store.database import open_database
from pjaid.store.estimates import Sample
from pjaid.store.indexes import Budget, Made
from pjaid.store.indexing import Survey
from pjaid.store.keys import StoreKey
from pjaid.store.recorder import Origin
from pjaid.store.statements import compile_query
from pjaid.store.store import DATABASE, Store
from pjaid.store.trail import Page

pytestmark = pytest.mark.anyio

ORIGIN = Origin(client="test", session="session")
KEY = StoreKey("store", "aegis", secrets.token_bytes(32), created=True)
PERSONAS, MEMORIES = 10, 3_000
NAME = "auto_memories_by_persona_id_memory_tier"
PROPOSED = v1.IndexProposed(
    id=NAME, of_table="memories", on_columns=("personaId", "memoryTier"), reason="it is slow"
)
BY_TIER = Made(memories, (memories.persona_id, memories.memory_tier))


@asynccontextmanager
async def opened(directory: Path, **changed: Any) -> AsyncIterator[Store]:
    settings = Settings(data_dir=directory, state_dir=directory, **{"index_share_max": 50, **changed})
    store = Store(settings, KEY, lambda _: None)
    try:
        yield store
    finally:
        await store.close()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """Ten personas with 300 memories each, a tenth of them cold."""
    chance = random.Random(7)
    async with opened(tmp_path) as made:
        await commit(made, *(v1.PersonaCreated(id=f"p{n}", name=f"P {n}") for n in range(PERSONAS)))
        events = (
            v1.MemoryEntityCreated(
                id=new_id(),
                persona_id=f"p{number % PERSONAS}",
                type="concept",
                name="a memory of nothing much",
                memory_tier="cold" if chance.random() < 0.1 else "hot",
                importance=chance.randrange(100),
            )
            for number in range(MEMORIES)
        )
        await commit(made, *events)
        yield made


async def commit(store: Store, *events: Event) -> Receipt:
    new = tuple(NewEvent(id=new_id(), name=event_name(one), args=Raw(encode(one))) for one in events)
    return await store.commit(encode(CommitParams(events=new)), ORIGIN, lambda receipt: receipt)


async def read(store: Store, asked: Select[Any]) -> list[Any]:
    answer = store.read(compile_query(asked.query), lambda found: list(found.rows))
    return await answer if isinstance(answer, Awaitable) else answer


async def row(store: Store, name: str = NAME) -> dict[str, Any]:
    (found,) = await read(store, indexes.where(id=name))
    return dict(zip(Index.__struct_fields__, found, strict=True))


async def ask(store: Store, times: int) -> None:
    """Asks for the cold memories of a persona."""
    for number in range(times):
        await read(store, cold_of(f"p{number % PERSONAS}"))


def cold_of(persona: str) -> Select[Any]:
    return memories.where(persona_id=persona, memory_tier="cold")


async def index_names(store: Store) -> list[str]:
    return [one.name for one in (await store.indexing.overview()).indexes]


async def used_by(store: Store, asked: Select[Any]) -> tuple[str, ...]:
    found = store.explain(compile_query(asked.query))
    return (await found if isinstance(found, Awaitable) else found).indexes


async def test_a_proof_tells_what_would_come_of_an_index_and_makes_nothing(store: Store) -> None:
    await ask(store, 5)
    await read(store, memories.where(memories.name.like("a%")))
    proof = await store.indexing.prove(BY_TIER)
    (used,) = [shape for shape in proof.shapes if shape.is_used]
    assert used.gain == proof.gain > 1.5
    assert NAME in used.after[0]
    assert NAME not in used.before[0]
    assert proof.rows == MEMORIES
    assert NAME not in await index_names(store)


async def test_an_index_that_no_query_would_use_gains_nothing(store: Store) -> None:
    await ask(store, 5)
    proof = await store.indexing.prove(Made(memories, (memories.summary,)))
    assert (proof.gain, [shape.is_used for shape in proof.shapes]) == (1.0, [False])


async def test_the_size_of_an_index_is_foretold(store: Store) -> None:
    proof = await store.indexing.prove(BY_TIER)
    await commit(store, PROPOSED)
    await store.indexing.create(NAME, ORIGIN)
    made = (await row(store))["bytes"]
    assert made * 0.7 <= proof.bytes_estimated <= made * 1.4
    after = await store.indexing.overview()
    assert after.index_bytes - proof.index_bytes == pytest.approx(made, abs=4096)


async def test_the_indexes_of_the_log_and_of_local_tables_count_and_those_of_ids_do_not(
    tmp_path: Path, store: Store
) -> None:
    sql = (
        "SELECT sum(pgsize) FROM dbstat JOIN sqlite_schema USING (name)"
        " WHERE aggregate = TRUE AND type = 'index' AND sql IS NOT NULL"
    )
    seen = await store.indexing.overview()
    await store.close()
    connection = open_database(tmp_path / DATABASE, KEY.cipher, KEY.data_key)
    assert seen.index_bytes == connection.execute(sql).get
    connection.close()
    assert seen.index_bytes > sum(one.bytes for one in seen.indexes)


async def test_indexes_are_looked_at_again_when_the_database_has_grown(tmp_path: Path, store: Store) -> None:
    async def of_memories() -> int:
        return sum(one.bytes for one in (await store.indexing.overview()).indexes if one.table == "memories")

    before = await of_memories()
    one_more = v1.MemoryEntityCreated(id=new_id(), persona_id="p1", type="concept", name="one more")
    await commit(store, *(structs.replace(one_more, id=new_id()) for _ in range(MEMORIES)))
    connection = raw(tmp_path)
    sql = (
        "SELECT sum(pgsize) FROM dbstat JOIN sqlite_schema USING (name)"
        " WHERE aggregate = TRUE AND type = 'index' AND sql IS NOT NULL AND tbl_name = 'memories'"
    )
    assert await of_memories() == connection.execute(sql).get > before
    connection.close()


@pytest.mark.parametrize(
    ("schema", "size", "is_good"),
    [
        (3, 64_000, True),
        (3, 65_000, True),
        (3, 63_000, True),
        (3, 65_001, False),
        (3, 62_999, False),
        (4, 64_000, False),
    ],
)
def test_a_survey_is_good_for_one_schema_and_about_its_size(schema: int, size: int, *, is_good: bool) -> None:
    budget = Budget(database_bytes=64_000, index_bytes=1, index_bytes_max=2)
    assert Survey(3, budget, []).still_tells(schema, size) == is_good


async def test_a_proposed_index_is_made_with_its_event_and_every_reader_uses_it(store: Store) -> None:
    await ask(store, 5)
    await commit(store, PROPOSED)
    assert (await row(store))["state"] == "proposed"
    assert NAME not in await used_by(store, cold_of("p1"))
    await store.indexing.create(NAME, ORIGIN)
    made = await row(store)
    assert (made["state"], made["reason"]) == ("created", "it is slow")
    assert made["bytes"] > 0
    assert await used_by(store, cold_of("p1")) == (NAME,)
    await ask(store, 5)
    (shape,) = [one for one in (await store.indexing.overview()).shapes if one.table == "memories"]
    assert (shape.runs, shape.samples, shape.indexes) == (5, 1, (NAME,))
    assert 0 < shape.scanned <= shape.rows


async def test_an_index_is_dropped_with_its_event(store: Store) -> None:
    await commit(store, PROPOSED)
    await store.indexing.create(NAME, ORIGIN)
    await store.indexing.drop(NAME, "nobody asked", ORIGIN)
    assert ((await row(store))["state"], (await row(store))["reason"]) == ("dropped", "nobody asked")
    assert NAME not in await index_names(store)
    await commit(store, PROPOSED)
    assert (await row(store))["state"] == "proposed"


async def test_only_what_is_proposed_is_made_and_only_what_was_made_so_is_dropped(store: Store) -> None:
    for name in (NAME, "memories_by_type", 'x"; DROP TABLE memories'):
        with pytest.raises(NotFound):
            await store.indexing.create(name, ORIGIN)
        with pytest.raises(NotFound):
            await store.indexing.drop(name, "why", ORIGIN)
    await commit(store, PROPOSED)
    with pytest.raises(Conflict):
        await store.indexing.drop(NAME, "why", ORIGIN)
    await store.indexing.create(NAME, ORIGIN)
    with pytest.raises(Conflict):
        await store.indexing.create(NAME, ORIGIN)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"id": "memories_by_type"}, InvalidValue),
        ({"on_columns": ("memoryTier", "personaId")}, InvalidValue),
        ({"on_columns": ("personaId", "personaId")}, InvalidQuery),
        ({"on_columns": ("tags",)}, InvalidQuery),
        ({"of_table": "client_documents", "on_columns": ("name",)}, InvalidQuery),
    ],
)
async def test_what_is_no_index_of_the_contract_s_columns_is_not_proposed(
    store: Store, changed: dict[str, Any], error: type[Exception]
) -> None:
    fields = {name: getattr(PROPOSED, name) for name in ("id", "of_table", "on_columns")}
    with pytest.raises(error):
        await commit(store, v1.IndexProposed(**{**fields, **changed}))


async def test_events_cannot_tell_of_what_is_not_so(store: Store) -> None:
    created = v1.IndexCreated(id=NAME, took_ms=1, bytes=1)
    with pytest.raises(NotFound):
        await store.record(created, ORIGIN)
    await commit(store, PROPOSED)
    with pytest.raises(Conflict, match="no such index"):
        await store.record(created, ORIGIN)
    with pytest.raises(AlreadyExists):
        await commit(store, PROPOSED)
    with pytest.raises(Conflict):
        await commit(store, v1.IndexMeasured(id=NAME, runs=1, time_gain=1, rows_gain=1))
    await store.indexing.create(NAME, ORIGIN)
    with pytest.raises(Conflict, match="still in the database"):
        await store.record(v1.IndexDropped(id=NAME, reason="why"), ORIGIN)
    with pytest.raises(Conflict):
        await commit(store, v1.IndexRejected(id=NAME, reason="why"))
    await commit(store, v1.IndexMeasured(id=NAME, runs=3, time_gain=2.5, rows_gain=4, last_used_at=77))
    measured = await row(store)
    assert (measured["time_gain"], measured["rows_gain"], measured["last_used_at"]) == (2.5, 4, 77)


async def test_an_index_without_room_is_refused_and_nothing_of_it_stays(tmp_path: Path, store: Store) -> None:
    await commit(store, PROPOSED)
    await store.close()
    async with opened(tmp_path, index_share_max=0.01) as tight:
        with pytest.raises(LimitExceeded, match="left for indexes"):
            await tight.indexing.create(NAME, ORIGIN)
        assert (await row(tight))["state"] == "proposed"
        assert NAME not in await index_names(tight)


async def test_an_index_that_turns_out_larger_than_it_seemed_is_refused(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await commit(store, PROPOSED)
    seen = await store.indexing.overview()
    await store.close()
    monkeypatch.setattr(Sample, "index_bytes", lambda _sample, _columns: 0)
    # A page's worth more than there is.
    share = 100 * (seen.index_bytes + 4_096) / seen.database_bytes
    async with opened(tmp_path, index_share_max=share) as tight:
        with pytest.raises(LimitExceeded, match=r"takes [1-9]\d* bytes"):
            await tight.indexing.create(NAME, ORIGIN)
        assert (await row(tight))["state"] == "proposed"
        assert NAME not in await index_names(tight)


async def test_an_index_that_would_hold_up_commits_for_long_is_refused(tmp_path: Path, store: Store) -> None:
    await commit(store, PROPOSED)
    await store.close()
    async with opened(tmp_path, index_build_ms_max=0) as hasty:
        with pytest.raises(LimitExceeded, match="commits would wait"):
            await hasty.indexing.create(NAME, ORIGIN)
        assert NAME not in await index_names(hasty)


async def test_indexes_follow_their_rows_when_the_store_opens(tmp_path: Path, store: Store) -> None:
    await commit(store, PROPOSED)
    await store.indexing.create(NAME, ORIGIN)
    await store.close()
    with raw(tmp_path) as connection:
        connection.execute(f"DROP INDEX {NAME}")
        connection.execute("CREATE INDEX auto_memories_by_name ON memories (name)")
        connection.execute("CREATE INDEX somebody_s ON memories (summary)")
    async with opened(tmp_path) as again:
        assert NAME in await used_by(again, cold_of("p1"))
        assert {"somebody_s", NAME} <= set(names := await index_names(again))
        assert "auto_memories_by_name" not in names


async def test_a_rebuild_that_replaces_the_state_keeps_the_indexes(store: Store) -> None:
    await commit(store, PROPOSED)
    await store.indexing.create(NAME, ORIGIN)
    assert (await store.rebuild(replace=False)).identical
    assert (await store.rebuild(replace=True)).identical
    assert await used_by(store, cold_of("p1")) == (NAME,)


async def test_what_the_planner_knows_is_brought_up_to_date_for_every_reader(store: Store) -> None:
    await ask(store, 3)
    before = {one.name: one for one in (await store.indexing.overview()).tables}
    assert before.keys() <= TABLES.keys()
    assert (before["memories"].rows, before["memories"].rows_known) == (MEMORIES, 0)
    await store.indexing.analyze(memories, ORIGIN)
    await store.indexing.analyze(conversations, ORIGIN)
    overview = await store.indexing.overview()
    after = {one.name: one for one in overview.tables}
    assert (after["memories"].rows_known, after["conversations"].rows_known) == (MEMORIES, 0)
    assert all(shape.runs == 0 for shape in overview.shapes if shape.table == "memories")
    assert (await last_event(store)).events[0].name == "v1.StatisticsTaken"


async def last_event(store: Store) -> Page:
    return await store.read_trail(EventsParams(order="desc", limit=1), lambda page: page)


def raw(directory: Path) -> apsw.Connection:
    """The database, as nobody but a test opens it."""
    return open_database(directory / DATABASE, KEY.cipher, KEY.data_key)
