"""Tests that what was acknowledged survives kill -9 at any instant, once."""

from __future__ import annotations

import os
import random
import time
from collections import Counter

import anyio
import pytest

import pjai
from pjai import v1
from pjai.testing import daemon

pytestmark = pytest.mark.anyio

KILLS = int(os.environ.get("PJAI_TEST_KILLS", "12"))
"""`make soak-kill` asks for 300."""

WRITERS = 8
ACKNOWLEDGED_BETWEEN_KILLS_MAX = 120
SEED = 20_261_120


async def test_no_acknowledged_event_is_lost_or_doubled_by_kills(capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(SEED)
    acknowledged: list[tuple[str, int]] = []
    progress = anyio.Event()
    starts: list[float] = []

    with daemon() as running:
        async with pjai.connect(running.endpoint, timeout=60) as db:
            ada = pjai.new_id()
            await db.commit(v1.PersonaCreated(id=ada, name="Ada"))

            async def write() -> None:
                nonlocal progress
                while True:
                    memory = v1.MemoryEntityCreated(
                        id=pjai.new_id(), persona_id=ada, type="event", name="x", summary="s" * 200
                    )
                    receipt = await db.commit(memory)
                    acknowledged.append((memory.id, receipt.seq))
                    progress.set()

            async with anyio.create_task_group() as writers:
                for _ in range(WRITERS):
                    writers.start_soon(write)
                for _ in range(KILLS):
                    target = len(acknowledged) + chance.randint(1, ACKNOWLEDGED_BETWEEN_KILLS_MAX)
                    while len(acknowledged) < target:
                        progress = anyio.Event()
                        await progress.wait()
                    running.kill()
                    begun = time.monotonic()
                    await anyio.to_thread.run_sync(running.start)
                    starts.append(time.monotonic() - begun)
                writers.cancel_scope.cancel()

            verified = await db.verify()
            seqs = {event.id: event.seq async for event in db.audit()}
            logged = Counter([event.seq async for event in db.audit(names=("v1.MemoryEntityCreated",))])
            pages = db.pages(pjai.memories.select("id").limit(1_000))
            rows = Counter([row["id"] async for page in pages for row in page])
            assert (await db.rebuild()).identical

    assert max(logged.values()) == 1
    assert verified.events == len(seqs)
    lost = [memory for memory, seq in acknowledged if seq not in logged or rows[memory] != 1]
    assert not lost, f"{len(lost)} of {len(acknowledged)} acknowledged events (seed {SEED})"
    with capsys.disabled():
        print(  # noqa: T201 # what the soak is run for
            f"\n{KILLS} kills, {len(acknowledged)} acknowledged, none lost, none doubled;"
            f" slowest start {max(starts):.2f} s"
        )
