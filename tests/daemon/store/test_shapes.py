"""Tests that reads are counted by their shapes, with what they looked at, and never with a value."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest
from msgspec import Raw

from pjai_wire.codec import encode
from pjai_wire.events import Event, event_name, v1
from pjai_wire.fields import MemoryType
from pjai_wire.ids import new_id
from pjai_wire.methods import CommitParams, CountParams, GetParams, NewEvent, QueryShape
from pjai_wire.query import Query
from pjai_wire.select import Select, both, count, either
from pjai_wire.tables import memories, personas
from pjaid.settings import Settings
from pjaid.store import schema
from pjaid.store.database import open_database
from pjaid.store.keys import StoreKey
from pjaid.store.reads import Rows, run
from pjaid.store.recorder import Origin
from pjaid.store.shapes import SAMPLED_EVERY, TEXTS_MAX, Shapes
from pjaid.store.statements import Statement, compile_count, compile_get, compile_query
from pjaid.store.store import Store
from pjaid.store.wanted import Wanted, wanted

pytestmark = pytest.mark.anyio

ORIGIN = Origin(client="test", session="session")
TYPES: tuple[MemoryType, ...] = ("concept", "task", "event", "person")
MEMORIES = 40


@pytest.fixture(params=[1000.0, 0.0], ids=["on the event loop", "in a thread"])
async def store(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """Two personas, the first with 40 memories, 10 of each of four types."""
    key = StoreKey("store", "aegis", secrets.token_bytes(32), created=True)
    settings = Settings(data_dir=tmp_path, state_dir=tmp_path, inline_ms_max=request.param)
    made = Store(settings, key, lambda _: None)
    await commit(
        made,
        v1.PersonaCreated(id="ada", name="Ada"),
        v1.PersonaCreated(id="bo", name="Bo"),
        *(
            v1.MemoryEntityCreated(
                id=f"m{number}", persona_id="ada", type=TYPES[number % 4], name="MARKER", importance=number
            )
            for number in range(MEMORIES)
        ),
    )
    yield made
    await made.close()


async def commit(store: Store, *events: Event) -> None:
    new = tuple(NewEvent(id=new_id(), name=event_name(one), args=Raw(encode(one))) for one in events)
    await store.commit(encode(CommitParams(events=new)), ORIGIN, lambda receipt: receipt)


async def read(store: Store, asked: Select[Any] | Statement) -> int:
    """Runs a query; how many rows it found."""
    statement = asked if isinstance(asked, Statement) else compile_query(asked.query)
    answer = store.read(statement, lambda found: len(found.rows))
    return await answer if isinstance(answer, Awaitable) else answer


async def shapes(store: Store) -> list[QueryShape]:
    return (await store.indexing.overview()).shapes


async def test_queries_that_differ_in_their_values_alone_are_one_shape(store: Store) -> None:
    for kind in TYPES:
        assert await read(store, memories.where(persona_id="ada", type=kind)) == 10
    for names in (["MARKER", "x"], ["x", "y", "z"]):
        await read(store, memories.where(memories.name.in_(names)).limit(len(names)))
    one, two = sorted(await shapes(store), key=lambda shape: shape.runs, reverse=True)
    assert (one.runs, one.rows, one.table, one.equal) == (4, 40, "memories", ("personaId", "type"))
    assert (two.runs, two.rows, two.equal) == (2, 2, ("name",))
    assert one.total_us > 0
    assert one.last_run_at is not None
    assert one.since <= one.last_run_at
    assert "MARKER" not in repr((one, two))


async def test_a_read_looks_at_the_rows_that_its_index_leads_to(store: Store) -> None:
    assert await read(store, memories.where(persona_id="ada", memory_tier="cold")) == 0
    (shape,) = await shapes(store)
    assert (shape.samples, shape.scanned) == (1, MEMORIES)
    assert shape.steps > MEMORIES
    assert shape.indexes in (("memories_by_importance",), ("memories_by_type",))


async def test_a_read_of_the_whole_table_looks_at_all_of_it(store: Store) -> None:
    assert await read(store, memories.where(memory_tier="cold").order_by(memories.name)) == 0
    (shape,) = await shapes(store)
    assert shape.scanned == MEMORIES
    assert shape.sorts


async def test_a_limit_that_ends_a_read_early_bounds_what_it_looked_at(store: Store) -> None:
    for number in range(300):
        await commit(store, v1.MemoryEntityCreated(id=f"n{number}", persona_id="bo", type="task", name="n"))
    await read(store, memories.where(persona_id="bo").order_by(memories.importance.desc()).limit(2))
    (shape,) = await shapes(store)
    assert 2 <= shape.scanned <= shape.steps


async def test_what_an_index_cannot_tell_is_bounded_by_the_steps(store: Store) -> None:
    both_ways = either(memories.id == "m1", both(memories.persona_id == "ada", memories.importance == 3))
    assert await read(store, memories.where(both_ways)) == 2
    (shape,) = await shapes(store)
    assert 2 <= shape.scanned <= shape.steps


async def test_one_run_in_some_is_looked_at_closely(store: Store) -> None:
    for _ in range(2 * SAMPLED_EVERY + 1):
        await read(store, personas.where(name="Ada"))
    (shape,) = await shapes(store)
    assert (shape.runs, shape.samples) == (2 * SAMPLED_EVERY + 1, 3)


async def test_a_run_by_the_plan_of_before_is_no_sample_of_the_present_one(tmp_path: Path) -> None:
    shapes = Shapes()
    statement = compile_query(personas.where(name="Ada").query)

    def meanwhile(connection: apsw.Connection, statement: Statement, bytes_max: int) -> Rows:
        found = run(connection, statement, bytes_max)
        shapes.begin_anew("personas")
        return found

    with closing(open_database(tmp_path / "pjai.db", "aegis", secrets.token_bytes(32))) as connection:
        schema.prepare(connection, "store")
        shapes.counted(meanwhile)(connection, statement, 1_000)
        (shape,) = shapes.told()
        assert (shape.samples, shape.indexes) == (0, ())


async def test_counts_and_groups_are_told_as_such_and_a_row_by_its_id_is_not_told(store: Store) -> None:
    await read(store, compile_count(CountParams(table="memories", where=(("type", "=", "task"),))))
    await read(store, memories.where(persona_id="ada").group_by("type", n=count()))
    await read(store, compile_get(GetParams(table="memories", id="m1")))
    told = await shapes(store)
    assert len(told) == 2
    assert all(shape.is_grouped for shape in told)


async def test_the_shapes_that_are_kept_are_bounded(store: Store) -> None:
    text = [f"name{number}" for number in range(TEXTS_MAX + 5)]
    for number in range(1, 1 + TEXTS_MAX // 5):
        for name in ("id", "name", "summary", "type", "tags", "version"):
            await read(store, memories.where(memories.name.in_(text[:number])).select(name))
    await read(store, personas.where(name="Ada"))
    assert len(await shapes(store)) <= 7
    for number in range(TEXTS_MAX + 5):
        columns = [column for bit, column in enumerate(memories.default_columns) if number >> bit & 1]
        await read(store, memories.select(memories.id, *columns[1:]).where(name="x").limit(5))
    assert len(await shapes(store)) <= TEXTS_MAX


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            memories.where(persona_id="ada")
            .where(memories.importance > 5, memories.type.in_(["task"]), memories.deleted_at.is_null())
            .order_by(memories.importance.desc())
            .limit(7)
            .offset(3),
            Wanted(
                equal=("personaId", "type", "deletedAt"),
                ranges=("importance",),
                order=(("importance", "desc"),),
                is_grouped=False,
                rows_max=10,
            ),
        ),
        (
            memories.where(both(memories.name == "x", memories.tags.contains("y")))
            .where(either(memories.type == "task"), memories.name != "z", memories.name.like("x%"))
            .group_by("type", n=count()),
            Wanted(equal=("name",), ranges=(), order=(), is_grouped=True, rows_max=100),
        ),
    ],
)
async def test_what_a_query_wants_of_an_index_is_what_every_row_must_meet(
    query: Select[Any], expected: Wanted
) -> None:
    assert wanted(query.query) == expected


async def test_what_means_the_same_wants_the_same() -> None:
    twice = Query(table="memories", where=(("importance", ">", 5), ("importance", "=", 7)))
    assert wanted(twice).ranges == ()
