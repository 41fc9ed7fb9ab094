"""The query optimiser beside a real daemon: which indexes it makes of which queries, and what they gain."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Any, get_args

import pytest

import pjai
from pjai import Database, indexes, memories, personas, v1
from pjai.testing import Daemon, daemon
from pjai_wire.codec import decode_any
from pjai_wire.errors import LimitExceeded
from pjai_wire.fields import MemoryType
from pjai_wire.ids import now_ms
from pjai_wire.methods import ANALYZE, AnalyzeParams, OptimiserMode
from pjai_wire.records import Index
from pjai_wire.select import Select
from pjaid.actors.query_optimiser import keeping
from pjaid.actors.query_optimiser.caching import QUIET_MS
from pjaid.actors.query_optimiser.keeping import READS_WITHOUT_MIN
from pjaid.actors.query_optimiser.looking import Looks
from pjaid.store.database import open_database
from pjaid.store.keys import Means, unlock
from pjaid.store.keys.passphrases import Passphrases
from pjaid.store.store import DATABASE
from tests.workload.data import SEED, DataSet
from tests.workload.questions import best_memories, different_memories

pytestmark = pytest.mark.anyio

MEMORIES = 100_000 if os.environ.get("PJAI_TEST_SOAK") else 10_000
FEW_MEMORIES = 1_200
EVENTS_AT_ONCE = 1_000
KINDS: tuple[MemoryType, ...] = get_args(MemoryType)
READS = 150
"""More than a shape must have been asked to deserve an index."""

OF_THE_SCHEMA = "memories_by_type"
BY_TYPE = "auto_memories_by_persona_id_type_importance"
BY_NAME = "auto_memories_by_name"
BY_TIER = "auto_memories_by_memory_tier"


async def fill(db: Database, data: DataSet) -> None:
    """Commits the personas and the memories of `data`."""
    events = itertools.takewhile(lambda event: not isinstance(event, v1.ConversationStarted), data.events())
    while batch := list(itertools.islice(events, EVENTS_AT_ONCE)):
        await db.commit(*batch)


def drop_from_the_schema(running: Daemon, index: str) -> None:
    """Drops an index from the file of a daemon that is not running."""
    directory = running.directory / "data"
    means = Means(passphrases=Passphrases.around(dict(running.environment), file=None, prompt=None))
    key = unlock(directory, means)
    connection = open_database(directory / DATABASE, key.cipher, key.data_key)
    connection.execute(f"DROP INDEX {index}")
    connection.close()


@asynccontextmanager
async def few_memories(**settings: object) -> AsyncIterator[tuple[Database, DataSet]]:
    """A daemon with an optimiser that has looked, and twelve hundred memories."""
    data = DataSet(FEW_MEMORIES)
    with daemon(actors="optimiser", development=True, **settings) as running:
        async with pjai.connect(running.endpoint) as db:
            await fill(db, data)
            await db.optimiser.run()
            yield db, data


async def ask(db: Database, questions: Iterable[Select[Any]]) -> None:
    for question in questions:
        await db.query(question)


def by_name() -> Iterator[Select[Any]]:
    """Queries of which each reads all memories, as no index has names; no answer to one is kept yet."""
    return (memories.where(name=f"nobody {pjai.new_id()}").select("id") for _ in range(READS))


async def row(db: Database, name: str) -> Index | None:
    return await db.get(indexes, name)


async def choose(db: Database, mode: OptimiserMode) -> None:
    await db.commit(v1.SystemConfigSet(id="optimiser.mode", value=mode))


async def test_an_index_that_is_missing_is_found_proved_made_and_measured() -> None:
    data = DataSet(MEMORIES)
    with daemon(actors="optimiser") as running:
        async with pjai.connect(running.endpoint) as db:
            await fill(db, data)
        running.stop()
        drop_from_the_schema(running, OF_THE_SCHEMA)
        running.start()
        async with pjai.connect(running.endpoint) as db:
            await db.optimiser.run()
            questions = iter(different_memories(data.persona_ids))
            await ask(db, itertools.islice(questions, READS))
            await db.optimiser.run()
            made = await row(db, BY_TYPE)
            assert made is not None
            assert made.state == "created"
            assert made.predicted_gain >= 2
            assert "looked at" in made.reason
            assert 0 < (made.bytes or 0) < 2 * made.bytes_estimated
            question = best_memories(data.persona_ids[0], "task", 50)
            assert (await db.explain(question)).indexes == (BY_TYPE,)

            await ask(db, itertools.islice(questions, READS))
            await db.optimiser.run()
            measured = await row(db, BY_TYPE)
            assert measured is not None
            assert measured.rows_gain is not None
            assert measured.rows_gain >= 2
            assert measured.time_gain is not None
            assert measured.last_used_at is not None
            told = await db.optimiser.status()
            print(*(f"{MEMORIES} memories: {one}" for one in told.indexes), sep="\n")  # noqa: T201 # for the soak
            assert told.mode == "auto"
            assert [one.id for one in told.indexes if one.state == "created"] == [BY_TYPE]
            assert told.index_bytes <= told.index_bytes_max
            trail = [
                one.name async for one in db.audit(table="indexes") if decode_any(one.args)["id"] == BY_TYPE
            ]
            assert trail == ["v1.IndexProposed", "v1.IndexCreated", "v1.IndexMeasured"]
            assert (await db.rebuild()).identical

        running.restart()
        async with pjai.connect(running.endpoint) as db:
            assert (await db.explain(question)).indexes == (BY_TYPE,)


async def test_an_index_that_would_not_pay_is_not_made_and_the_reason_is_told() -> None:
    async with few_memories() as (db, data):
        kinds: tuple[MemoryType, ...] = ("task", "event")
        await ask(
            db,
            (memories.where(memory_tier="hot").select("id").limit(2_000 + number) for number in range(READS)),
        )
        await ask(db, (personas.where(description=f"nothing {number}") for number in range(READS)))
        await ask(db, (best_memories(one, kind, 50) for one in data.persona_ids for kind in kinds))
        assert (await db.optimiser.run()).created == ()
        rejected = await row(db, BY_TIER)
        assert rejected is not None
        assert (rejected.state, rejected.bytes) == ("rejected", None)
        assert rejected.reason
        assert not [one for one in await db.query(indexes.all()) if one.state == "created"]
        assert all(one.of_table == "memories" for one in await db.query(indexes.all()))


async def test_indexes_take_no_more_room_than_they_may() -> None:
    async with few_memories(index_share_max=0.1) as (db, _):
        await ask(db, by_name())
        assert (await db.optimiser.run()).created == ()
        rejected = await row(db, BY_NAME)
        assert rejected is not None
        assert rejected.state == "rejected"
        assert "left for indexes" in rejected.reason


async def test_an_index_that_would_hold_up_commits_is_rejected() -> None:
    async with few_memories(index_build_ms_max=0) as (db, _):
        await ask(db, by_name())
        await db.optimiser.run()
        rejected = await row(db, BY_NAME)
        assert rejected is not None
        assert rejected.state == "rejected"
        assert "commits would wait" in rejected.reason


async def test_the_mode_says_how_much_is_done() -> None:
    async with few_memories() as (db, _):
        await choose(db, "observe")
        await ask(db, by_name())
        await db.optimiser.run()
        told = await db.optimiser.status()
        assert (told.mode, told.indexes) == ("observe", [])
        assert told.shapes[0].equal == ("name",)
        assert told.shapes[0].scanned == FEW_MEMORIES * told.shapes[0].samples

        await choose(db, "suggest")
        assert (await db.optimiser.run()).created == ()
        proposed = await row(db, BY_NAME)
        assert proposed is not None
        assert proposed.state == "proposed"
        await db.optimiser.create(BY_NAME)
        made = await row(db, BY_NAME)
        assert made is not None
        assert made.state == "created"

        await db.optimiser.drop(BY_NAME, "by hand")
        await choose(db, "auto")
        await ask(db, by_name())
        assert (await db.optimiser.run()).created == ()
        dropped = await row(db, BY_NAME)
        assert dropped is not None
        assert (dropped.state, dropped.reason) == ("dropped", "by hand")


async def test_an_index_that_nobody_needs_while_its_table_is_read_is_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with daemon() as running:
        async with pjai.connect(running.endpoint) as db:
            await fill(db, DataSet(FEW_MEMORIES))
            await ask(db, by_name())
            looks = Looks()
            assert (await looks.look(db)).created == (BY_NAME,)
            assert (await looks.look(db)).dropped == ()
            await ask(db, by_name())
            assert (await looks.look(db)).measured == (BY_NAME,)
            # A month that is over at once.
            monkeypatch.setattr(keeping, "UNUSED_MS_MAX", 1)
            assert (await looks.look(db)).dropped == (), "nobody read meanwhile"
            await ask(db, (memories.where(persona_id=f"p{one}") for one in range(READS_WITHOUT_MIN)))
            assert (await looks.look(db)).dropped == (BY_NAME,)
            dropped = await row(db, BY_NAME)
            assert dropped is not None
            assert (dropped.state, dropped.reason) == ("dropped", "unused for 0 days")
            assert (await db.explain(memories.where(name="x"))).indexes != (BY_NAME,)


async def test_where_indexes_may_take_less_from_now_on_one_goes() -> None:
    with daemon() as running:
        async with pjai.connect(running.endpoint) as db:
            await fill(db, DataSet(FEW_MEMORIES))
            await ask(db, by_name())
            assert (await Looks().look(db)).created == (BY_NAME,)
        running.stop()
        running.environment["PJAI_INDEX_SHARE_MAX"] = "0.1"
        running.start()
        async with pjai.connect(running.endpoint) as db:
            await choose(db, "suggest")
            assert (await Looks().look(db)).dropped == ()
            await choose(db, "auto")
            assert (await Looks().look(db)).dropped == (BY_NAME,)
            dropped = await row(db, BY_NAME)
            assert dropped is not None
            assert dropped.state == "dropped"
            assert "may take" in dropped.reason
            await ask(db, by_name())
            assert (await Looks().look(db)).created == ()


async def read_much(db: Database, persona_ids: list[str]) -> None:
    """Reads all memories a dozen times, in no order: a few megabytes."""
    questions = [best_memories(*one) for one in itertools.product(persona_ids, KINDS, range(12))]
    random.Random(SEED).shuffle(questions)
    await ask(db, questions)


@asynccontextmanager
async def many_read(**settings: object) -> AsyncIterator[tuple[Database, DataSet]]:
    """A daemon without kept answers, whose memories take more pages than the smallest page cache has."""
    data = DataSet(FEW_MEMORIES)
    with daemon(cache_bytes_max=0, inline_ms_max=1_000, **settings) as running:
        async with pjai.connect(running.endpoint) as db:
            await fill(db, data)
            yield db, data


async def test_the_page_cache_grows_where_many_rows_are_read_and_is_small_again_at_rest() -> None:
    later = 0
    looks = Looks(now=lambda: now_ms() + later)
    async with many_read() as (db, data):
        smallest = (await looks.status(db)).page_cache
        assert (smallest.hit_share, smallest.last_change) == (None, None)
        await looks.look(db)
        await read_much(db, data.persona_ids)
        assert (await looks.look(db)).page_cache_bytes == 2 * smallest.bytes
        for _ in range(2):
            await read_much(db, data.persona_ids)
            await looks.look(db)
        await read_much(db, data.persona_ids)
        grown = (await looks.status(db)).page_cache
        assert smallest.bytes < grown.used_bytes <= grown.bytes
        changed = grown.last_change
        assert changed is not None
        assert "pages were there" in changed.reason
        assert changed.hit_share_before is not None
        assert changed.hit_share is not None
        assert changed.hit_share > changed.hit_share_before

        later = QUIET_MS
        assert (await looks.look(db)).page_cache_bytes is None
        later = 2 * QUIET_MS
        assert (await looks.look(db)).page_cache_bytes == smallest.bytes
        rested = (await looks.status(db)).page_cache
        assert rested.used_bytes <= rested.bytes == smallest.bytes
        names = [event.name async for event in db.audit() if event.name.startswith("v1.PageCache")]
        assert names == ["v1.PageCacheResized", "v1.PageCacheMeasured", "v1.PageCacheResized"]


async def test_the_mode_says_what_is_done_about_the_page_cache() -> None:
    looks = Looks()
    async with many_read() as (db, data):
        await choose(db, "observe")
        await looks.look(db)
        await read_much(db, data.persona_ids)
        assert (await looks.look(db)).page_cache_bytes is None
        seen = (await looks.status(db)).page_cache
        assert seen.hit_share is not None
        assert seen.proposed_bytes is None

        await choose(db, "suggest")
        for _ in range(2):
            await read_much(db, data.persona_ids)
            assert (await looks.look(db)).page_cache_bytes is None
        proposed = (await looks.status(db)).page_cache
        assert (proposed.bytes, proposed.proposed_bytes) == (seen.bytes, 2 * seen.bytes)
        names = [event.name async for event in db.audit() if event.name.startswith("v1.PageCache")]
        assert names == ["v1.PageCacheProposed"]

        await db.optimiser.resize_page_cache(2 * seen.bytes, "by hand")
        chosen = (await looks.status(db)).page_cache
        assert (chosen.bytes, chosen.proposed_bytes) == (2 * seen.bytes, None)


async def test_the_page_cache_takes_no_more_than_it_may() -> None:
    async with many_read(reader_cache_bytes_max=11 * 2**20) as (db, _):
        most = (await Looks().status(db)).page_cache.bytes_max
        with pytest.raises(LimitExceeded):
            await db.optimiser.resize_page_cache(most + 1, "more")
        await db.optimiser.resize_page_cache(most, "all")
        assert (await Looks().status(db)).page_cache.bytes == most


@pytest.mark.parametrize("value", ["off", ["auto"], None, 7])
async def test_what_is_no_mode_allows_the_least(value: object) -> None:
    async with few_memories() as (db, _):
        assert (await db.optimiser.status()).mode == "auto"
        await db.commit(v1.SystemConfigSet(id="optimiser.mode", value=value))
        assert (await db.optimiser.status()).mode == "observe"


async def test_a_table_that_has_grown_is_looked_at_again() -> None:
    async with few_memories() as (db, _):
        names = [event.name async for event in db.audit(names=("v1.StatisticsTaken",))]
        assert names
        assert (await db.optimiser.run()).analyzed == ()


async def test_a_table_of_which_most_was_purged_is_not_looked_at_for_ever() -> None:
    async with few_memories() as (db, _):
        rows = await db.query(memories.select("id", "persona_id").limit(FEW_MEMORIES - 100))
        await db.commit(*(v1.MemoryEntityDeleted(id=row["id"]) for row in rows))
        later = now_ms() + 1_000
        await db.commit(
            *(
                v1.MemoriesPurged(
                    id=row["persona_id"], ids=(row["id"],), reason="deleted_long_ago", before=later
                )
                for row in rows
            )
        )
        await db.call(ANALYZE, AnalyzeParams(table="memories"))
        assert (await db.optimiser.run()).analyzed == ()
