"""Tests that the store merges, while it tidies up, what commits added to the indexes of words one by one."""

from __future__ import annotations

import secrets
from pathlib import Path

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

pytestmark = pytest.mark.anyio
KEY = StoreKey("store", "aegis", secrets.token_bytes(32), created=True)
ORIGIN = Origin(client="test", session="session")


def parts(directory: Path) -> int:
    """Of how many parts the index of workflows is."""
    connection = open_database(directory / DATABASE, KEY.cipher, KEY.data_key, read_only=True)
    try:
        return int(connection.execute("SELECT count(DISTINCT segid) FROM workflows_words_idx").get)
    finally:
        connection.close()


async def test_the_parts_that_commits_leave_are_merged_when_the_store_tidies_up(tmp_path: Path) -> None:
    store = Store(Settings(data_dir=tmp_path, state_dir=tmp_path), KEY, lambda _: None)
    try:
        for number in range(12):
            args = Raw(encode({"at": 0, "id": f"w{number}", "name": f"bake bread {number}"}))
            event = NewEvent(id=new_id(), name="v1.WorkflowSaved", args=args)
            await store.commit(encode(CommitParams(events=(event,))), ORIGIN, lambda receipt: receipt)
        assert parts(tmp_path) == 12
        await store.tidy()
        assert parts(tmp_path) < 4
    finally:
        await store.close()
