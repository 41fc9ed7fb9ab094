"""The memory steward beside a real daemon: what is remembered through it, and what it does by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import reduce
from typing import Any

import anyio
import pytest
from msgspec.structs import replace

import pjai
from pjai import Database, memories, v1
from pjai.testing import Daemon, daemon
from pjai_wire import limits
from pjai_wire.errors import AlreadyExists, InvalidValue, LimitExceeded, NotFound, PjaiError
from pjai_wire.fields import PersonaSettings
from pjai_wire.methods import MemoryRememberParams, MemorySource

pytestmark = pytest.mark.anyio

CARD = "4111 1111 1111 1111"

DEEP: list[Any] = reduce(lambda inner, _: [inner], range(70), [])


@pytest.fixture(scope="module")
def running() -> Iterator[Daemon]:
    with daemon(actors="memory", development=True) as made:
        yield made


@pytest.fixture
async def db(running: Daemon) -> AsyncIterator[Database]:
    async with pjai.connect(running.endpoint, client="tests") as database:
        yield database


@pytest.fixture
async def ada(db: Database) -> str:
    """A persona that has what is sensitive taken out."""
    return await persona(db, PersonaSettings(privacy_level="high"))


async def persona(db: Database, settings: PersonaSettings) -> str:
    persona_id = pjai.new_id()
    await db.commit(v1.PersonaCreated(id=persona_id, name=f"Ada {persona_id}", settings=settings))
    return persona_id


async def test_what_is_remembered_is_sanitised_and_says_where_it_comes_from(db: Database, ada: str) -> None:
    talk, said = pjai.new_id(), pjai.new_id()
    await db.commit(
        v1.ConversationStarted(id=talk, persona_id=ada),
        v1.ConversationMessageAdded(id=said, conversation_id=talk, role="user", content="…"),
    )
    made = await db.memory.remember(
        ada,
        "knowledge",
        f"pays with {CARD}",
        content={"mail": ["ada@example.org"], "password": "hunter2"},
        tags=["bread", "ada@example.org"],
        metadata={"mood": "calm"},
        source=("message", said),
    )
    row = await db.get(memories, made.id)
    assert row is not None
    assert (made.is_new, made.redactions) == (True, 4)
    assert row.name == "pays with [redacted: card]"
    assert row.content == {"mail": ["[redacted: email]"], "password": "[redacted: password]"}
    assert row.tags == ("bread", "[redacted: email]")
    assert row.metadata == {
        "mood": "calm",
        "source": {"kind": "message", "id": said},
        "redactions": {"card": 1, "email": 2, "password": 1},
    }
    page = await db.events(names=("v1.MemoryEntityCreated",), persona_id=ada)
    assert not [event for event in page.events if b"4111" in bytes(event.args)]


@pytest.mark.parametrize(
    ("settings", "about"),
    [
        (PersonaSettings(), {"sensitive": {"card": 1}}),
        (PersonaSettings(privacy_level="low"), {}),
        (PersonaSettings(privacy_level="high", sanitiser="mark"), {"sensitive": {"card": 1}}),
    ],
)
async def test_a_persona_may_keep_what_is_sensitive(
    db: Database, settings: PersonaSettings, about: dict[str, object]
) -> None:
    made = await db.memory.remember(await persona(db, settings), "concept", CARD)
    row = await db.get(memories, made.id)
    assert row is not None
    assert (made.redactions, row.name, row.metadata) == (0, CARD, about)


async def test_the_same_is_remembered_once_by_each_persona(db: Database, ada: str) -> None:
    results = []
    async with anyio.create_task_group() as tasks:

        async def remember() -> None:
            results.append(await db.memory.remember(ada, "concept", "Rye", content={"a": 1, "b": 2}))

        for _ in range(8):
            tasks.start_soon(remember)
    assert sum(made.is_new for made in results) == 1
    assert len({made.id for made in results}) == 1
    again = await db.memory.remember(ada, "concept", "Rye ", content={"b": 2, "a": 1})
    assert (again.is_new, again.id) == (False, results[0].id)
    bo = await persona(db, PersonaSettings())
    assert (await db.memory.remember(bo, "concept", "Rye", content={"a": 1, "b": 2})).is_new
    await db.memory.forget(again.id)
    assert (await db.memory.remember(ada, "concept", "Rye", content={"a": 1, "b": 2})).is_new


async def test_many_things_are_remembered_at_once_and_each_once(db: Database, ada: str) -> None:
    bo = await persona(db, PersonaSettings(sanitiser="off"))
    known = await db.memory.remember(ada, "concept", "Rye")

    def wanted(owner: str, name: str, **more: Any) -> MemoryRememberParams:
        return MemoryRememberParams(persona_id=owner, type="concept", name=name, **more)

    before = (await db.health()).seq
    told = await db.memory.remember_all(
        [
            wanted(ada, "Rye"),
            wanted(ada, CARD, id=f"card {ada}"),
            wanted(bo, CARD),
            wanted(ada, "Wheat"),
            wanted(ada, "Wheat "),
        ]
    )
    assert [one.is_new for one in told.memories] == [False, True, True, True, False]
    assert [one.redactions for one in told.memories] == [0, 1, 0, 0, 0]
    ids = [one.id for one in told.memories]
    assert (ids[0], ids[1], ids[3]) == (known.id, f"card {ada}", ids[4])
    page = await db.events(after=before)
    assert len({event.commit_id for event in page.events}) == 1
    assert page.events[-1].seq == told.seq
    names = {row.id: row.name for row in await db.query(memories.where(memories.id.in_(ids)))}
    assert (names[ids[1]], names[ids[2]]) == ("[redacted: card]", CARD)


async def test_of_many_things_none_is_remembered_where_one_cannot_be(db: Database, ada: str) -> None:
    before = (await db.health()).seq
    rye = MemoryRememberParams(persona_id=ada, type="concept", name="Rye")
    with pytest.raises(NotFound, match="persona"):
        await db.memory.remember_all([rye, replace(rye, persona_id="nobody")])
    taken = MemorySource(kind="message", id="nothing")
    with pytest.raises(NotFound, match="message"):
        await db.memory.remember_all([rye, replace(rye, name="Wheat", source=taken)])
    with pytest.raises(LimitExceeded):
        await db.memory.remember_all([rye, replace(rye, name="Deep", content={"deep": DEEP})])
    with pytest.raises(InvalidValue):
        await db.memory.remember_all([])
    with pytest.raises(InvalidValue):
        await db.memory.remember_all([rye] * (limits.REMEMBERED_AT_ONCE_MAX + 1))
    assert (await db.health()).seq == before


async def test_what_is_forgotten_in_the_moment_that_it_is_remembered_is_remembered_anew(
    db: Database, ada: str
) -> None:
    async def remember_and_forget() -> None:
        for _ in range(40):
            made = await db.memory.remember(ada, "concept", "fleeting")
            with suppress(NotFound):
                await db.memory.forget(made.id)

    async with anyio.create_task_group() as tasks:
        for _ in range(6):
            tasks.start_soon(remember_and_forget)
    assert await db.count(memories.where(persona_id=ada)) == 0


async def test_what_is_taken_out_makes_no_text_too_long(db: Database, ada: str) -> None:
    short = "a@bc.de "
    made = await db.memory.remember(
        ada, "concept", short * 60, summary=short * 120, tags=[(short * 12).strip()]
    )
    row = await db.get(memories, made.id)
    assert row is not None
    assert (len(row.name), len(row.summary), len(row.tags[0])) == (500, 1000, 100)


async def test_a_memory_is_touched_connected_pinned_and_forgotten(db: Database, ada: str) -> None:
    one = await db.memory.remember(ada, "concept", "One")
    two = await db.memory.remember(ada, "concept", "Two", memory_id=pjai.new_id())
    before = await db.get(memories, one.id)
    assert before is not None
    await db.memory.touch(one.id)
    await db.memory.connect(one.id, two.id, kind="needs", weight=0.5)
    await db.memory.pin(one.id)
    after = await db.get(memories, one.id)
    assert after is not None
    assert after.last_accessed_at >= before.last_accessed_at
    assert (after.connection_count, after.pinned) == (1, True)
    await db.memory.unpin(one.id)
    receipt = await db.memory.forget(two.id)
    after = await db.get(memories, one.id)
    assert after is not None
    assert (after.connection_count, after.pinned) == (0, False)
    assert await db.get(memories, two.id) is None
    page = await db.events(after=receipt.seq - 1, limit=1)
    assert [event.client for event in page.events] == ["actor.memory"]


@pytest.mark.parametrize(
    ("value", "problem", "kind"),
    [
        ({1: "one"}, "a key that is not text", InvalidValue),
        (datetime.now(UTC), "an extension type", InvalidValue),
        (DEEP, "nest at most 64 deep", LimitExceeded),
    ],
)
@pytest.mark.parametrize("place", ["content", "metadata"])
async def test_what_no_free_map_may_hold_is_said(
    db: Database, ada: str, place: str, value: Any, problem: str, kind: type[PjaiError]
) -> None:
    free: dict[str, Any] = {place: {"value": value}}
    with pytest.raises(kind, match=problem):
        await db.memory.remember(ada, "concept", "free", **free)


async def test_what_cannot_be_is_said_and_changes_nothing(db: Database, ada: str) -> None:
    bo = await persona(db, PersonaSettings())
    talk, said = pjai.new_id(), pjai.new_id()
    receipt = await db.commit(
        v1.ConversationStarted(id=talk, persona_id=bo),
        v1.ConversationMessageAdded(id=said, conversation_id=talk, role="user", content="…"),
    )
    with pytest.raises(NotFound, match="persona"):
        await db.memory.remember("nobody", "concept", "Rye")
    with pytest.raises(NotFound, match="message"):
        await db.memory.remember(ada, "concept", "Rye", source=("message", "nothing"))
    with pytest.raises(InvalidValue, match="another persona"):
        await db.memory.remember(ada, "concept", "Rye", source=("message", said))
    with pytest.raises(InvalidValue):
        await db.memory.remember(ada, "concept", "Rye", importance=101)
    with pytest.raises(NotFound, match="persona"):
        await db.memory.tend("nobody")
    for call in (db.memory.touch, db.memory.pin, db.memory.unpin, db.memory.forget):
        with pytest.raises(NotFound):
            await call("nothing")
    assert (await db.health()).seq == receipt.seq
    made = await db.memory.remember(ada, "concept", "Rye")
    with pytest.raises(AlreadyExists):
        await db.memory.remember(ada, "concept", "Wheat", memory_id=made.id)
