"""Tests that a subscriber who is stopped, killed or one of very many costs nobody else anything."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Self

import anyio
import numpy as np
import psutil
import pytest
from msgspec import Struct
from msgspec.structs import replace

import pjai
from pjai import v1
from pjai.database import Database
from pjai.live_query import LiveQuery
from pjai.testing import Daemon, daemon
from pjai_wire.methods import LiveQueryInfo
from pjai_wire.records import MemoryEntity
from tests.system.follower import follower, newest
from tests.system.raw import RawClient, raw_client, raw_subscriber

pytestmark = pytest.mark.anyio

SOAKS = bool(os.environ.get("PJAI_TEST_SOAK"))
"""`make soak-delivery` sets it."""

STREAM_COMMITS = 30_000 if SOAKS else 300
STREAM_COMMITS_PER_S = 500.0 if SOAKS else None
"""None for as fast as they go."""

CYCLES = 5_000 if SOAKS else 300
KILLED = 500 if SOAKS else 20
KILLED_AT_ONCE = 5
WARM_UP_CYCLES = 100
COMMIT_EVERY = 100
"""Cycles. Each commit fills the database's page cache a little, which is not what is looked for."""

CONTENT = {"text": "x" * 4_000}
"""A few hundred updates with it are more than all queues and buffers hold on the way to a subscriber."""

WATCHED = 100
STOPPED_BYTES_MAX = 10_000_000
LEFT_BYTES_MAX = 5_000_000

SLOWER_SHARE_MAX = 0.1
CAUGHT_UP_S_MAX = 1.0
"""What is aimed at. It is told and not asserted, as a machine that is busy otherwise would miss it."""

RETURN_TIMEOUT_S = 60

UNREAD_ROWS = 35
UNREAD_ROW_BYTES = 200_000
UNREAD_COMMITS = 20
UNREAD_BYTES_MAX = 60_000_000
"""Each commit changes 7 MB of rows; were all of them to wait, it would be 140 MB."""

Tell = Callable[[str], None]


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Tell:
    """Shows what was seen, to whoever runs the soak."""

    def show(line: str) -> None:
        with capsys.disabled():
            print(f"\n{line}")  # noqa: T201 # what the soak is run for

    return show


async def test_a_stopped_subscriber_holds_up_nobody_and_catches_up(tell: Tell) -> None:
    with daemon(tick_interval_ms=100) as running:
        async with pjai.connect(running.endpoint, client="other") as db:
            ada = await created_persona(db)
            select = newest(ada, WATCHED)
            with follower(running, ada, WATCHED) as stopped:
                stopped.wait_until_it_follows()
                async with db.watch(select, "other") as live:
                    stream = Stream(db, live, ada)
                    before_ms = await stream.flow()
                    told_before, memory_before = await open_as(db, "follower"), await memory_bytes(db)

                    stopped.stop()
                    stopped_ms = await stream.flow()
                    told, memory_stopped = await open_as(db, "follower"), await memory_bytes(db)
                    assert told.behind
                    assert told.updates - told_before.updates < STREAM_COMMITS
                    assert not (await open_as(db, "other")).behind

                    begun = time.monotonic()
                    stopped.go_on()
                    held = await anyio.to_thread.run_sync(stopped.held_at, stream.seq)
                    caught_up_s = time.monotonic() - begun
                    assert held == [memory.id for memory in await db.query(select)]
                    after_ms = await stream.flow()
    grown, usual_ms = memory_stopped - memory_before, p99(before_ms + after_ms)
    slower_share = p99(stopped_ms) / usual_ms - 1
    tell(
        f"a subscriber was stopped for {STREAM_COMMITS} commits: p99 of the other {p99(stopped_ms):.2f} ms,"
        f" {usual_ms:.2f} ms before and after it: {slower_share:+.0%}, of {SLOWER_SHARE_MAX:.0%} at most:"
        f" {verdict(slower_share <= SLOWER_SHARE_MAX)}; the daemon grew by {grown / 1e6:.1f} MB;"
        f" the right result {caught_up_s:.2f} s after it went on, of {CAUGHT_UP_S_MAX} s at most:"
        f" {verdict(caught_up_s <= CAUGHT_UP_S_MAX)}"
    )
    assert grown < STOPPED_BYTES_MAX


def test_a_feed_that_nobody_reads_takes_little_and_loses_nothing(tell: Tell) -> None:
    with daemon(tick_interval_ms=100) as running, raw_client(running.endpoint) as client:
        ids = [f"m{number}" for number in range(UNREAD_ROWS)]
        committed(client, "v1.PersonaCreated", [{"id": "ada", "name": "Ada"}])
        memory = {
            "personaId": "ada",
            "type": "event",
            "name": "n",
            "content": {"text": "x" * UNREAD_ROW_BYTES},
        }
        committed(client, "v1.MemoryEntityCreated", [{"id": row_id, **memory} for row_id in ids])
        feed = client.result("feed", table="memories")
        changes = client.result("health")["endpoints"]["changes"]
        with raw_subscriber(changes, feed["topic"], queue_max=1) as subscriber:
            before = client.result("health")["memoryBytes"]
            for number in range(UNREAD_COMMITS):
                renamed = [{"id": row_id, "name": f"n{number}"} for row_id in ids]
                seq = committed(client, "v1.MemoryEntityUpdated", renamed)
            grown = client.result("health")["memoryBytes"] - before
            updates = subscriber.follow(feed["seq"], seq)
    name = feed["columns"].index("name")
    held = {row[0]: row[name] for update in updates for _, row in update.get("changes", ())}
    tell(f"a feed was not read for {UNREAD_COMMITS} commits: the daemon grew by {grown / 1e6:.1f} MB")
    assert held == dict.fromkeys(ids, f"n{UNREAD_COMMITS - 1}")
    assert grown < UNREAD_BYTES_MAX


async def test_watching_and_leaving_again_and_again_leaves_nothing(tell: Tell) -> None:
    with daemon(tick_interval_ms=100) as running:
        async with pjai.connect(running.endpoint, client="cycles") as db:
            ada = await created_persona(db)

            async def cycle(number: int) -> None:
                select = newest(ada, 1 + number % WATCHED)
                async with db.watch(select) as live, db.watch(select.offset(1)):
                    if number % COMMIT_EVERY == 0:
                        await live.reached(await created_memory(db, ada))

            for number in range(WARM_UP_CYCLES):
                await cycle(number)
            before = await Traces.of(running, db)
            for number in range(CYCLES):
                await cycle(number)
            after = await returned_to(before, running, db)
            assert after.files - before.files <= FILES_OF_A_CONNECTION
    tell(f"{CYCLES} times watched and left; before: {before}; after: {after}")
    assert after.memory_bytes - before.memory_bytes < LEFT_BYTES_MAX


async def test_clients_killed_without_goodbye_leave_nothing(tell: Tell) -> None:
    with daemon(tick_interval_ms=100) as running:
        async with pjai.connect(running.endpoint, client="survivor") as db:
            ada = await created_persona(db)

            def kill_some() -> None:
                with ExitStack() as stack:
                    some = [
                        stack.enter_context(follower(running, ada, limit + 1))
                        for limit in range(KILLED_AT_ONCE)
                    ]
                    for one in some:
                        one.wait_until_it_follows()
                    for one in some:
                        one.kill()

            before = await Traces.of(running, db)
            for _ in range(KILLED // KILLED_AT_ONCE):
                await anyio.to_thread.run_sync(kill_some)
            after = await returned_to(before, running, db)
            assert after.files - before.files <= FILES_OF_A_CONNECTION
    tell(f"{KILLED} clients killed; before: {before}; after: {after}")
    assert after.memory_bytes - before.memory_bytes < LEFT_BYTES_MAX


class Stream:
    """Commits of which each changes a live query, one after the other.

    Args:
        db: sends them.
        live: the newest memories of a persona.
        persona_id: whose.
    """

    def __init__(self, db: Database, live: LiveQuery[MemoryEntity], persona_id: str) -> None:
        self.seq = 0
        """The last commit's."""
        self._db = db
        self._live = live
        self._persona_id = persona_id

    async def flow(self) -> list[float]:
        """How many milliseconds it took each time until the live query showed the commit."""
        times = []
        started = anyio.current_time()
        for number in range(STREAM_COMMITS):
            if STREAM_COMMITS_PER_S is not None:
                await anyio.sleep_until(started + number / STREAM_COMMITS_PER_S)
            begun = time.perf_counter()
            self.seq = await created_memory(self._db, self._persona_id)
            await self._live.reached(self.seq)
            times.append(1000 * (time.perf_counter() - begun))
        return times


FILES_OF_A_CONNECTION = 3
"""The database, its WAL and that one's index: what tidies the store up connects when it first does."""


class Traces(Struct, frozen=True):
    """What live queries and clients leave in the daemon while they are there."""

    live_queries: int = 0
    live_views: int = 0
    clients: int = 0
    descriptors: int = 0
    """But for those of files."""
    files: int = 0
    memory_bytes: int = 0

    @classmethod
    async def of(cls, running: Daemon, db: Database) -> Self:
        """Those of a daemon now."""
        health = await db.health()
        process = psutil.Process(running.pid)
        return cls(
            live_queries=health.live_queries,
            live_views=health.live_views,
            clients=health.clients,
            descriptors=process.num_fds() - (files := len(process.open_files())),
            files=files,
            memory_bytes=health.memory_bytes,
        )


def apart(traces: Traces) -> Traces:
    """What must be as it was to the last one."""
    return replace(traces, files=0, memory_bytes=0)


async def returned_to(before: Traces, running: Daemon, db: Database) -> Traces:
    """What there is once there is as little as `before`, its memory and files left aside."""
    with anyio.fail_after(RETURN_TIMEOUT_S):
        while apart(now := await Traces.of(running, db)) != apart(before):
            pass
    return now


def committed(client: RawClient, name: str, events: list[dict[str, Any]]) -> int:
    """The seq of a commit of some events of one name."""
    named = [{"id": pjai.new_id(), "name": name, "args": args} for args in events]
    return int(client.result("commit", events=named)["seq"])


async def created_persona(db: Database) -> str:
    """The id of a new persona."""
    ada = pjai.new_id()
    await db.commit(v1.PersonaCreated(id=ada, name="Ada"))
    return ada


async def created_memory(db: Database, persona_id: str) -> int:
    """The seq of a new memory, which was accessed last."""
    receipt = await db.commit(
        v1.MemoryEntityCreated(
            id=pjai.new_id(), persona_id=persona_id, type="event", name="x", content=CONTENT
        )
    )
    return receipt.seq


async def open_as(db: Database, label: str) -> LiveQueryInfo:
    """The one live query with a label, as the daemon sees it."""
    (info,) = [one for one in (await db.live_queries()).queries if one.label == label]
    return info


async def memory_bytes(db: Database) -> int:
    """What the daemon takes."""
    return (await db.health()).memory_bytes


def verdict(is_met: bool) -> str:
    """Whether a target was met, for whoever reads the soak's lines."""
    return "met" if is_met else "MISSED"


def p99(times: list[float]) -> float:
    """What one in a hundred exceeds."""
    return float(np.percentile(times, 99))
