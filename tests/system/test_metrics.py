"""The metrics actor on a real daemon: points that can be watched, and what Prometheus is told."""

from __future__ import annotations

import os
import signal
import socket
import stat
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import psutil
import pytest
from anyio.abc import ByteStream
from anyio.lowlevel import checkpoint
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

import pjai
from pjai import Database, memories, queries, v1
from pjai.testing import Daemon, daemon
from pjai_wire.codec import encode
from pjai_wire.errors import UnknownTable
from pjai_wire.fields import Resolution
from pjai_wire.measures import increase
from pjai_wire.methods import QUERY, ActorInfo, MetersResult
from pjai_wire.query import Query
from pjai_wire.records import MetricPoint
from pjaid.supervisor.tree import TREE
from tests.system.raw import raw_client

pytestmark = pytest.mark.anyio

WITHIN_S = 60
SECOND_MS = 1_000
IDLE_S = 2.5
"""More than two of the actor's seconds."""
FAILED = "errors:query:unknown_table"


@pytest.fixture(scope="module")
def running() -> Iterator[Daemon]:
    with daemon(actors="metrics") as made:
        yield made


@asynccontextmanager
async def looked_at(running: Daemon) -> AsyncIterator[Database]:
    """A daemon whose actor has looked at the meters: what happens from now on is in a point."""
    async with pjai.connect(running.endpoint) as db:
        await looks(db)
        yield db


async def looks(db: Database) -> None:
    """Has something happen until the actor has kept a point of it."""

    async def keep_busy() -> None:
        while True:
            await db.health()
            await anyio.sleep(0.01)  # a pace: where no processor is ever idle, the disk may wait for one

    with anyio.fail_after(WITHIN_S):
        async with anyio.create_task_group() as tasks, db.watch(queries.metric_series(limit=1)) as live:
            tasks.start_soon(keep_busy)
            results = aiter(live)
            await anext(results)
            await anext(results)
            tasks.cancel_scope.cancel()


async def until_up(db: Database, before: ActorInfo) -> None:
    """Waits until an actor has fallen and serves again."""
    now, meters = before, await db.meters()
    with anyio.fail_after(WITHIN_S):
        while not (now.restarts > before.restarts and now.state == "up"):
            # To register is something that happens.
            meters = await db.meters(after=meters.happened, within=WITHIN_S)
            (now,) = (await db.actors()).actors


async def something_happens(db: Database) -> None:
    ada = pjai.new_id()
    await db.commit(v1.PersonaCreated(id=ada, name=ada))
    for _ in range(2):
        await db.query(memories.where(persona_id=ada))
    with pytest.raises(UnknownTable):
        await db.call(QUERY, Query(table="person"))


def memory_of(owner: str) -> v1.MemoryEntityCreated:
    return v1.MemoryEntityCreated(id=pjai.new_id(), persona_id=owner, type="task", name="Bread")


async def until(db: Database, resolution: Resolution, holds: Callable[[MetricPoint], bool]) -> MetricPoint:
    """A point of which something holds, as soon as a live query tells of it."""
    with anyio.fail_after(WITHIN_S):
        async with db.watch(queries.metric_series(resolution)) as live:
            async for points in live:
                for point in points:
                    if holds(point):
                        return point
    raise AssertionError("the live query has ended")


@pytest.mark.parametrize("resolution", ["1s", "1min", "1h"])
async def test_what_happens_becomes_points_that_can_be_watched(
    running: Daemon, resolution: Resolution
) -> None:
    async with looked_at(running) as db:
        await something_happens(db)
        point = await until(db, resolution, lambda point: FAILED in point.values.counts)
    assert point.id == f"{resolution}/{point.at}"
    assert point.values.counts["events"] >= 1
    assert point.values.counts["covered_ms"] > 0
    assert point.values.latencies["request:query"].count >= 3
    assert point.values.latencies["sync"].count >= 1
    assert point.values.gauges["actor:metrics:up"] == 1
    assert point.values.gauges["memory_bytes"] > 0


async def test_points_are_in_no_log_and_leave_the_state_as_it_is(running: Daemon) -> None:
    async with looked_at(running) as db:
        await something_happens(db)
        await until(db, "1s", lambda point: "events" in point.values.counts)
        assert {event.name async for event in db.audit()} == {"v1.PersonaCreated"}
        assert (await db.rebuild()).identical


async def test_while_nothing_happens_nothing_is_written(running: Daemon) -> None:
    async with looked_at(running) as db:
        # What was there to be kept is kept by then.
        before = await nothing_happens(db)
        after = await nothing_happens(db)
        assert before.happened == after.happened
        assert before.measures.counts["writes"] == after.measures.counts["writes"]


async def nothing_happens(db: Database) -> MetersResult:
    """Waits until nothing has happened for so long that the actor has kept a point of what there was."""
    now, last = await db.meters(), -1
    with anyio.fail_after(WITHIN_S):
        while now.happened != last:
            last = now.happened
            now = await db.meters(after=last, within=IDLE_S)
    return now


async def test_the_meters_are_told_when_something_happens(running: Daemon) -> None:
    async with pjai.connect(running.endpoint) as db, pjai.connect(running.endpoint) as other:
        before = await db.meters()
        told: list[MetersResult] = []

        async def wait() -> None:
            told.append(await db.meters(after=before.happened, within=WITHIN_S))

        with anyio.fail_after(WITHIN_S):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(wait)
                await other.count(memories.all())
        assert told[0].happened > before.happened
        assert increase(before.measures, told[0].measures).latencies["request:count"].count == 1
        # What has happened already is told at once.
        assert (await db.meters(after=before.happened, within=WITHIN_S)).happened >= told[0].happened


async def test_a_daemon_that_stops_leaves_nobody_waiting_for_something_to_happen() -> None:
    with daemon(actors="none") as made, raw_client(made.endpoint) as client:
        client.result("hello", versions={"min": 1, "max": 1}, client="waiting")
        happened = client.result("meters")["happened"]
        params = {"after": happened, "waitMs": 60_000}
        client.send(encode({"v": 1, "id": 7, "method": "meters", "params": params}))
        # Answered when the other has begun to wait.
        client.result("meters")
        made.stop()
        assert client.receive()["result"]["happened"] == happened


async def test_an_actor_that_is_killed_goes_on_with_the_points(running: Daemon) -> None:
    async with looked_at(running) as db:
        (before,) = (await db.actors()).actors
        assert before.pid is not None
        os.kill(before.pid, signal.SIGKILL)
        await until_up(db, before)
        await looks(db)
        since = pjai.now_ms()
        await something_happens(db)
        await until(db, "1s", lambda point: point.at >= since - SECOND_MS and "events" in point.values.counts)


async def test_the_daemon_counts_what_it_does(running: Daemon) -> None:
    async with pjai.connect(running.endpoint) as db:
        ada = pjai.new_id()
        asked = memories.where(persona_id=ada)
        before = (await db.meters()).measures
        async with db.watch(asked) as live:
            await db.commit(v1.PersonaCreated(id=ada, name=ada))
            receipt = await db.commit(
                *(
                    v1.MemoryEntityCreated(id=f"{ada} {n}", persona_id=ada, type="task", name="a")
                    for n in (1, 2)
                )
            )
            await live.reached(receipt.seq)
            after = (await db.meters()).measures
        for _ in range(2):
            await db.query(asked.limit(7))
        last = (await db.meters()).measures
    happened, asked_then = increase(before, after), increase(after, last)
    assert (happened.counts["events"], happened.counts["rows_changed"]) == (3, 3)
    assert happened.counts["writes"] >= 2
    assert happened.counts["live_updates"] == 1
    assert happened.counts["published"] >= 1
    assert happened.latencies["request:commit"].count == happened.latencies["sync"].count == 2
    assert after.gauges["live_queries"] == before.gauges["live_queries"] + 1
    assert (asked_then.counts["cache_misses"], asked_then.counts["cache_hits"]) == (1, 1)
    assert asked_then.latencies["request:query"].count == 2


async def test_prometheus_is_answered_on_a_port_of_this_machine() -> None:
    port = free_port()
    with daemon(actors="metrics", metrics_prometheus_port=port) as running:
        async with looked_at(running) as db:
            await something_happens(db)
            async with await connected(lambda: anyio.connect_tcp("127.0.0.1", port)) as stream:
                status, text = await fetched(stream)
    assert status == "HTTP/1.1 200 OK"
    found = {one.name: one for one in text_string_to_metric_families(text)}
    assert "# HELP pjai_request_seconds From a request's arrival until its answer is sent.\n" in text
    assert "# TYPE pjai_errors_total counter\n" in text
    assert sample(found["pjai_errors"], method="query", code="unknown_table") == 1
    assert sample(found["pjai_request_seconds"], "_count", method="query") == 3
    assert sample(found["pjai_actor_up"], actor="metrics") == 1


async def test_prometheus_is_told_what_each_family_of_a_whole_daemon_is(tmp_path: Path) -> None:
    place = tmp_path / "m.sock"
    actors = ",".join(one.name for one in TREE)
    with daemon(actors=actors, metrics_prometheus_socket=place):
        async with await connected(lambda: anyio.connect_unix(place)) as stream:
            _, text = await fetched(stream)
    told = list(text_string_to_metric_families(text))
    assert "pjai_codes_bytes" in {one.name for one in told}
    assert [one.name for one in told if not one.documentation] == []


async def test_prometheus_is_answered_on_a_socket_of_this_user_alone(tmp_path: Path) -> None:
    place = tmp_path / "m.sock"
    with daemon(actors="metrics", metrics_prometheus_socket=place) as running:
        async with looked_at(running):
            async with await connected(lambda: anyio.connect_unix(place)) as stream:
                status, text = await fetched(stream)
            assert status == "HTTP/1.1 200 OK"
            assert "pjai_uptime_seconds" in {one.name for one in text_string_to_metric_families(text)}
            assert stat.S_IMODE(place.stat().st_mode) == 0o600
            for asked, answer in (
                (b"GET /other HTTP/1.1", "404 Not Found"),
                (b"POST /metrics HTTP/1.1", "405 Method Not Allowed"),
                (b"\xff" * 9_000, "400 Bad Request"),
            ):
                async with await anyio.connect_unix(place) as stream:
                    status, _ = await fetched(stream, asked)
                assert status == f"HTTP/1.1 {answer}"


async def test_nothing_listens_unless_the_settings_say_so(running: Daemon) -> None:
    async with looked_at(running) as db:
        (actor,) = (await db.actors()).actors
    assert actor.pid is not None
    assert psutil.Process(actor.pid).net_connections("tcp") == []


async def fetched(stream: ByteStream, request: bytes = b"GET /metrics HTTP/1.1") -> tuple[str, str]:
    """What is answered: the status line, and the body."""
    await stream.send(request + b"\r\nHost: localhost\r\n\r\n")
    received = b""
    with anyio.fail_after(WITHIN_S):
        try:
            while True:
                received += await stream.receive()
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            head, _, body = received.decode().partition("\r\n\r\n")
    return head.partition("\r\n")[0], body


async def connected(connect: Callable[[], object]) -> ByteStream:
    """A connection, once somebody listens."""
    with anyio.fail_after(WITHIN_S):
        while True:
            try:
                return await connect()  # type: ignore[misc, no-any-return] # a coroutine that connects
            except OSError:
                await checkpoint()


def sample(metric: Metric, suffix: str = "", **labels: str) -> float:
    (found,) = [
        one.value
        for one in metric.samples
        if one.labels == labels and one.name.removesuffix("_total") == metric.name + suffix
    ]
    return found


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port
