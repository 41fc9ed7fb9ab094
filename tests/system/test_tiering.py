"""The memory steward moves memories to where the rule has them: `make soak-steward`."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import anyio
import pytest
from msgspec import Struct

import pjai
from pjai import Database, memories, v1
from pjai.testing import Daemon, daemon
from pjai_wire.codec import decode_any
from pjai_wire.fields import MemoryTier

pytestmark = pytest.mark.anyio

IS_SOAK = bool(os.environ.get("PJAI_TEST_SOAK"))
MEMORIES = 100_000 if IS_SOAK else 600
PERSONAS = 20 if IS_SOAK else 3
EVENTS_AT_ONCE = 500
WITHIN_S = 1800 if IS_SOAK else 60
DAY_MS = 86_400_000

TIERS: tuple[MemoryTier, ...] = ("hot", "hot", "warm", "cold")
"""A new memory is hot, so most are."""

IDLE_ASKED = 5_000
SLOWER_MAX = 5
PAUSE_S = 0.001


class Made(Struct):
    """A memory as it was made, and as it should become."""

    id: str
    days: float
    importance: int
    tier: MemoryTier
    connections: int = 0


def belongs(memory: Made) -> str:
    """Where the product's rule has a memory."""
    frequency = memory.connections / max(memory.days, 1)
    if frequency > 2 and memory.importance > 70:
        return "hot"
    if frequency > 0.5 or memory.importance > 50:
        return "warm"
    if memory.days > 30 and memory.importance < 30:
        return "cold"
    return memory.tier


@pytest.fixture(scope="module")
def running() -> Iterator[Daemon]:
    with daemon(actors="memory") as made:
        yield made


@pytest.fixture
async def db(running: Daemon) -> AsyncIterator[Database]:
    async with pjai.connect(running.endpoint, client="tests", timeout=WITHIN_S) as database:
        yield database


async def seed(db: Database, chance: random.Random) -> dict[str, Made]:
    """Memories of several personas, of all ages, importances and numbers of connections."""
    now = pjai.now_ms()
    made: dict[str, Made] = {}
    events: list[pjai.Event] = []
    for number in range(PERSONAS):
        owner = pjai.new_id()
        events.append(v1.PersonaCreated(id=owner, name=f"Persona {owner}"))
        own: list[Made] = []
        for _ in range(MEMORIES // PERSONAS):
            # A quarter of a day beyond each bound, so that it makes no difference when the pass is.
            days = chance.choice([chance.randrange(3), chance.randrange(100)]) + 0.25
            one = Made(pjai.new_id(), days, chance.randrange(101), chance.choice(TIERS))
            own.append(one)
            events.append(
                v1.MemoryEntityCreated(
                    id=one.id,
                    persona_id=owner,
                    type="concept",
                    name=f"Memory {number}",
                    content={"text": "something to remember " * 20},
                    importance=one.importance,
                    last_accessed_at=now - round(days * DAY_MS),
                    memory_tier=one.tier,
                )
            )
        for _ in range(MEMORIES // PERSONAS // 2):
            some = own[: len(own) // 10] if chance.random() < 0.7 else own
            one, other = chance.sample(some, 2)
            events.append(
                v1.MemoryEntityLinked(id=pjai.new_id(), from_id=one.id, to_id=other.id, kind=pjai.new_id())
            )
            one.connections += 1
            other.connections += 1
        made |= {one.id: one for one in own}
    for begin in range(0, len(events), EVENTS_AT_ONCE):
        await db.commit(*events[begin : begin + EVENTS_AT_ONCE])
    return made


async def p99_ms(db: Database, ids: list[str], until: anyio.Event | None) -> float:
    """What a point get takes, asked again and again: so often, or until something is over."""
    chance = random.Random(2)
    taken: list[float] = []
    while (len(taken) < IDLE_ASKED) if until is None else not until.is_set():
        begun = time.perf_counter()
        await db.get(memories, chance.choice(ids))
        taken.append(time.perf_counter() - begun)
        await anyio.sleep(PAUSE_S)  # the pace of asking, and nothing is waited for
    return sorted(taken)[int(len(taken) * 0.99)] * 1000


@pytest.mark.slow
async def test_a_pass_moves_memories_to_where_the_rule_has_them_and_another_does_nothing(
    db: Database,
) -> None:
    # The round with which the actor begins is over then.
    await db.memory.tend()
    made = await seed(db, random.Random(1))
    idle_ms = await p99_ms(db, list(made), None) if IS_SOAK else 0.0
    over = anyio.Event()
    asked: list[float] = []
    async with anyio.create_task_group() as tasks:

        async def ask() -> None:
            asked.append(await p99_ms(db, list(made), over))

        if IS_SOAK:
            tasks.start_soon(ask)
        begun = time.perf_counter()
        first = await db.memory.tend()
        took_s = time.perf_counter() - begun
        over.set()
    found = {
        row["id"]: row["memory_tier"]
        async for page in db.pages(memories.select("id", "memory_tier").limit(5_000))
        for row in page
    }
    expected = {one.id: belongs(one) for one in made.values()}
    assert found == expected
    told = [
        memory_id
        async for event in db.audit(names=("v1.MemoriesTiered",))
        for memory_id in decode_any(event.args)["ids"]
    ]
    assert sorted(told) == sorted(one.id for one in made.values() if belongs(one) != one.tier)
    seq = (await db.health()).seq
    second = await db.memory.tend()
    assert (second.moved, (await db.health()).seq) == (0, seq)
    if IS_SOAK:
        print(  # noqa: T201 # what a soak is run for
            f"\n{first.moved} of {len(made)} moved in {took_s:.0f} s, {first.seen} looked at one by one,"
            f" {second.seen} the second time; {dict(Counter(expected.values()))}"
            f"\npoint get p99: idle {idle_ms:.2f} ms, meanwhile {asked[0]:.2f} ms"
        )
        assert asked[0] < SLOWER_MAX * idle_ms
    else:
        assert second.seen < first.seen


async def test_each_move_tells_its_reason(db: Database) -> None:
    owner, old, liked = pjai.new_id(), pjai.new_id(), pjai.new_id()
    receipt = await db.commit(
        v1.PersonaCreated(id=owner, name=owner),
        v1.MemoryEntityCreated(
            id=old,
            persona_id=owner,
            type="task",
            name="Old",
            importance=10,
            last_accessed_at=pjai.now_ms() - 31 * DAY_MS,
        ),
        v1.MemoryEntityCreated(
            id=liked, persona_id=owner, type="task", name="Liked", importance=60, memory_tier="cold"
        ),
        v1.MemoryPinned(id=liked),
        v1.MemoryEntityUpdated(id=liked, memory_tier="cold"),
    )
    await db.memory.tend(owner)
    page = await db.events(after=receipt.seq, persona_id=owner)
    told = [decode_any(event.args) for event in page.events]
    assert {(event["tier"], event["reason"], *event["ids"]) for event in told} == {
        ("cold", "old_and_unimportant", old),
        ("hot", "pinned", liked),
    }
