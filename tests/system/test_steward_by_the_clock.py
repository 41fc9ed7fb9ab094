"""What the memory steward does by the clock, which here moves when the test says so."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator

import pytest

import pjai
from pjai import Database, memories, v1, warnings
from pjai.testing import Daemon, daemon
from pjai_wire.errors import InternalError
from pjaid.actors.memory_steward.cleaning import Cleaning
from pjaid.actors.memory_steward.progress import Progress
from pjaid.actors.memory_steward.storage_check import StorageCheck
from pjaid.actors.memory_steward.tiering import Tiering
from pjaid.actors.memory_steward.tiers import Doubtful

pytestmark = pytest.mark.anyio

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


class Clock:
    """The present."""

    def __init__(self) -> None:
        self.now = pjai.now_ms()

    def __call__(self) -> int:
        return self.now


@pytest.fixture(scope="module")
def running() -> Iterator[Daemon]:
    with daemon() as made:
        yield made


@pytest.fixture
async def db(running: Daemon) -> AsyncIterator[Database]:
    async with pjai.connect(running.endpoint, client="tests") as database:
        yield database


@pytest.fixture
async def ada(db: Database) -> AsyncIterator[str]:
    """A persona that nobody uses, for one test."""
    persona_id = pjai.new_id()
    await db.commit(v1.PersonaCreated(id=persona_id, name=persona_id))
    yield persona_id
    await db.commit(v1.PersonaDeleted(id=persona_id))


def liked(owner: str, **fields: object) -> v1.MemoryEntityCreated:
    """A memory that belongs elsewhere than it is."""
    return v1.MemoryEntityCreated(
        id=pjai.new_id(), persona_id=owner, type="concept", name="Bread", importance=60, content=dict(fields)
    )


async def test_a_clean_up_is_due_when_it_begins_and_then_as_often_as_is_set(db: Database) -> None:
    clock, progress = Clock(), Progress()
    cleaning = Cleaning(progress, clock)
    begun = clock.now
    await cleaning.when_due(db)
    assert progress.cleaned_at == begun
    clock.now = begun + 12 * HOUR_MS - 1
    await cleaning.when_due(db)
    assert progress.cleaned_at == begun
    await db.commit(v1.SystemConfigSet(id="memory.cleanUpHours", value=6))
    await cleaning.when_due(db)
    assert progress.cleaned_at == clock.now


async def test_what_nobody_uses_is_looked_at_once_a_day_unless_it_grows(db: Database, ada: str) -> None:
    clock, grown = Clock(), set[str]()
    tiering = Tiering(Progress(), lambda: grown, clock)

    async def moves() -> int:
        one = liked(ada)
        await db.commit(one)
        await tiering.round(db)
        return await db.count(memories.where(id=one.id, memory_tier="warm"))

    assert await moves() == 1
    clock.now += DAY_MS - 1
    assert await moves() == 0
    clock.now += 1
    assert await moves() == 1
    assert await moves() == 0
    grown.add(ada)
    assert await moves() == 1
    grown.clear()
    await db.commit(v1.PersonaActivated(id=ada))
    assert await moves() == 1


async def test_a_round_that_ends_in_the_middle_is_begun_anew(
    db: Database, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ends(_now: int) -> Iterator[Doubtful]:
        raise InternalError("in the middle")

    async def ends_in_the_middle() -> None:
        with monkeypatch.context() as patched:
            patched.setattr(sys.modules[Tiering.__module__], "doubtful", ends)
            with pytest.raises(InternalError):
                await tiering.round(db)

    clock, grown = Clock(), set[str]()

    def take_grown() -> set[str]:
        taken = grown.copy()
        grown.clear()
        return taken

    tiering = Tiering(Progress(), take_grown, clock)
    one, another = liked(ada), liked(ada)
    moved = memories.where(persona_id=ada, memory_tier="warm")
    await db.commit(one)
    await ends_in_the_middle()
    await tiering.round(db)
    assert await db.count(moved) == 1, "it is looked at, and not a day later"
    await db.commit(another)
    grown.add(ada)
    await ends_in_the_middle()
    await tiering.round(db)
    assert await db.count(moved) == 2, "that it grew is known yet"


async def test_what_cannot_move_is_not_committed_again(db: Database, ada: str) -> None:
    tiering = Tiering(Progress(), set, Clock())
    await db.commit(liked(ada), v1.PersonaActivated(id=ada))
    await tiering.round(db)
    seq = (await db.health()).seq
    await tiering.round(db)
    assert (await db.health()).seq == seq


async def test_growth_is_that_of_thirty_days_and_tells_who_grew(db: Database, ada: str) -> None:
    clock = Clock()
    check = StorageCheck(clock)
    raised = warnings.where(id=f"storage.growth:{ada}")
    await db.commit(v1.SystemConfigSet(id="memory.growthMegabytes", value=1))
    await check.check(db)
    check.take_grown()
    await check.check(db)
    assert check.take_grown() == set()
    await db.commit(liked(ada, text="x" * 1_100_000))
    await check.check(db)
    assert check.take_grown() == {ada}
    assert await db.count(raised) == 1
    seq = (await db.health()).seq
    for _ in range(2):
        await check.check(db)
    # It follows the log, where its own warning is an event about the persona.
    assert (check.take_grown(), (await db.health()).seq) == ({ada}, seq)
    assert await db.count(raised) == 1
    clock.now += 31 * DAY_MS
    await check.check(db)
    assert await db.count(raised) == 0
