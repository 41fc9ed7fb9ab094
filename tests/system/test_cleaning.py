"""The memory steward cleans up: what has expired, was deleted long ago, rests for long, or hangs loose."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

import pjai
from pjai import Database, conversations, memories, memory_links, personas, v1
from pjai.testing import Daemon, daemon
from pjai_wire.codec import decode_any
from pjai_wire.fields import PersonaSettings
from pjaid.store.database import open_database
from pjaid.store.keys import Means, unlock
from pjaid.store.keys.passphrases import Passphrases
from pjaid.store.store import DATABASE

pytestmark = pytest.mark.anyio

DAY_MS = 86_400_000


@pytest.fixture
def running() -> Iterator[Daemon]:
    with daemon(actors="memory") as made:
        yield made


@pytest.fixture
async def db(running: Daemon) -> AsyncIterator[Database]:
    """A daemon whose steward has begun, which is when it cleans up by itself."""
    async with pjai.connect(running.endpoint, client="tests") as database:
        await database.memory.clean()
        yield database


def days_ago(days: float) -> int:
    return pjai.now_ms() - round(days * DAY_MS)


def remembered(name: str, owner: str, *, days: float) -> v1.MemoryEntityCreated:
    return v1.MemoryEntityCreated(
        id=name,
        persona_id=owner,
        type="concept",
        name=name,
        last_accessed_at=days_ago(days),
        at=days_ago(days),
    )


async def reasons(db: Database, *names: str) -> list[tuple[str, ...]]:
    """What the steward decided: the ids, and why."""
    page = await db.events(names=names, client="actor.memory")
    told = [decode_any(event.args) for event in page.events]
    return [(*args.get("ids", [args["id"]]), args["reason"]) for args in told]


async def test_memories_expire_that_their_persona_keeps_no_longer(db: Database) -> None:
    await db.commit(
        v1.PersonaCreated(id="ada", name="Ada", settings=PersonaSettings(memory_retention=30)),
        v1.PersonaCreated(id="bo", name="Bo", settings=PersonaSettings(memory_retention=0)),
        remembered("old", "ada", days=30.1),
        remembered("fresh", "ada", days=29.9),
        remembered("pinned", "ada", days=400),
        v1.MemoryPinned(id="pinned"),
        remembered("of bo", "bo", days=4_000),
        v1.MemoryEntityLinked(id="l", from_id="old", to_id="fresh"),
    )
    assert (await db.memory.clean()).expired == 1
    rows = await db.query(memories)
    assert {row.id: row.connection_count for row in rows} == {"fresh": 0, "pinned": 0, "of bo": 0}
    assert await reasons(db, "v1.MemoriesExpired") == [("old", "retention")]
    assert (await db.memory.clean()).expired == 0


async def test_rows_go_that_were_deleted_long_ago(db: Database) -> None:
    await db.commit(
        v1.PersonaCreated(id="ada", name="Ada"),
        v1.PersonaCreated(id="bo", name="Bo"),
        *(remembered(name, "ada", days=10) for name in ("long ago", "lately", "kept")),
        remembered("of bo", "bo", days=10),
        v1.MemoryEntityDeleted(id="long ago", at=days_ago(7.1)),
        v1.MemoryEntityDeleted(id="lately", at=days_ago(6.9)),
        v1.PersonaDeleted(id="bo", at=days_ago(8)),
    )
    assert (await db.memory.clean()).purged == 2
    left = memories.where(memories.deleted_at > 0).select("id")
    assert [row["id"] for row in await db.query(left)] == ["lately"]
    assert await reasons(db, "v1.MemoriesPurged") == [
        ("of bo", "deleted_long_ago"),
        ("long ago", "deleted_long_ago"),
    ]
    await db.commit(v1.SystemConfigSet(id="memory.purgeAfterDays", value=0))
    assert (await db.memory.clean()).purged == 1
    assert await db.count(memories) == 1


async def test_conversations_that_rest_for_long_are_put_away(db: Database) -> None:
    await db.commit(
        v1.PersonaCreated(id="ada", name="Ada"),
        v1.ConversationStarted(id="old", persona_id="ada", at=days_ago(100)),
        v1.ConversationStarted(id="revived", persona_id="ada", at=days_ago(100)),
        v1.ConversationMessageAdded(
            id="m", conversation_id="revived", role="user", content="…", at=days_ago(89.9)
        ),
    )
    assert (await db.memory.clean()).archived == 1
    archived = conversations.where(is_archived=True).select("id")
    assert await db.query(archived) == [{"id": "old"}]
    assert await reasons(db, "v1.ConversationArchived") == [("old", "untouched")]
    await db.commit(v1.SystemConfigSet(id="memory.archiveAfterDays", value=0))
    await db.commit(v1.ConversationUnarchived(id="old", at=days_ago(100)))
    assert (await db.memory.clean()).archived == 0


async def test_a_connection_without_an_end_goes(db: Database, running: Daemon) -> None:
    await db.commit(
        v1.PersonaCreated(id="ada", name="Ada"),
        remembered("one", "ada", days=0),
        remembered("two", "ada", days=0),
        remembered("three", "ada", days=0),
        v1.MemoryEntityLinked(id="loose", from_id="one", to_id="two"),
        v1.MemoryEntityLinked(id="whole", from_id="one", to_id="three"),
    )
    running.stop()
    lose_a_memory(running, "two")
    running.start()
    async with pjai.connect(running.endpoint) as again:
        # The steward cleans up when it begins.
        await again.memory.clean()
        assert [row.id for row in await again.query(memory_links)] == ["whole"]
        assert (await again.memory.status()).unlinked == 1
        row = await again.get(memories, "one")
        assert row is not None
        assert row.connection_count == 1
        assert await reasons(again, "v1.MemoryEntityUnlinked") == [("loose", "orphaned")]


async def test_what_is_clean_is_left_alone(db: Database) -> None:
    await pjai.testing.seed(db)
    await db.memory.clean()
    seq = (await db.health()).seq
    done = await db.memory.clean()
    assert (done.expired, done.purged, done.archived, done.unlinked) == (0, 0, 0, 0)
    assert (await db.health()).seq == seq
    assert await db.count(personas) == 2


def lose_a_memory(stopped: Daemon, memory_id: str) -> None:
    """Takes a row out of the file, as no event could."""
    data = Path(stopped.environment["PJAI_DATA_DIR"])
    passphrase = stopped.environment["PJAI_PASSPHRASE"].encode()
    key = unlock(data, Means(passphrases=Passphrases(variable=passphrase)))
    connection = open_database(data / DATABASE, key.cipher, key.data_key)
    connection.execute("DELETE FROM memories WHERE id = ?", (memory_id,))
    connection.close()
