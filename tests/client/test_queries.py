from __future__ import annotations

from typing import assert_type

import pytest

import pjai
from pjai import Database, Select, queries, records, v1
from pjai.insights import DAY_MS, HOUR_MS

NOON = 1_700_000_000_000 // DAY_MS * DAY_MS + DAY_MS // 2


@pytest.fixture
async def ada(db: Database) -> str:
    """A persona of the test's own."""
    ada = pjai.new_id()
    await db.commit(v1.PersonaCreated(id=ada, name=ada))
    return ada


def memory(owner: str, name: str, **fields: object) -> v1.MemoryEntityCreated:
    given = {"type": "concept", "importance": 50, "at": NOON, **fields}
    return v1.MemoryEntityCreated(id=f"{owner} {name}", persona_id=owner, name=name, **given)  # type: ignore[arg-type] # as given


async def names(db: Database, asked: Select[records.MemoryEntity]) -> list[str]:
    return [one.name for one in await db.query(asked)]


async def test_the_active_persona_is_the_one_activated_last(db: Database, ada: str) -> None:
    bob = pjai.new_id()
    await db.commit(v1.PersonaCreated(id=bob, name=bob), v1.PersonaActivated(id=bob))
    await db.commit(v1.PersonaActivated(id=ada))
    assert_type(queries.active_personas(), Select[records.Persona])
    for asked in (queries.active_personas(), queries.active_persona()):
        assert [one.id for one in await db.query(asked)] == [ada]
    await db.commit(v1.PersonaDeactivated(id=ada))
    assert await db.first(queries.active_persona()) is None


async def test_memories_come_by_importance_and_then_by_use(db: Database, ada: str) -> None:
    await db.commit(
        memory(ada, "old", importance=70, last_accessed_at=NOON),
        memory(ada, "new", importance=70, last_accessed_at=NOON + 1),
        memory(ada, "vital", importance=90),
    )
    assert await names(db, queries.memories_of(ada)) == ["vital", "new", "old"]
    assert await names(db, queries.memories_of(ada, limit=1)) == ["vital"]


async def test_memories_are_filtered(db: Database, ada: str) -> None:
    await db.commit(
        memory(ada, "person", type="person"),
        memory(ada, "vital", importance=90),
        memory(ada, "cold", memory_tier="cold"),
        memory(ada, "early", at=NOON - 1),
    )
    assert await names(db, queries.memories_of(ada, type="person")) == ["person"]
    assert await names(db, queries.memories_of(ada, importance_min=90)) == ["vital"]
    assert await names(db, queries.memories_of(ada, tier="cold")) == ["cold"]
    assert await names(db, queries.memories_of(ada, until=NOON)) == ["early"]
    since = await names(db, queries.memories_of(ada, since=NOON))
    assert sorted(since) == ["cold", "person", "vital"]


async def test_conversations_come_in_pages_the_newest_first(db: Database, ada: str) -> None:
    begun = [
        v1.ConversationStarted(id=pjai.new_id(), persona_id=ada, at=NOON + number // 2) for number in range(5)
    ]
    await db.commit(*begun, v1.ConversationArchived(id=begun[0].id))
    first = await db.query(queries.recent_conversations(ada, page_size=2))
    second = await db.query(queries.recent_conversations(ada, page_size=2, after=first[-1]))
    rest = await db.query(queries.recent_conversations(ada, page_size=2, after=second[-1]))
    read = [one.id for one in (*first, *second, *rest)]
    assert read[0] == begun[4].id
    assert sorted(read) == [one.id for one in begun[1:]]
    archived = await db.query(queries.recent_conversations(ada, archived=True))
    assert [one.id for one in archived] == [begun[0].id]


async def test_messages_come_as_they_are_said_the_newest_first(db: Database, ada: str) -> None:
    conversation = pjai.new_id()
    await db.commit(v1.ConversationStarted(id=conversation, persona_id=ada))
    async with db.watch(queries.messages_of(conversation, limit=2)) as live:
        assert await anext(live) == []
        for content in ("one", "two", "three"):
            receipt = await db.commit(
                v1.ConversationMessageAdded(
                    id=pjai.new_id(), conversation_id=conversation, role="user", content=content
                )
            )
        await live.reached(receipt.seq)
        assert [one.content for one in live.current] == ["three", "two"]


async def test_insights_follow_every_change(db: Database, ada: str) -> None:
    now = pjai.signal(NOON)
    async with queries.memory_insights(db, ada, now=now) as insights:
        assert await anext(insights) == queries.MemoryInsights(0, {}, {}, None, 0, ())
        await db.commit(
            memory(ada, "a", type="person", importance=10, last_accessed_at=NOON - DAY_MS),
            memory(ada, "b", importance=30, memory_tier="cold", last_accessed_at=NOON - DAY_MS - 1),
            memory(ada, "c", importance=50, last_accessed_at=NOON),
        )
        while (seen := await anext(insights)).accessed_last_day < 2 or not seen.total:
            pass
        assert seen == queries.MemoryInsights(
            total=3,
            by_type={"person": 1, "concept": 2},
            by_tier={"hot": 2, "cold": 1},
            importance_average=30,
            accessed_last_day=2,
            connections=(),
        )
        now.set(NOON + HOUR_MS)
        while (await anext(insights)).accessed_last_day != 1:
            pass
        link = v1.MemoryEntityLinked(id=pjai.new_id(), from_id=f"{ada} a", to_id=f"{ada} c")
        await db.commit(link)
        while not (seen := await anext(insights)).connections:
            pass
        assert [one.id for one in seen.connections] == [link.id]
        await db.commit(v1.MemoryEntityDeleted(id=f"{ada} a"))
        while (seen := await anext(insights)).connections or seen.total > 2:
            pass
        assert seen.by_type == {"concept": 2}


async def test_within_the_hour_the_last_day_stays_the_same_query(db: Database, ada: str) -> None:
    now = pjai.signal(NOON)
    async with queries.memory_insights(db, ada, now=now):
        before = (await db.health()).live_queries
        now.set(NOON + HOUR_MS - 1)
        async with queries.memory_insights(db, ada, now=pjai.signal(NOON + 1)) as other:
            assert (await anext(other)).total == 0
            assert (await db.health()).live_queries == before


async def test_insights_go_by_the_clock_unless_told_otherwise(db: Database, ada: str) -> None:
    await db.commit(memory(ada, "now", at=pjai.now_ms()))
    async with queries.memory_insights(db, ada) as insights:
        assert (await anext(insights)).accessed_last_day == 1
