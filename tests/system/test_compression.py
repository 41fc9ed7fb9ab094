"""Compression by the steward beside a real daemon: done by itself, told on the trail, and lasting."""

from __future__ import annotations

import msgspec
import pytest

import pjai
from pjai import dictionaries, memories, v1
from pjai.testing import daemon
from pjaid.actors.memory_steward.compressing import BATCH
from tests.prose import prose

pytestmark = pytest.mark.anyio

MANY = 250


async def test_the_steward_compresses_what_is_warm_and_nobody_notices() -> None:
    with daemon(actors="memory", development=True, tick_interval_ms=50) as running:
        async with pjai.connect(running.endpoint, client="tests") as db:
            made = [
                v1.MemoryEntityCreated(
                    id=f"m{number:03}",
                    persona_id="ada",
                    type="conversation",
                    name="a talk",
                    content=prose(number),
                    importance=60,
                    memory_tier="warm",
                )
                for number in range(MANY)
            ]
            await db.commit(v1.PersonaCreated(id="ada", name="Ada"), *made)
            # It looks for work when it begins.
            await db.restart_actor("memory")
            packed = memories.where(compression_applied=True).order_by("id").limit(1_000)
            async with db.watch(packed) as live:
                async for rows in live:
                    if len(rows) == MANY:
                        break
            assert [row.content for row in rows] == [prose(number) for number in range(MANY)]
            (dictionary,) = await db.query(dictionaries)
            assert (dictionary.version, dictionary.samples) == (1, MANY)
            assert dictionary.saved > 0.6
            page = await db.events(names=("v1.MemoriesPacked", "v1.DictionaryTrained"), client="actor.memory")
            told = [msgspec.msgpack.decode(event.args) for event in page.events]
            assert [one["reason"] for one in told] == ["first", *["seldom_read"] * (MANY // BATCH)]
            assert sum(len(one.get("ids", ())) for one in told) == MANY
            done = (await db.health()).seq
            assert (await db.rebuild()).identical
            running.restart()
            rows = await db.query(packed)
            assert [row.content for row in rows] == [prose(number) for number in range(MANY)]
            assert (await db.verify()).events == done
            assert (await db.rebuild(replace=True)).identical
            assert await db.query(packed) == rows
