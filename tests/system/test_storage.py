"""What is stored is measured, and the memory steward warns of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import anyio
import pytest

import pjai
from pjai import Database, v1, warnings
from pjai.testing import Daemon, daemon
from pjai_wire.methods import STORAGE, StorageParams

pytestmark = pytest.mark.anyio

WITHIN_S = 30
TEXT = "what takes room " * 4_000


@pytest.fixture
def running() -> Iterator[Daemon]:
    with daemon(actors="memory", tick_interval_ms=50) as made:
        yield made


@pytest.fixture
async def db(running: Daemon) -> AsyncIterator[Database]:
    async with pjai.connect(running.endpoint, client="tests") as database:
        yield database


def remembered(number: int) -> v1.MemoryEntityCreated:
    return v1.MemoryEntityCreated(
        id=f"m{number}", persona_id="ada", type="concept", name="Bread", content={"text": TEXT}
    )


async def test_the_log_s_growth_is_told_from_a_seq_on(db: Database) -> None:
    receipt = await db.commit(v1.PersonaCreated(id="ada", name="Ada"))
    await db.commit(*map(remembered, range(10)))
    told = await db.call(STORAGE, StorageParams(after=receipt.seq))
    assert told.seq == told.head == receipt.seq + 10
    assert [part.persona_id for part in told.growth] == ["ada"]
    assert 10 * len(TEXT) < sum(part.bytes for part in told.growth) < 11 * len(TEXT)
    later = StorageParams(since=pjai.now_ms() + 60_000)
    assert (await db.call(STORAGE, later)).growth == []
    assert 0 < told.index_bytes < told.database_bytes


async def test_a_persona_that_grows_too_fast_is_warned_of_until_it_is_allowed(db: Database) -> None:
    await db.commit(
        v1.PersonaCreated(id="ada", name="Ada"),
        v1.PersonaCreated(id="bo", name="Bo"),
        v1.SystemConfigSet(id="memory.growthMegabytes", value=1),
    )
    await db.commit(*map(remembered, range(20)))
    with anyio.fail_after(WITHIN_S):
        async with db.watch(warnings) as live:
            # It looks when it begins, and then once a minute.
            await db.restart_actor("memory")
            rows = await anext(rows async for rows in live if rows)
            (row,) = rows
            assert (row.id, row.kind, row.persona_id) == ("storage.growth:ada", "storage.growth", "ada")
            assert 1 < row.value < 2
            assert row.allowed == 1
            await db.commit(v1.SystemConfigSet(id="memory.growthMegabytes", value=100))
            await db.restart_actor("memory")
            await anext(rows async for rows in live if not rows)
    page = await db.events(names=("v1.WarningRaised", "v1.WarningCleared"))
    assert [(event.name, event.client) for event in page.events] == [
        ("v1.WarningRaised", "actor.memory"),
        ("v1.WarningCleared", "actor.memory"),
    ]
