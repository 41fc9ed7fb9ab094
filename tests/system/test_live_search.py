"""Searches are watched: what is shown is what a fresh search finds, by words, by meaning and by both."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Sequence
from typing import Any

import anyio
import numpy as np
import pytest

import pjai
from pjai import Database, memories, v1
from pjai.hits import Hit
from pjai.live_query import LiveQuery
from pjai.testing import daemon
from pjai_wire.codec import decode_any
from pjai_wire.errors import InvalidSearch
from pjai_wire.methods import SearchMode
from pjai_wire.records import MemoryEntity
from tests.daemon.actors.embedder.vector_server import vector_server

pytestmark = pytest.mark.anyio

WITHIN_S = 30
MODEL = "compass"
EAST = (1.0, 0.0)


@pytest.fixture
async def db() -> AsyncIterator[Database]:
    with daemon() as running:
        async with pjai.connect(running.endpoint) as connected:
            people = [v1.PersonaCreated(id=name, name=name) for name in ("ada", "bob")]
            await connected.commit(*people)
            yield connected


def memory(memory_id: str, name: str, *, persona_id: str = "ada", importance: int = 50) -> Any:
    """A memory that is made."""
    return v1.MemoryEntityCreated(
        id=memory_id, persona_id=persona_id, type="concept", name=name, importance=importance
    )


def lying(memory_id: str, *bearing: float) -> Any:
    """A memory whose vector lies in a direction."""
    return v1.MemoryEntityUpdated(id=memory_id, embedding=vector(bearing), embedding_model=MODEL)


def vector(bearing: Sequence[float]) -> bytes:
    return np.array(bearing, "<f4").tobytes()


def ids(hits: Sequence[Hit[MemoryEntity]]) -> list[str]:
    return [hit.row.id for hit in hits]


async def test_hits_by_words_come_and_go_with_the_commits(db: Database) -> None:
    async with db.watch_search("sourdough", mode="words") as live:
        assert live.current == []
        receipt = await db.commit(memory("a", "sourdough starter"))
        await live.reached(receipt.seq)
        assert ids(live.current) == ["a"]
        receipt = await db.commit(memory("b", "a starter"), v1.MemoryEntityUpdated(id="a", name="rye"))
        await live.reached(receipt.seq)
        assert live.current == []


async def test_the_nearest_follow_vectors_conditions_and_deletions(db: Database) -> None:
    await db.commit(*(memory(one, one) for one in "abc"), memory("d", "d", persona_id="bob"))
    await db.commit(lying("a", 1, 0), lying("b", 4, 3), lying("c", 0, 1), lying("d", 1, 0))
    among = memories.where(memories.importance >= 50, persona_id="ada")
    async with db.watch_search("", among, vector=vector(EAST), model=MODEL, limit=2) as live:
        assert ids(live.current) == ["a", "b"]
        for event, expected in (
            (lying("c", 12, 5), ["a", "c"]),
            (v1.MemoryEntityUpdated(id="a", importance=10), ["c", "b"]),
            (lying("b", 0, -1), ["c", "b"]),
            (v1.MemoryEntityDeleted(id="c"), ["b"]),
            (v1.MemoryEntityUpdated(id="a", importance=90), ["a", "b"]),
        ):
            receipt = await db.commit(event)
            await live.reached(receipt.seq)
            assert ids(live.current) == expected
            fresh = await db.search("", among, vector=vector(EAST), model=MODEL, limit=2)
            assert live.current == list(fresh)


async def test_a_reader_is_told_each_difference(db: Database) -> None:
    await db.commit(memory("a", "sourdough"))
    async with db.watch_search("sourdough", mode="words", limit=3) as live:
        differences = live.changes()
        rows = (await anext(differences)).applied_to([])
        assert ids(rows) == ["a"]
        await db.commit(memory("b", "sourdough sourdough"))
        rows = (await anext(differences)).applied_to(rows)
        assert sorted(ids(rows)) == ["a", "b"]
        assert rows == live.current


async def test_a_search_goes_over_to_what_a_signal_says(db: Database) -> None:
    await db.commit(memory("a", "sourdough"), memory("b", "rye"))
    typed, whose = pjai.signal("sourdough"), pjai.signal("ada")
    async with (
        db.watch_search(
            lambda: typed.current, lambda: memories.where(persona_id=whose.current), mode="words"
        ) as live,
        pjai.computed(ids, live) as found,
    ):
        assert found.current == ["a"]
        typed.set("rye")
        await live.reached(0)
        assert found.current == ["b"]
        whose.set("bob")
        await live.reached(0)
        assert found.current == []


async def test_equal_searches_share_a_view_and_one_that_ends_leaves_nothing(db: Database) -> None:
    async with (
        db.watch_search("rye", mode="words") as one,
        db.watch_search("rye", mode="words") as other,
        db.watch_search("rye", memories.where(persona_id="ada"), mode="words") as third,
    ):
        assert one.topic == other.topic != third.topic
        told = await db.live_queries()
        assert [query.shape for query in told.queries] == ["search memories"] * 2
        assert "rye" not in str(told)
    assert (await db.live_queries()).views == 0


async def test_a_search_that_means_nothing_is_refused(db: Database) -> None:
    with pytest.raises(InvalidSearch):
        async with db.watch_search("  "):
            pass


def test_a_search_is_watched_without_an_event_loop_too() -> None:
    with (
        daemon() as running,
        pjai.blocking.connect(running.endpoint) as db,
        db.watch_search("sourdough", mode="words") as live,
    ):
        receipt = db.commit(v1.PersonaCreated(id="ada", name="Ada"), memory("a", "sourdough starter"))
        live.reached(receipt.seq)
        assert ids(live.current) == ["a"]


async def test_a_search_survives_a_restart_of_the_daemon() -> None:
    with daemon() as running:
        async with pjai.connect(running.endpoint) as db, db.watch_search("rye", mode="words") as live:
            running.kill()
            running.start()
            receipt = await db.commit(v1.PersonaCreated(id="ada", name="Ada"), memory("a", "rye"))
            await live.reached(receipt.seq)
            assert ids(live.current) == ["a"]


async def embedded(db: Database, count: int = 1, after: int = 0) -> None:
    """Waits until so many vectors were stored after a seq."""
    async for event in db.follow_events(names=("v1.VectorsStored",), after=after):
        count -= decode_any(bytes(event.args))["count"]
        if count <= 0:
            return


async def by_meaning(live: LiveQuery[Hit[MemoryEntity]]) -> list[Hit[MemoryEntity]]:
    """What a search shows when vectors come to have a part in it."""
    with anyio.fail_after(WITHIN_S):
        async for hits in live:
            if any(hit.meaning is not None for hit in hits):
                return hits
    raise AssertionError("the search has ended")


async def test_hits_come_by_meaning_when_the_server_of_vectors_is_back() -> None:
    with vector_server() as server:
        endpoint = {"embedder": "endpoint", "embedder_url": server.url, "embedder_model": "small"}
        with daemon(actors="embedder", **endpoint) as running:
            async with pjai.connect(running.endpoint) as db:
                await db.commit(v1.PersonaCreated(id="ada", name="Ada"), memory("a", "sourdough starter"))
                await embedded(db)
                server.status = 503
                async with db.watch_search("what to bake") as live:
                    assert live.current == []
                    server.status = 200
                    hits = await by_meaning(live)
                    assert hits == list(await db.search("what to bake"))
                assert ids(hits) == ["a"]
                trail = await db.events(names=("v1.EmbedderReturned",))
    assert [event.client for event in trail.events] == ["pjaid"]


async def test_hits_come_by_meaning_when_the_embedder_is_begun_anew() -> None:
    with daemon(actors="embedder") as running:
        async with pjai.connect(running.endpoint) as db:
            await db.commit(v1.PersonaCreated(id="ada", name="Ada"), memory("a", "sourdough starter"))
            await embedded(db)
            (actor,) = (await db.actors()).actors
            assert actor.pid is not None
            os.kill(actor.pid, signal.SIGSTOP)
            async with db.watch_search("bread dough") as live:
                assert live.current == []
                os.kill(actor.pid, signal.SIGKILL)
                assert ids(await by_meaning(live)) == ["a"]
                assert live.current == list(await db.search("bread dough"))


async def test_a_search_by_meaning_follows_which_words_are_common() -> None:
    kinds = ("bread", "tea", "salt", "rice", "fish", "jam", "milk", "wine", "corn", "oats")
    told = [memory(f"a{n}", f"Ada likes {kinds[n % 10]} {n}") for n in range(119)]
    told += [memory(f"b{n}", f"{kinds[n % 10]} was sold on day {n}") for n in range(181)]
    with daemon(actors="embedder") as running:
        async with pjai.connect(running.endpoint) as db:
            await db.commit(v1.PersonaCreated(id="ada", name="Ada"), *told)
            await embedded(db, len(told))
            asked = "what does Ada say of bread"
            async with db.watch_search(asked, mode="meaning", limit=3) as live:
                before = ids(live.current)
                receipt = await db.commit(
                    *(memory(f"c{n}", f"Ada's quarterly invoice {n}") for n in range(4))
                )
                await embedded(db, 4, after=receipt.seq)
                fresh = await db.search(asked, mode="meaning", limit=3)
                await live.reached(fresh.seq)
                assert live.current == list(fresh)
                assert ids(fresh) != before


async def test_without_an_embedder_nobody_waits_for_one() -> None:
    with daemon(actors="embedder", embedder="none") as running:
        async with pjai.connect(running.endpoint) as db, db.watch_search("sourdough") as live:
            persona = v1.PersonaCreated(id="ada", name="Ada")
            receipt = await db.commit(persona, memory("a", "sourdough starter"))
            await live.reached(receipt.seq)
            assert ids(live.current) == ["a"]
            assert not (await db.events(names=("v1.EmbedderReturned",))).events


async def test_hits_whose_vectors_went_with_the_state_are_shown_no_more() -> None:
    with vector_server() as server:
        endpoint = {"embedder": "endpoint", "embedder_url": server.url, "embedder_model": "small"}
        with daemon(actors="embedder", tick_interval_ms=50, **endpoint) as running:
            async with pjai.connect(running.endpoint) as db:
                await db.commit(v1.PersonaCreated(id="ada", name="Ada"), memory("a", "sourdough starter"))
                await embedded(db)
                async with (
                    db.watch_search("what to bake") as by_vectors,
                    db.watch_search("sourdough", mode="words") as by_words,
                ):
                    assert ids(by_vectors.current) == ["a"]
                    topic = by_words.topic
                    server.status = 503
                    assert (await db.rebuild(replace=True)).identical
                    with anyio.fail_after(WITHIN_S):
                        async for hits in by_vectors:
                            if not hits:
                                break
                    assert await db.search("what to bake") == []
                    assert by_words.topic == topic
                    server.status = 200
                    assert ids(await by_meaning(by_vectors)) == ["a"]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("both", ("unavailable", "no embedder runs")), ("words", ("not_asked", ""))],
)
async def test_whether_vectors_have_a_part_is_told(
    db: Database, mode: SearchMode, expected: tuple[str, str]
) -> None:
    async with db.watch_search("rye", mode=mode) as live:
        assert (live.meaning, live.why) == expected
    async with db.watch(memories) as rows:
        assert (rows.meaning, rows.why) == (None, "")


def test_why_there_is_no_meaning_is_told_without_an_event_loop_too() -> None:
    with (
        daemon() as running,
        pjai.blocking.connect(running.endpoint) as db,
        db.watch_search("rye") as live,
    ):
        assert (live.meaning, live.why) == ("unavailable", "no embedder runs")
