"""The end of a persona that owns much: bit by bit, so that others go on, and to the end whoever falls."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from itertools import pairwise

import anyio
import pytest

import pjai
from pjai import Database, v1
from pjai.testing import Daemon, daemon
from pjai_wire.codec import decode_any
from pjai_wire.errors import ActorFailed, NotFound, PjaiError
from pjai_wire.limits import ID_CHARACTERS_MAX
from pjai_wire.methods import PersonaParams
from pjai_wire.tables import conversations, memories, memory_links, messages, personas, system_config
from pjaid.actors.persona.deleting import ROWS_AT_ONCE, delete

pytestmark = pytest.mark.anyio

PATIENCE_S = 30
MEMORIES = 12 * ROWS_AT_ONCE
TALKS = 30
MESSAGES_EACH = 20


@pytest.fixture(scope="module")
def running() -> Iterator[Daemon]:
    with daemon(actors="persona") as made:
        yield made


@pytest.fixture
async def db(running: Daemon) -> AsyncIterator[Database]:
    async with pjai.connect(running.endpoint, client="asker") as database:
        yield database


async def test_the_longest_id_that_there_may_be_is_deleted_too(db: Database) -> None:
    longest = "a" * ID_CHARACTERS_MAX
    await db.commit(
        v1.PersonaCreated(id=longest, name="Ada"),
        *(
            v1.MemoryEntityCreated(id=pjai.new_id(), persona_id=longest, type="task", name="Knead")
            for _ in range(ROWS_AT_ONCE + 1)
        ),
    )
    await db.persona.delete(longest)
    assert await db.count(personas.where(id=longest)) == 0
    assert await db.count(system_config.all()) == 0


@pytest.fixture
async def ada(db: Database) -> str:
    """A persona that owns much."""
    ada = (await db.persona.create(f"Ada {pjai.new_id()}")).id
    ids = [pjai.new_id() for _ in range(MEMORIES)]
    await db.commit(
        *(v1.MemoryEntityCreated(id=one, persona_id=ada, type="task", name="Knead") for one in ids),
        *(v1.MemoryEntityLinked(id=pjai.new_id(), from_id=one, to_id=other) for one, other in pairwise(ids)),
        v1.MemoryEntityDeleted(id=ids[0], at=1),
    )
    for _ in range(TALKS):
        talk = pjai.new_id()
        said = (
            v1.ConversationMessageAdded(id=pjai.new_id(), conversation_id=talk, role="user", content="Hello")
            for _ in range(MESSAGES_EACH)
        )
        await db.commit(v1.ConversationStarted(id=talk, persona_id=ada), *said)
    return ada


async def assert_gone(db: Database, ada: str) -> None:
    """Nothing of the persona is left but rows of deleted memories."""
    assert await db.get(personas, ada) is None
    assert await db.count(memories.where(persona_id=ada)) == 0
    deleted = memories.where(memories.deleted_at.is_null(answer=False), persona_id=ada)
    assert await db.count(deleted) == MEMORIES
    for table in (memory_links, conversations, messages, system_config):
        assert await db.count(table.all()) == 0, table


async def test_a_persona_that_owns_much_goes_in_small_commits_and_all_of_it(db: Database, ada: str) -> None:
    before = (await db.health()).seq
    gone = await db.persona.delete(ada, timeout=PATIENCE_S)
    await assert_gone(db, ada)
    (first,) = await db.query(memories.where(memories.deleted_at == 1, persona_id=ada).select("id"))
    events = [event async for event in db.audit(after=before)]
    assert [event.seq for event in events if event.name == "v1.PersonaDeleted"] == [gone.seq]
    several = [decode_any(event.args) for event in events if event.name == "v1.MemoriesDeleted"]
    assert first["id"] not in {one for event in several for one in event["ids"]}
    assert {len(event["ids"]) for event in several} == {ROWS_AT_ONCE, ROWS_AT_ONCE - 1}
    assert {event["reason"] for event in several} == {"persona_deleted"}
    ended = [event.commit_id for event in events if event.name == "v1.ConversationDeleted"]
    assert max(map(ended.count, ended)) * (1 + MESSAGES_EACH) <= ROWS_AT_ONCE
    assert (await db.rebuild()).identical


async def test_who_watches_sees_it_become_less_and_the_persona_go_last(db: Database, ada: str) -> None:
    asked = memories.where(persona_id=ada).select("id").limit(MEMORIES)
    async with db.watch(asked) as kept, db.watch(personas.where(id=ada)) as living:
        with anyio.fail_after(PATIENCE_S):
            gone = await db.persona.delete(ada)
            await kept.reached(gone.seq)
            await living.reached(gone.seq)
            assert (kept.current, living.current) == ([], [])
    less = [event.seq async for event in db.audit(persona_id=ada) if event.name == "v1.MemoriesDeleted"]
    assert len(less) > 1
    assert less[-1] < gone.seq


async def until_marked(db: Database) -> None:
    """Waits until a persona is being deleted."""
    with anyio.fail_after(PATIENCE_S):
        async with db.watch(system_config) as live:
            async for marks in live:
                if marks:
                    return


async def test_what_comes_meanwhile_goes_too(db: Database, ada: str) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(db.persona.delete, ada)
        await until_marked(db)
        with suppress(NotFound):
            # Before all others by its id, so that it is not among those that are still to be read.
            await db.commit(v1.MemoryEntityCreated(id="0", persona_id=ada, type="task", name="Late"))
    assert await db.count(memories.where(persona_id=ada)) == 0


async def test_it_goes_on_when_nobody_waits_for_it_any_more(db: Database, ada: str) -> None:
    async def ask() -> None:
        await delete(db, PersonaParams(id=ada))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        await until_marked(db)
        tasks.cancel_scope.cancel()
    await assert_gone(db, ada)


async def test_two_who_delete_the_same_persona_are_both_answered(db: Database, ada: str) -> None:
    answers: list[object] = []

    async def ask() -> None:
        try:
            answers.append((await db.persona.delete(ada)).id)
        except PjaiError as problem:
            answers.append(type(problem))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        tasks.start_soon(ask)
    assert sorted(map(str, answers)) == sorted(map(str, (ada, NotFound)))
    await assert_gone(db, ada)


async def test_the_next_process_ends_what_one_that_was_killed_had_begun(db: Database, ada: str) -> None:
    (actor,) = (await db.actors()).actors
    assert actor.pid is not None

    async def delete_in_vain() -> None:
        with pytest.raises(ActorFailed):
            await db.persona.delete(ada)

    with anyio.fail_after(PATIENCE_S):
        async with db.watch(system_config) as live, anyio.create_task_group() as tasks:
            tasks.start_soon(delete_in_vain)
            async for marks in live:
                if marks:
                    os.kill(actor.pid, signal.SIGKILL)
                    break
            async for marks in live:
                if not marks:
                    break
    await assert_gone(db, ada)
    assert (await db.rebuild()).identical
