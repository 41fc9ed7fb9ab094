"""Search beside a real daemon: by words at once, by meaning once the vector has come, and into a prompt."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest

import pjai
from pjai import Database, blocking, conversations, memories, v1
from pjai.testing import Daemon, daemon
from pjai_wire import limits
from pjai_wire.codec import decode_any
from pjai_wire.errors import InvalidSearch, InvalidValue, LimitExceeded, NoEmbedder, PjaiError

pytestmark = pytest.mark.anyio

SECRET = "caraway-7f3a"  # noqa: S105 # what nobody but the store may hold
MARCH = datetime(2025, 3, 20, tzinfo=UTC)
JULY = datetime(2025, 7, 20, tzinfo=UTC)


def instant(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def memory(name: str, moment: datetime = MARCH) -> v1.MemoryEntityCreated:
    return v1.MemoryEntityCreated(id=name, persona_id="ada", type="knowledge", name=name, at=instant(moment))


ADA = v1.PersonaCreated(id="ada", name="Ada", settings={"memoryRetention": 0})
"""Who keeps for ever what is as old as that."""

BAKING = (
    memory("bread and cake come from the bakery"),
    memory("the car needs petrol and new tyres", JULY),
    memory("the doctor wrote a prescription for the cough"),
    memory("the bakery closes in summer", JULY),
)


async def embedded(db: Database, count: int, after: int = 0) -> None:
    """Waits until so many vectors were stored after a seq."""
    async for event in db.follow_events(names=("v1.VectorsStored",), after=after):
        count -= decode_any(bytes(event.args))["count"]
        if count <= 0:
            return


@pytest.fixture(scope="module")
def running() -> Iterator[Daemon]:
    with daemon(actors="embedder,memory", tick_interval_ms=50, slow_query_ms=0.001) as started:
        yield started


@pytest.fixture
async def db(running: Daemon) -> AsyncIterator[Database]:
    async with pjai.connect(running.endpoint, client="search tests") as connected:
        if await connected.get(pjai.personas, "ada") is None:
            await connected.commit(ADA, *BAKING)
            await embedded(connected, len(BAKING))
        yield connected


async def test_what_is_committed_is_found_by_words_at_once(db: Database) -> None:
    await db.commit(memory("zucchini grows in the garden"))
    (hit,) = await db.search("zucchini", mode="words", snippets=True)
    assert hit.row.name == "zucchini grows in the garden"
    assert hit.snippet is not None
    assert hit.snippet.marked("<", ">") == "<zucchini> grows in the garden"
    assert (hit.words, hit.meaning, hit.linked_from) == (1.0, None, None)


async def test_meaning_finds_what_has_no_word_in_common(db: Database) -> None:
    hits = await db.search("automobile fuel", memories.where(persona_id="ada"), mode="meaning")
    assert (hits.mode, hits.meaning, hits.why) == ("meaning", "used", "")
    assert hits[0].row.name == "the car needs petrol and new tyres"
    assert hits[0].meaning is not None
    assert not await db.search("automobile fuel", mode="words")
    both = await db.search("automobile fuel")
    assert (both.mode, both[0].row.id) == ("both", hits[0].row.id)


async def test_what_was_said_in_spring_is_found_by_its_time(db: Database) -> None:
    spring, summer = datetime(2025, 3, 1, tzinfo=UTC), datetime(2025, 6, 1, tzinfo=UTC)
    said = await db.search("bakery", since=spring, until=summer, mode="words")
    assert [hit.row.name for hit in said] == ["bread and cake come from the bakery"]
    later = await db.search("bakery", since=instant(summer), mode="words")
    assert [hit.row.name for hit in later] == ["the bakery closes in summer"]


async def test_what_is_remembered_is_embedded(db: Database) -> None:
    made = await db.memory.remember("ada", "knowledge", "the kettle whistles when water boils")
    async with db.watch_search("tea pot with hot steam", mode="meaning", limit=2) as live:
        async for hits in live:
            if made.id in [hit.row.id for hit in hits]:
                return


async def test_recall_makes_a_text_of_what_fits(db: Database) -> None:
    found = await db.recall("where is the bakery?", memories.where(persona_id="ada"), budget_tokens=60)
    assert 0 < found.tokens <= 60
    assert found.text.startswith("What is known:\n[1] ")
    assert {one.id for one in found.memories} >= {"bread and cake come from the bakery"}


async def test_any_message_may_be_recalled_about(db: Database) -> None:
    text = "Do NOT forget the BAKERY! " + "word " * ((limits.RECALL_CHARACTERS_MAX - 30) // 5)
    found = await db.recall(text, memories.where(persona_id="ada"))
    assert found.mode == "both"
    assert "the bakery closes in summer" in {one.id for one in found.memories}
    with pytest.raises(InvalidValue):
        await db.recall("x" * (limits.RECALL_CHARACTERS_MAX + 1))


async def test_a_script_searches_without_awaiting(running: Daemon, db: Database) -> None:
    with blocking.connect(running.endpoint) as waiting:
        (hit, *_) = waiting.search("petrol", memories.select("name"), mode="words")
        assert hit.row == {"name": "the car needs petrol and new tyres"}
        assert waiting.recall("petrol", mode="words").memories
        assert waiting.search("bread", conversations, mode="words") == []


async def test_errors_are_typed_and_hold_nothing_of_the_text(db: Database) -> None:
    for wrong, error in (
        (f'"{SECRET}', InvalidSearch),
        (f"{SECRET} AND", InvalidSearch),
        (" OR ".join([SECRET, *(f"w{n}" for n in range(300))]), LimitExceeded),
    ):
        with pytest.raises(error) as refused:
            await db.search(wrong)
        assert SECRET not in str(refused.value)
        assert isinstance(refused.value, PjaiError)


async def test_searches_are_metered_and_logged_by_their_shape_alone(running: Daemon, db: Database) -> None:
    await db.search(SECRET)
    await db.recall(SECRET)
    latencies = (await db.meters()).measures.latencies
    assert latencies["request:search"].count >= 1
    assert latencies["request:recall"].count >= 1
    logged = running.log.read_text()
    assert "search memories by both" in logged
    assert SECRET not in logged


async def test_without_the_embedder_words_answer_and_say_why() -> None:
    with daemon(actors="none") as started:
        async with pjai.connect(started.endpoint) as db:
            await db.commit(ADA, *BAKING)
            hits = await db.search("bakery")
            assert (hits.mode, hits.meaning, hits.why) == ("words", "unavailable", "no embedder runs")
            assert len(hits) == 2
            with pytest.raises(NoEmbedder):
                await db.search("bakery", mode="meaning")
            assert (await db.recall("bakery")).meaning == "unavailable"


async def test_what_is_found_survives_a_rebuild_and_a_restart() -> None:
    with daemon(actors="embedder") as started:
        async with pjai.connect(started.endpoint) as db:
            await db.commit(ADA, *BAKING)
            await embedded(db, len(BAKING))
            before = [hit.row.id for hit in await db.search("car fuel")]
            assert (await db.rebuild()).identical
        started.restart()
        async with pjai.connect(started.endpoint) as db:
            assert [hit.row.id for hit in await db.search("car fuel")] == before
