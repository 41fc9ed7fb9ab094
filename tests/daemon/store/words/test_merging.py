"""Tests that the store merges, while it tidies up, what commits added to the indexes of words one by one."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import apsw
import pytest
from msgspec import Raw

from pjai_wire.codec import encode
from pjai_wire.ids import new_id
from pjai_wire.methods import CommitParams, NewEvent
from pjaid.settings import Settings
from pjaid.store.database import open_database
from pjaid.store.keys import StoreKey
from pjaid.store.recorder import Origin
from pjaid.store.store import DATABASE, Store
from pjaid.store.words import keeping

pytestmark = pytest.mark.anyio
KEY = StoreKey("store", "aegis", secrets.token_bytes(32), created=True)
ORIGIN = Origin(client="test", session="session")


def parts(directory: Path) -> int:
    """Of how many parts the index of workflows is."""
    return counted(directory, "SELECT count(DISTINCT segid) FROM workflows_words_idx")


def counted(directory: Path, sql: str) -> int:
    """What a statement counts."""
    connection = open_database(directory / DATABASE, KEY.cipher, KEY.data_key, read_only=True)
    try:
        return int(connection.execute(sql).get)
    finally:
        connection.close()


async def save(store: Store, number: int) -> None:
    """Commits a workflow."""
    args = Raw(encode({"at": 0, "id": f"w{number}", "name": f"bake bread {number}"}))
    event = NewEvent(id=new_id(), name="v1.WorkflowSaved", args=args)
    await store.commit(encode(CommitParams(events=(event,))), ORIGIN, lambda receipt: receipt)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A store with twelve workflows, each committed by itself."""
    made = Store(Settings(data_dir=tmp_path, state_dir=tmp_path), KEY, lambda _: None)
    for number in range(12):
        await save(made, number)
    yield made
    await made.close()


async def test_the_parts_that_commits_leave_are_merged_when_the_store_tidies_up(
    store: Store, tmp_path: Path
) -> None:
    assert parts(tmp_path) == 12
    await store.tidy()
    assert parts(tmp_path) < 4


async def test_a_disk_that_fails_leaves_them_for_the_next_time(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_connection: apsw.Connection) -> bool:
        raise apsw.FullError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(keeping, "merge", fail)
        await store.tidy()
    assert parts(tmp_path) == 12


async def test_a_damaged_index_is_made_anew_from_its_rows(store: Store, tmp_path: Path) -> None:
    def damage(connection: apsw.Connection, _: object) -> None:
        connection.execute("DELETE FROM workflows_words_data WHERE id > 10")

    sql = "SELECT count(*) FROM workflows_words WHERE workflows_words MATCH 'bread'"
    await store._writer.submit(damage)
    with pytest.raises(apsw.CorruptError):
        counted(tmp_path, sql)
    await store.tidy()
    await save(store, 12)
    assert counted(tmp_path, sql) == 13
