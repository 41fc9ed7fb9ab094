"""Tests of shards: shared by what belongs together, told by what they are, and gone where none is needed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from struct import pack
from typing import Any

import anyio.lowlevel
import apsw
import pytest

from pjai_wire.errors import PjaiError
from pjai_wire.events import v1
from pjaid.store import capture
from pjaid.store.changed import RowChange
from pjaid.store.vector_shards import ROW_BITS, ROW_MAX, made_shard, shard_and_row
from pjaid.store.vectors import VECTORS, model_number
from tests.daemon.store.conftest import Ledger
from tests.daemon.store.test_embedding import EAST, NORTH, OTHER, Opened, memory

pytestmark = pytest.mark.anyio

BROUGHT = {"embedding": pack("<2f", 0, 1), "embedding_model": "brought"}
NUMBER, STORED = model_number("brought", 2), pack("<2e", 0, 1)
EVERY_SHARD = "SELECT table_name, model, persona_id FROM vector_shards ORDER BY id"


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Opened]:
    made = Opened(tmp_path)
    try:
        await made.commit(v1.PersonaCreated(id="ada", name="Ada"))
        yield made
    finally:
        await made.store.close()


def shards(opened: Opened) -> list[tuple[Any, ...]]:
    """Table, model and persona of each shard, the oldest first."""
    return opened.rows(EVERY_SHARD)


def told_of_vectors(opened: Opened) -> list[RowChange]:
    return [change for change in opened.told if change.table == VECTORS]


async def test_what_a_model_made_of_a_persona_s_rows_of_a_table_is_one_shard(opened: Opened) -> None:
    await opened.commit(v1.PersonaCreated(id="bob", name="Bob"))
    await opened.commit(memory("a", **BROUGHT), memory("b", **BROUGHT), memory("c", persona_id="bob"))
    await opened.embed(EAST, NORTH, EAST)
    small = model_number("small", 3)
    assert shards(opened) == [
        ("memories", NUMBER, "ada"),
        ("memories", small, "bob"),
        ("memories", small, "ada"),
    ]
    ids = opened.rows("SELECT id FROM vectors ORDER BY id")
    assert [shard_and_row(one) for (one,) in ids] == [(1, 1), (1, 2), (2, 3), (3, 1), (3, 2)]


def test_the_greatest_numbers_of_shards_and_rows_make_a_positive_id(ledger: Ledger) -> None:
    ledger.connection.execute("INSERT INTO vector_shards VALUES (?, 'memories', 1, 'ada')", (2**23 - 2,))
    shard = made_shard(ledger.connection, "memories", 1, "bob")
    assert (shard << ROW_BITS | ROW_MAX) == 2**63 - 1
    with pytest.raises(apsw.ConstraintError):
        made_shard(ledger.connection, "memories", 1, "cleo")


@pytest.mark.parametrize("known_max", [0, 10])
async def test_a_persona_s_shards_go_with_it_in_a_commit_that_tells_its_vectors(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, known_max: int
) -> None:
    monkeypatch.setattr(capture, "SHARDS_KNOWN_MAX", known_max)
    await opened.commit(v1.PersonaCreated(id="bob", name="Bob"))
    await opened.commit(memory("a", **BROUGHT), memory("b", persona_id="bob", **BROUGHT))
    opened.told.clear()
    await opened.commit(v1.PersonaDeleted(id="ada"))
    assert told_of_vectors(opened) == [RowChange(VECTORS, ("memories", NUMBER, "ada", 1, STORED), None)]
    assert shards(opened) == [("memories", NUMBER, "bob")]


async def test_no_number_of_a_shard_comes_twice_and_no_more_than_one_is_empty(opened: Opened) -> None:
    for number in range(4):
        name = f"p{number}"
        await opened.commit(v1.PersonaCreated(id=name, name=name))
        await opened.commit(memory(name, persona_id=name, **BROUGHT))
        await opened.commit(v1.PersonaDeleted(id=name))
        assert opened.rows("SELECT id, persona_id FROM vector_shards") == [(number + 1, name)]


async def test_a_model_that_is_given_up_takes_its_shards_along(opened: Opened) -> None:
    await opened.commit(memory("m"), v1.WorkflowSaved(id="w", name="Bake"))
    await opened.embed(EAST, NORTH)
    await opened.embed((1.0, 0.0), (0.0, 1.0), model=OTHER)
    assert {model for _, model, _ in shards(opened)} == {model_number("other", 2)}


async def test_shards_of_what_is_rolled_back_are_not_taken_for_those_that_stay(opened: Opened) -> None:
    await opened.commit(v1.PersonaCreated(id="bob", name="Bob"))
    opened.told.clear()
    # Behind a job that ends once both wait, so that they share a transaction.
    both_wait = threading.Event()
    opened.store._writer.submit(lambda *_: both_wait.wait())
    asyncio.get_running_loop().call_soon(both_wait.set)
    failed, kept = await asyncio.gather(
        opened.commit(memory("a", **BROUGHT), v1.PersonaUsed(id="nobody")),
        opened.commit(memory("b", persona_id="bob", **BROUGHT)),
        return_exceptions=True,
    )
    assert isinstance(failed, PjaiError)
    assert kept is None
    assert shards(opened) == [("memories", NUMBER, "bob")]
    await opened.commit(memory("c", **BROUGHT))
    await anyio.lowlevel.checkpoint()
    assert told_of_vectors(opened) == [
        RowChange(VECTORS, None, ("memories", NUMBER, "bob", 1, STORED)),
        RowChange(VECTORS, None, ("memories", NUMBER, "ada", 2, STORED)),
    ]


async def test_shards_of_what_could_not_be_made_durable_are_not_taken_for_those_that_come(
    opened: Opened,
) -> None:
    await opened.commit(v1.PersonaCreated(id="bob", name="Bob"))
    refuses = threading.Event()
    await opened.store._writer.submit(lambda connection, _: connection.set_commit_hook(refuses.is_set))
    refuses.set()
    with pytest.raises(PjaiError):
        await opened.commit(memory("a", **BROUGHT))
    refuses.clear()
    assert shards(opened) == []
    await opened.commit(memory("b", persona_id="bob", **BROUGHT))
    assert told_of_vectors(opened) == [RowChange(VECTORS, None, ("memories", NUMBER, "bob", 1, STORED))]


async def test_vectors_are_told_rightly_where_a_rebuild_gave_shards_other_numbers(opened: Opened) -> None:
    await opened.commit(v1.PersonaCreated(id="bob", name="Bob"), memory("a"))
    await opened.embed(EAST)
    await opened.commit(memory("b", persona_id="bob", **BROUGHT))
    assert opened.rows("SELECT id FROM vector_shards WHERE persona_id = 'bob'") == [(2,)]
    assert (await opened.store.rebuild(replace=True)).identical
    assert opened.rows("SELECT id FROM vector_shards WHERE persona_id = 'bob'") == [(1,)]
    opened.told.clear()
    await opened.commit(v1.MemoryEntityDeleted(id="b"))
    assert told_of_vectors(opened) == [RowChange(VECTORS, ("memories", NUMBER, "bob", 2, STORED), None)]
