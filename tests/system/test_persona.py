"""The persona actor of a real daemon: what it changes, what it keeps to itself, and what it tells."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import pytest

import pjai
from pjai import Database, Event, NewEvent, Receipt, v1
from pjai.live_query import LiveQuery
from pjai.testing import Daemon, daemon
from pjai_wire import limits
from pjai_wire.codec import decode_any
from pjai_wire.envelope import NIL
from pjai_wire.errors import (
    ActorFailed,
    AlreadyExists,
    Damaged,
    Forbidden,
    InvalidValue,
    NotFound,
    PjaiError,
    StorageError,
    TimedOut,
    UnknownMethod,
)
from pjai_wire.fields import SEAL_BYTES
from pjai_wire.methods import (
    SECRET_OPEN,
    SECRET_SEAL,
    PersonaDuplicateParams,
    PersonalityChange,
    PersonaSettingsChange,
    SecretOpenParams,
    SecretSealParams,
)
from pjai_wire.tables import (
    conversations,
    memories,
    memory_links,
    messages,
    personas,
    system_config,
    workflows,
)
from pjaid.actors.persona import commits
from pjaid.actors.persona.commits import EVENTS_AT_ONCE
from pjaid.actors.persona.duplicating import duplicate

pytestmark = pytest.mark.anyio

PATIENCE_S = 30
SECRET = "what only Ada knows"  # noqa: S105 # a test's own


@pytest.fixture(scope="module")
def running() -> Iterator[Daemon]:
    with daemon(actors="persona", tick_interval_ms=50) as made:
        yield made


@pytest.fixture
async def db(running: Daemon) -> AsyncIterator[Database]:
    async with pjai.connect(running.endpoint, client="asker") as database:
        yield database


@pytest.fixture
async def ada(db: Database) -> str:
    """A persona of the test's own."""
    return (await db.persona.create(f"Ada {pjai.new_id()}")).id


async def updates_until(live: LiveQuery[Any], seq: int) -> list[list[Any]]:
    """What a live query shows after its first result, up to a commit."""
    shown: list[list[Any]] = []
    with anyio.fail_after(PATIENCE_S):
        async with anyio.create_task_group() as tasks:

            async def collect() -> None:
                async for rows in live:
                    shown.append(rows)  # noqa: PERF401 # it is looked at while it grows

            tasks.start_soon(collect)
            await live.reached(seq)
            await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
    return shown


async def test_a_new_persona_is_kept_tidy_and_has_its_defaults(db: Database) -> None:
    number = pjai.new_id()
    made = await db.persona.create(
        f"  Zoe\u0301   {number} ", description=" bakes ", personality={"traits": ["calm", " calm"]}
    )
    found = await db.get(personas, made.id)
    assert found is not None
    assert (found.name, found.description, found.personality.traits) == (
        f"Zo\u00e9 {number}",
        "bakes",
        ("calm",),
    )
    assert (found.is_active, found.settings.memory_retention, found.version) == (False, 365, 1)
    assert (await db.health()).seq >= made.seq
    with pytest.raises(AlreadyExists) as refused:
        await db.persona.create(f"Zo\u00e9 {number}")
    assert (refused.value.actor, bool(refused.value.hint)) == ("persona", True)
    with pytest.raises(AlreadyExists):
        await db.persona.create("another name", persona_id=made.id)


async def test_an_update_changes_what_is_given_and_no_more(db: Database, ada: str) -> None:
    await db.persona.update(ada, personality={"traits": ["curious"], "temperament": "warm"})
    await db.persona.update(
        ada,
        personality=PersonalityChange(temperament="cool"),
        settings=PersonaSettingsChange(privacy_level="high"),
    )
    found = await db.get(personas, ada)
    assert found is not None
    assert (found.personality.traits, found.personality.temperament) == (("curious",), "cool")
    assert (found.settings.privacy_level, found.settings.memory_retention) == ("high", 365)
    with pytest.raises(InvalidValue):
        await db.persona.update(ada)
    with pytest.raises(InvalidValue):
        await db.persona.update(ada, name=" \n ")
    assert await db.get(personas, ada) == found


async def test_updates_of_parts_at_the_same_time_all_count(db: Database, ada: str) -> None:
    async with anyio.create_task_group() as tasks:
        for change in (
            PersonalityChange(traits=("curious",)),
            PersonalityChange(temperament="warm"),
            PersonalityChange(communication_style="brief"),
        ):

            async def update(change: PersonalityChange = change) -> None:
                await db.persona.update(ada, personality=change)

            tasks.start_soon(update)
    found = await db.get(personas, ada)
    assert found is not None
    assert (
        found.personality.traits,
        found.personality.temperament,
        found.personality.communication_style,
    ) == (
        ("curious",),
        "warm",
        "brief",
    )


async def test_a_switch_of_the_active_persona_is_one_update_to_whoever_watches(
    db: Database, ada: str
) -> None:
    other = (await db.persona.create(f"Bo {pjai.new_id()}")).id
    await db.persona.activate(ada)
    both = personas.where(personas.id.in_([ada, other])).select("id", "is_active").order_by("id")
    async with db.watch(both) as live:
        assert [row["id"] for row in await anext(live) if row["is_active"]] == [ada]
        switched = await db.persona.activate(other)
        shown = await updates_until(live, switched.seq)
    assert [[row["id"] for row in rows if row["is_active"]] for rows in shown] == [[other]]
    events = (await db.events(after=switched.seq - 1)).events
    assert [event.name for event in events] == ["v1.PersonaActivated"]
    await db.persona.deactivate(other)
    assert await db.count(personas.where(is_active=True)) == 0


async def test_uses_are_counted(db: Database, ada: str) -> None:
    await db.persona.touch(ada)
    await db.persona.touch(ada)
    found = await db.get(personas, ada)
    assert found is not None
    assert found.usage_count == 2
    assert found.last_used_at is not None


async def owning_much(db: Database, owner: str) -> list[str]:
    """Gives a persona something of everything; returns the ids of its memories."""
    ids = [pjai.new_id() for _ in range(4)]
    talk = pjai.new_id()
    await db.commit(
        *(
            v1.MemoryEntityCreated(
                at=1_000 * number,
                id=memory_id,
                persona_id=owner,
                type="concept",
                name=f"Memory {number}",
                content={"number": number},
                tags=["bread"],
                embedding=bytes(8),
                embedding_model="test",
            )
            for number, memory_id in enumerate(ids)
        ),
        v1.MemoryEntityLinked(id=pjai.new_id(), from_id=ids[0], to_id=ids[1], kind="needs", weight=0.5),
        v1.MemoryEntityLinked(id=pjai.new_id(), from_id=ids[2], to_id=ids[3]),
        v1.MemoryPinned(id=ids[1]),
        v1.MemoryEntityDeleted(id=ids[3]),
        v1.ConversationStarted(id=talk, persona_id=owner),
        v1.ConversationMessageAdded(id=pjai.new_id(), conversation_id=talk, role="user", content="hello"),
        v1.WorkflowSaved(id=pjai.new_id(), name="Bake", persona_id=owner),
    )
    await db.persona.set_secrets(owner, private_memory=SECRET, api_keys={"weather": SECRET})
    return ids


async def test_deleting_a_persona_takes_everything_that_it_owned(db: Database, ada: str) -> None:
    ids = await owning_much(db, ada)
    talks = [talk.id for talk in await db.query(conversations.where(persona_id=ada))]
    deleted = await db.persona.delete(ada)
    assert await db.get(personas, ada) is None
    for gone in (
        memories.where(persona_id=ada),
        memory_links.where(memory_links.from_id.in_(ids)),
        conversations.where(persona_id=ada),
        messages.where(messages.conversation_id.in_(talks)),
        workflows.where(persona_id=ada),
    ):
        assert await db.count(gone) == 0, gone
    assert await db.count(memories.where(memories.deleted_at.is_null(answer=False), persona_id=ada)) == 4
    # Another of that id has nothing of it.
    await db.persona.create(f"Ada {pjai.new_id()}", persona_id=ada)
    for secret in ("privateMemory", "apiKeys"):
        with pytest.raises(NotFound):
            await db.persona.reveal(ada, secret)
    assert (await db.rebuild()).identical
    assert deleted.id == ada


async def test_a_duplicate_has_its_own_id_and_name_and_no_secrets(db: Database, ada: str) -> None:
    await db.persona.update(ada, description="bakes bread", personality=PersonalityChange(traits=("calm",)))
    await owning_much(db, ada)
    made = await db.persona.duplicate(ada)
    first, other = await db.get(personas, ada), await db.get(personas, made.id)
    assert first is not None
    assert other is not None
    assert (other.name, made.name) == (f"{first.name} (2)",) * 2
    assert (other.description, other.personality) == (first.description, first.personality)
    assert (made.memories, await db.count(memories.where(persona_id=made.id))) == (0, 0)
    with pytest.raises(NotFound):
        await db.persona.reveal(made.id, "privateMemory")
    again = await db.persona.duplicate(made.id)
    assert again.name == f"{first.name} (3)"
    with pytest.raises(AlreadyExists):
        await db.persona.duplicate(ada, name=first.name)


async def test_memories_are_duplicated_with_their_age_their_links_and_their_vectors(
    db: Database, ada: str
) -> None:
    await owning_much(db, ada)
    before = (await db.health()).seq
    made = await db.persona.duplicate(ada, with_memories=True)
    assert (made.memories, made.links) == (3, 1)

    async def told(owner: str) -> list[dict[str, Any]]:
        columns = [column for column in memories.columns if column.name not in ("id", "personaId")]
        rows = await db.query(memories.where(persona_id=owner).select("id", *columns).order_by("name"))
        # A copy has not been changed yet: it is as old as what it is a copy of, and in its first version.
        return [{**row, "id": "", "updated_at": 0, "version": 1} for row in rows]

    assert await told(made.id) == await told(ada)
    copies = [row["id"] for row in await db.query(memories.where(persona_id=made.id).select("id"))]
    (link,) = await db.query(memory_links.where(memory_links.from_id.in_(copies)))
    assert (link.to_id in copies, link.kind, link.weight) == (True, "needs", 0.5)
    events = (await db.events(after=before, limit=100)).events
    assert len({event.commit_id for event in events}) == 1


async def test_many_memories_are_duplicated_in_small_commits(db: Database, ada: str) -> None:
    wanted = 3 * EVENTS_AT_ONCE
    await db.commit(
        *(
            v1.MemoryEntityCreated(id=pjai.new_id(), persona_id=ada, type="task", name=f"Memory {number}")
            for number in range(wanted)
        ),
        timeout=PATIENCE_S,
    )
    made = await db.persona.duplicate(ada, with_memories=True, timeout=PATIENCE_S)
    assert made.memories == await db.count(memories.where(persona_id=made.id)) == wanted
    parts = [event.commit_id async for event in db.audit(persona_id=made.id)]
    assert max(map(parts.count, parts)) == EVENTS_AT_ONCE
    assert await db.count(system_config) == 0


class Failing(Database):
    """A database one of whose commits fails, or is carried out without an answer."""

    commits = 0
    failing = 0
    error: PjaiError = StorageError("the disk is full")

    async def commit(self, *events: Event | NewEvent, timeout: float | None = None) -> Receipt:
        self.commits += 1
        is_failing = self.commits == self.failing
        if is_failing and isinstance(self.error, StorageError):
            raise self.error
        receipt = await super().commit(*events, timeout=timeout)
        if is_failing:
            raise self.error
        return receipt


@pytest.mark.parametrize("error", [StorageError("the disk is full"), TimedOut("no answer")], ids=repr)
@pytest.mark.parametrize("failing", [1, 2])
async def test_a_duplicate_that_fails_half_way_leaves_no_persona(
    db: Database, ada: str, monkeypatch: pytest.MonkeyPatch, failing: int, error: PjaiError
) -> None:
    await owning_much(db, ada)
    before = await db.count(personas)
    monkeypatch.setattr(commits, "EVENTS_AT_ONCE", 2)
    database = Failing(db.connection, db._live)
    database.failing, database.error = failing, error
    with pytest.raises(type(error)):
        await duplicate(database, PersonaDuplicateParams(id=ada, with_memories=True))
    assert database.commits > failing
    assert await db.count(personas) == before
    assert await db.count(system_config) == 0


async def test_a_duplicate_whose_actor_is_killed_half_way_leaves_no_persona() -> None:
    mebibyte = 2**20
    with daemon(actors="persona", message_bytes_max=2 * mebibyte, result_bytes_max=2 * mebibyte) as narrow:
        async with pjai.connect(narrow.endpoint) as db:
            ada = (await db.persona.create("Ada")).id
            (actor,) = (await db.actors()).actors
            assert actor.pid is not None
            for _ in range(16):
                content = {"text": "x" * mebibyte}
                await db.commit(
                    v1.MemoryEntityCreated(
                        id=pjai.new_id(), persona_id=ada, type="task", name="Long", content=content
                    )
                )

            async def duplicate_in_vain() -> None:
                with pytest.raises(ActorFailed):
                    await db.persona.duplicate(ada, with_memories=True)

            with anyio.fail_after(PATIENCE_S):
                async with db.watch(system_config) as live, anyio.create_task_group() as tasks:
                    tasks.start_soon(duplicate_in_vain)
                    async for marks in live:
                        if marks:
                            os.kill(actor.pid, signal.SIGKILL)
                            break
                    # Until the next process has looked what the last one left.
                    async for marks in live:
                        if not marks:
                            break
            assert [row.id for row in await db.query(personas)] == [ada]
            assert await db.count(memories.where(memories.persona_id != ada)) == 0


async def test_memories_too_large_for_one_answer_are_duplicated_each_by_itself() -> None:
    mebibyte = 2**20
    with daemon(actors="persona", message_bytes_max=3 * mebibyte, result_bytes_max=3 * mebibyte) as narrow:
        async with pjai.connect(narrow.endpoint) as db:
            ada = (await db.persona.create("Ada")).id
            for number in range(8):
                content = {"text": str(number) * mebibyte}
                await db.commit(
                    v1.MemoryEntityCreated(
                        id=pjai.new_id(), persona_id=ada, type="task", name="Long", content=content
                    )
                )
            made = await db.persona.duplicate(ada, with_memories=True)
            assert made.memories == 8
            copied = memories.where(persona_id=made.id).limit(1)
            texts = [row.content["text"] async for page in db.pages(copied) for row in page]
            assert sorted(texts) == [str(number) * mebibyte for number in range(8)]
            parts = {event.commit_id async for event in db.audit(persona_id=made.id)}
            assert len(parts) == 9


async def test_secrets_are_revealed_and_each_reveal_is_on_the_trail(db: Database, ada: str) -> None:
    await db.persona.set_secrets(ada, private_memory=SECRET, api_keys={"weather": "k"})
    told = await db.persona.reveal(ada, "privateMemory")
    assert (told.private_memory, told.api_keys) == (SECRET, None)
    keys = await db.persona.reveal(ada, "apiKeys")
    assert (keys.private_memory, keys.api_keys) == (None, {"weather": "k"})
    events = (await db.events(names=("v1.PersonaSecretRevealed",), persona_id=ada)).events
    assert [event.seq for event in events] == [told.seq, keys.seq]
    said = [decode_any(event.args) for event in events]
    assert [(args["id"], args["column"], args["client"]) for args in said] == [
        (ada, "privateMemory", "asker"),
        (ada, "apiKeys", "asker"),
    ]
    assert {event.client for event in events} == {"actor.persona"}


async def test_nobody_can_put_on_the_trail_that_a_secret_was_told(db: Database, ada: str) -> None:
    forged = v1.PersonaSecretRevealed(id=ada, column="apiKeys", client="somebody else")
    with pytest.raises(Forbidden, match="the daemon alone records"):
        await db.commit(v1.PersonaUsed(id=ada), forged)
    assert [event.name async for event in db.audit(persona_id=ada)] == ["v1.PersonaCreated"]


async def test_a_secret_that_is_left_out_stays_and_none_removes_it(db: Database, ada: str) -> None:
    await db.persona.set_secrets(ada, private_memory=SECRET, api_keys={"weather": "k"})
    await db.persona.set_secrets(ada, api_keys=None)
    assert (await db.persona.reveal(ada, "privateMemory")).private_memory == SECRET
    with pytest.raises(NotFound):
        await db.persona.reveal(ada, "apiKeys")
    with pytest.raises(InvalidValue):
        await db.persona.set_secrets(ada)
    with pytest.raises(InvalidValue):
        await db.persona.set_secrets(ada, private_memory="x" * (limits.PRIVATE_MEMORY_CHARACTERS_MAX + 1))
    with pytest.raises(InvalidValue):
        await db.persona.set_secrets(ada, api_keys={})


async def test_the_largest_secrets_there_are_fit(db: Database, ada: str) -> None:
    text = "\N{BREAD}" * limits.PRIVATE_MEMORY_CHARACTERS_MAX
    key = "\N{BREAD}" * limits.API_KEY_CHARACTERS_MAX
    keys = {
        f"{number:02}".ljust(limits.TAG_CHARACTERS_MAX, "\N{KEY}"): key
        for number in range(limits.API_KEYS_MAX)
    }
    await db.persona.set_secrets(ada, private_memory=text, api_keys=keys)
    assert (await db.persona.reveal(ada, "privateMemory")).private_memory == text
    assert (await db.persona.reveal(ada, "apiKeys")).api_keys == keys


async def test_a_secret_that_is_not_what_was_sealed_is_told_to_nobody(db: Database, ada: str) -> None:
    forged = bytes([1]) + bytes(SEAL_BYTES)
    receipt = await db.commit(v1.PersonaSecretsSet(id=ada, private_memory=forged))
    with pytest.raises(Damaged) as refused:
        await db.persona.reveal(ada, "privateMemory")
    assert refused.value.actor == "persona"
    assert (await db.health()).seq == receipt.seq


async def test_nobody_but_an_actor_that_declares_it_seals_or_opens(db: Database, ada: str) -> None:
    await db.persona.set_secrets(ada, private_memory=SECRET)
    where = {"table": "persona_secrets", "id": ada, "column": "privateMemory"}
    with pytest.raises(Forbidden):
        await db.call(SECRET_OPEN, SecretOpenParams(**where, client="asker"))
    with pytest.raises(Forbidden):
        await db.call(SECRET_SEAL, SecretSealParams(**where, value=b"mine"))


async def test_the_trail_withholds_what_sets_secrets_and_can_be_verified(db: Database, ada: str) -> None:
    await db.persona.set_secrets(ada, private_memory=SECRET)
    (event,) = (await db.events(names=("v1.PersonaSecretsSet",), persona_id=ada)).events
    assert event.args == NIL
    assert len(event.args_hash) == 32
    verified = await db.verify()
    assert verified.withheld >= 1
    assert verified.erased == 0


async def test_insights_count_what_there_is(db: Database, ada: str) -> None:
    await owning_much(db, ada)
    await db.commit(
        v1.MemoryEntityCreated(id=pjai.new_id(), persona_id=ada, type="task", name="New", importance=10)
    )
    found = await db.persona.insights(ada)
    assert (found.id, found.memories, found.conversations, found.links) == (ada, 4, 1, 1)
    assert found.by_type == {"concept": 3, "task": 1}
    assert sum(found.by_tier.values()) == 4
    assert found.importance_average == 40
    assert {bucket.name: bucket.memories for bucket in found.ages if bucket.memories} == {
        "day": 1,
        "older": 3,
    }
    assert found.growth == (*(0,) * 29, 1)
    log = [event async for event in db.audit(persona_id=ada)]
    told = sum(len(bytes(event.args)) for event in log if event.args != NIL)
    assert found.log_bytes == found.log_bytes_lately > told
    await db.persona.touch(ada)
    assert (await db.persona.insights(ada)).log_bytes > found.log_bytes


@pytest.mark.parametrize(
    "ask",
    [
        lambda db: db.persona.update("nobody", name="Ada"),
        lambda db: db.persona.activate("nobody"),
        lambda db: db.persona.deactivate("nobody"),
        lambda db: db.persona.touch("nobody"),
        lambda db: db.persona.duplicate("nobody"),
        lambda db: db.persona.delete("nobody"),
        lambda db: db.persona.set_secrets("nobody", private_memory="x"),
        lambda db: db.persona.reveal("nobody", "apiKeys"),
        lambda db: db.persona.insights("nobody"),
    ],
)
async def test_a_persona_that_does_not_exist_is_not_found(db: Database, ask: Any) -> None:
    with pytest.raises(NotFound, match="there is no such persona"):
        await ask(db)


async def test_a_daemon_without_the_actor_says_what_is_missing() -> None:
    with daemon() as without:
        async with pjai.connect(without.endpoint) as db:
            with pytest.raises(UnknownMethod, match="the actor persona, which does not run"):
                await db.persona.create("Ada")


def test_the_blocking_face_has_the_actor_too(running: Daemon) -> None:
    with pjai.blocking.connect(running.endpoint, client="script") as db:
        ada = db.persona.create(f"Ada {pjai.new_id()}").id
        db.persona.set_secrets(ada, api_keys={"weather": "k"})
        assert db.persona.reveal(ada, "apiKeys").api_keys == {"weather": "k"}
        assert db.persona.delete(ada).id == ada


async def test_errors_hold_nothing_of_what_was_given(db: Database, ada: str) -> None:
    for wrong in ({"api_keys": {SECRET: ""}}, {"api_keys": {"": SECRET}}, {"private_memory": 7}):
        with pytest.raises(PjaiError) as refused:
            await db.persona.set_secrets(ada, **wrong)
        assert SECRET not in str(refused.value)
