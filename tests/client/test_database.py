from __future__ import annotations

import pytest

import pjai
from pjai import Database, memories, personas, v1
from pjai_wire.codec import decode_any
from pjai_wire.errors import AlreadyExists, InvalidValue, NotFound, UnknownColumn
from pjai_wire.events import v2


async def test_the_front_page(db: Database) -> None:
    ada = pjai.new_id()
    receipt = await db.commit(
        v1.PersonaCreated(id=ada, name=f"Ada {ada}", personality={"traits": ["curious"]}),
        _memory(ada, "Sourdough", importance=70),
    )
    hot = (
        memories.where(persona_id=ada, memory_tier="hot")
        .where(memories.importance >= 50)
        .order_by(memories.importance.desc(), memories.last_accessed_at.desc())
        .limit(100)
    )
    assert [row.name for row in await db.query(hot)] == ["Sourdough"]
    async with db.watch(hot) as live:
        assert live.seq >= receipt.seq
        assert [row.name for row in await anext(live)] == ["Sourdough"]
        await db.commit(_memory(ada, "Rye", importance=90), _memory(ada, "Crumbs", importance=10))
        assert [row.name for row in await anext(live)] == ["Rye", "Sourdough"]


async def test_a_row_is_got_by_its_id(db: Database) -> None:
    ada = pjai.new_id()
    await db.commit(v1.PersonaCreated(id=ada, name=ada, personality={"traits": ["curious"]}))
    row = await db.get(personas, ada)
    assert row is not None
    assert row.personality.traits == ("curious",)
    assert await db.get(personas, pjai.new_id()) is None


async def test_a_conversation_comes_without_its_messages_on_request(db: Database) -> None:
    made = await pjai.testing.seed(db)
    conversation = await db.get(pjai.conversations, made.conversations[0])
    assert conversation is not None
    assert [message.role for message in conversation.messages] == ["user", "assistant"]
    bare = await db.get(
        pjai.conversations, made.conversations[0], omit=(pjai.conversations.column("messages"),)
    )
    assert bare is not None
    assert (bare.messages, bare.message_count) == ((), 2)


async def test_rows_are_counted_and_the_first_is_found(db: Database) -> None:
    made = await pjai.testing.seed(db, memories=5)
    select = memories.where(memories.id.in_(made.memories)).order_by(memories.importance).limit(2)
    assert await db.count(select) == 5
    first = await db.first(select)
    assert first is not None
    assert first.importance == 0
    assert await db.first(memories.where(id="none")) is None


async def test_an_embedding_is_answered_when_it_is_asked_for(db: Database) -> None:
    made = await pjai.testing.seed(db, memories=1)
    vector = bytes(8)
    await db.commit(
        v2.MemoryEntityUpdated(id=made.memories[0], version=2, embedding=vector, embedding_model="m")
    )
    row = await db.get(memories, made.memories[0])
    assert row is not None
    assert (row.embedding, row.embedding_model) == (None, "m")
    assert await db.query(memories.where(id=made.memories[0]).select("embedding")) == [{"embedding": vector}]


async def test_groups_are_dicts(db: Database) -> None:
    made = await pjai.testing.seed(db, personas=1, memories=6)
    groups = memories.where(persona_id=made.personas[0]).group_by("memory_tier", n=pjai.count())
    found = {row["memory_tier"]: row["n"] for row in await db.query(groups)}
    assert found == {"hot": 2, "warm": 2, "cold": 2}


async def test_a_commit_is_all_or_none(db: Database) -> None:
    ada = pjai.new_id()
    with pytest.raises(NotFound):
        await db.commit(v1.PersonaCreated(id=ada, name=ada), _memory("nobody", "Orphan"))
    assert await db.get(personas, ada) is None


async def test_an_event_with_an_id_of_its_own_is_recorded_once(db: Database) -> None:
    event = pjai.new_event(v1.PersonaCreated(id=pjai.new_id(), name=pjai.new_id()))
    first = await db.commit(event)
    again = await db.commit(event)
    assert (again.seq, again.commit_id) == (first.seq, first.commit_id)
    assert (first.repeated, again.repeated) == (False, True)


async def test_what_the_daemon_refuses_is_raised(db: Database) -> None:
    ada = pjai.new_id()
    await db.commit(v1.PersonaCreated(id=ada, name=ada))
    with pytest.raises(AlreadyExists):
        await db.commit(v1.PersonaCreated(id=ada, name=ada))
    with pytest.raises(InvalidValue):
        await db.commit(v1.PersonaCreated(id=pjai.new_id(), name=""))
    with pytest.raises(UnknownColumn):
        await db.query(personas.where(("importnace", "=", 1)))


async def test_a_rebuild_finds_the_live_state(db: Database) -> None:
    await pjai.testing.seed(db)
    compared = await db.rebuild()
    assert compared.identical
    assert not compared.replaced


async def test_the_daemon_tells_how_it_is(db: Database) -> None:
    health = await db.health()
    assert health.status == "ok"
    assert health.instance == db.hello.instance


async def test_a_page_of_the_trail_names_the_client_and_the_session(daemon: pjai.testing.Daemon) -> None:
    session = pjai.new_id()
    async with pjai.connect(daemon.endpoint, client="trail tests", session=session) as db:
        receipt = await db.commit(v1.UserPreferenceSet(id=session, value="dark"))
        (event,) = (await db.events(after=receipt.seq - 1, limit=1)).events
    assert (event.client, event.session, event.name) == ("trail tests", session, "v1.UserPreferenceSet")
    assert decode_any(event.args)["value"] == "dark"


def _memory(owner: str, name: str, *, importance: int = 50) -> v1.MemoryEntityCreated:
    return v1.MemoryEntityCreated(
        id=pjai.new_id(), persona_id=owner, type="concept", name=name, importance=importance
    )
