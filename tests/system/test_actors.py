"""Actors as processes: what they serve, what becomes of those that fall or hang, and what they may not do."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import anyio
import anyio.lowlevel
import msgpack  # type: ignore[import-untyped] # it ships no types
import psutil
import pytest
from msgspec import Struct

import pjai
import tests.notes_actor
import tests.trouble_actor
from pjai import Database, personas, v1
from pjai.testing import Daemon, daemon
from pjai_wire.codec import decode_any
from pjai_wire.errors import (
    ActorFailed,
    Forbidden,
    NotFound,
    TimedOut,
    Unavailable,
    UnknownMethod,
)
from pjai_wire.methods import ActorInfo, Done, Method, Nothing, Scope
from tests.installing import install, make_known, tell_of
from tests.notes_actor import TotalParams, TotalResult
from tests.system.raw import RawClient, raw_client
from tests.trouble_actor import Begun, Confinement

pytestmark = pytest.mark.anyio

ResultT = TypeVar("ResultT", bound=Struct)

TOTAL = Method("notes.total", TotalParams, TotalResult, needs=Scope.READ)
FALLING = Method("falling.total", TotalParams, TotalResult, needs=Scope.READ)
ADA = TotalParams(persona_id="ada")
NOTHING = Nothing()

SERVING_WITHIN_S = 30
ENDED_WITHIN_MS = 10_000
OPEN_FILES_MAX = 100
SECRET = "what an actor must not tell the log"  # noqa: S105 # what a test looks for, not what it guards

FALLING_ACTOR = f"""
import logging
from pathlib import Path
from threading import Thread
from pjai.actor import Actor, Permissions
from notes_actor import TotalParams, TotalResult

logging.getLogger("falling").warning({SECRET!r})
Thread(target=int, args=[{SECRET!r}]).start()
if not Path(__file__).with_name("mended").exists():
    raise RuntimeError({SECRET!r})
falling = Actor("falling", may=Permissions())

@falling.serves
async def total(db, params: TotalParams):
    return TotalResult(total=7)
"""

MINUTE_MS = 60_000
PACE = {"actor_heartbeat_ms": 100, "actor_silence_ms_max": 1_000}


def trouble(method: str, result: type[ResultT]) -> Method[Nothing, ResultT]:
    return Method(f"trouble.{method}", Nothing, result, needs=Scope.READ, repeatable=False)


BE_WELL = trouble("be_well", Done)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where packages with actors are installed, for daemons that start from now on."""
    for package in (tests.notes_actor, tests.trouble_actor):
        install(tmp_path, package)
    (tmp_path / "falling_actor.py").write_text(FALLING_ACTOR)
    tell_of(tmp_path, "falling_actor")
    make_known(tmp_path, monkeypatch)
    return tmp_path


@pytest.fixture
def running(site: Path) -> Iterator[Daemon]:
    """A daemon with the two actors that can be well."""
    with daemon(actors="notes,trouble", **PACE) as made:
        yield made


async def told_of(db: Database, name: str) -> ActorInfo:
    return next(one for one in (await db.actors()).actors if one.name == name)


async def serving_again(db: Database) -> None:
    """Waits until the actor of troubles serves, whatever had just happened to it."""
    with anyio.fail_after(SERVING_WITHIN_S):
        while True:
            try:
                await db.call(BE_WELL, NOTHING)
            except ActorFailed:
                continue
            return


@contextmanager
def ended(*pids: int) -> Iterator[None]:
    """The processes end in the block, or soon after it."""
    descriptors = [os.pidfd_open(pid) for pid in pids]
    try:
        yield
        for descriptor in descriptors:
            assert select.select([descriptor], [], [], ENDED_WITHIN_MS / 1000)[0], "it is left behind"
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


linux_only = pytest.mark.skipif(sys.platform != "linux", reason="has pidfds")


async def test_a_package_s_actor_is_found_and_serves(running: Daemon) -> None:
    async with pjai.connect(running.endpoint) as db:
        await db.commit(
            v1.PersonaCreated(id="ada", name="Ada"),
            v1.MemoryEntityCreated(id="m", persona_id="ada", type="concept", name="Sourdough"),
        )
        assert await db.call(TOTAL, ADA) == TotalResult(total=1)
        found = await told_of(db, "notes")
    assert (found.state, found.restarts, found.methods) == ("up", 0, ("notes.total",))
    assert found.pid not in (None, running.pid)
    assert found.memory_bytes > 0
    assert found.started_at is not None


async def test_an_actor_follows_a_live_query_and_commits_what_it_declared(running: Daemon) -> None:
    async with pjai.connect(running.endpoint) as db:
        await db.commit(v1.PersonaCreated(id="ada", name="Ada"), v1.PersonaActivated(id="ada"))
        with anyio.fail_after(SERVING_WITHIN_S):
            async with db.watch(personas.where(id="ada", usage_count=1)) as live:
                async for rows in live:
                    if rows:
                        break
        assert {event.client for event in (await db.events(names=("v1.PersonaUsed",))).events} == {
            "actor.notes"
        }


@pytest.mark.parametrize(("method", "wanted"), [("read_all", "query"), ("delete", "v1.PersonaDeleted")])
async def test_what_an_actor_did_not_declare_is_forbidden_and_on_the_audit_trail(
    running: Daemon, method: str, wanted: str
) -> None:
    async with pjai.connect(running.endpoint) as db:
        receipt = await db.commit(v1.PersonaCreated(id="ada", name="Ada"))
        with pytest.raises(Forbidden, match=f"did not declare that it needs {wanted}") as refused:
            await db.call(trouble(method, Done), NOTHING)
        assert refused.value.actor == "trouble"
        with anyio.fail_after(SERVING_WITHIN_S):
            event = await anext(db.follow_events(after=receipt.seq))
        assert event.name == "v1.ActorRefused"
        assert decode_any(event.args) | {"at": 0} == {"at": 0, "id": "actor.trouble", "wanted": wanted}
        assert event.client == "pjaid"
        assert await db.get(personas, "ada") is not None


async def test_an_actor_tells_no_secret_to_somebody_who_has_not_asked_it(running: Daemon) -> None:
    async with pjai.connect(running.endpoint, client="asker") as db:
        with pytest.raises(Forbidden, match="asked the actor for nothing") as refused:
            await db.call(trouble("blame", Done), NOTHING)
        assert refused.value.actor == "trouble"
        assert (await db.events(names=("v1.PersonaSecretRevealed",))).events == []


async def test_what_a_client_commits_stands_under_no_actor_s_name(running: Daemon) -> None:
    for name in ("pjaid", "actor.persona"):
        async with pjai.connect(running.endpoint, client=name) as db:
            receipt = await db.commit(v1.UserPreferenceSet(id=name, value=1))
            (event,) = (await db.events(after=receipt.seq - 1)).events
            assert event.client == "anonymous"


async def test_an_actor_s_error_comes_with_its_name(running: Daemon) -> None:
    async with pjai.connect(running.endpoint) as db:
        with pytest.raises(NotFound, match="there is no such thing") as missed:
            await db.call(trouble("miss", Done), NOTHING)
        assert (missed.value.hint, missed.value.actor) == ("look elsewhere", "trouble")
        with pytest.raises(ActorFailed) as failed:
            await db.call(trouble("fall", Done), NOTHING)
        assert failed.value.actor == "trouble"
        await serving_again(db)
        assert (await told_of(db, "trouble")).last_error == "exit 3"
        with pytest.raises(UnknownMethod):
            await db.call(trouble("nothing", Done), NOTHING)


@pytest.mark.parametrize(
    ("kind", "why"), [(signal.SIGKILL, "exit -9"), (signal.SIGSTOP, "silent")], ids=["killed", "stopped"]
)
async def test_an_actor_that_is_killed_or_hangs_serves_again_and_the_others_go_on(
    running: Daemon, kind: signal.Signals, why: str
) -> None:
    async with pjai.connect(running.endpoint) as db:
        await db.call(BE_WELL, NOTHING)
        await db.call(TOTAL, ADA)
        before, others = await told_of(db, "trouble"), await told_of(db, "notes")
        assert before.pid is not None
        os.kill(before.pid, kind)
        assert await db.call(TOTAL, ADA) == TotalResult(total=0)
        await serving_again(db)
        after = await told_of(db, "trouble")
        assert (after.state, after.restarts, after.last_error) == ("up", 1, why)
        assert after.pid != before.pid
        assert (await told_of(db, "notes")).pid == others.pid


async def test_an_actor_that_always_falls_ends_down_and_a_restart_brings_it_back(site: Path) -> None:
    with daemon(actors="notes,falling", **PACE) as running:
        async with pjai.connect(running.endpoint) as db:
            with pytest.raises(Unavailable, match="the actor falling is down"):
                await db.call(FALLING, ADA, timeout=SERVING_WITHIN_S)
            down = await told_of(db, "falling")
            assert (down.state, down.pid, down.last_error) == ("down", None, "exit 1")
            assert await db.call(TOTAL, ADA) == TotalResult(total=0)
            (site / "mended").touch()
            await db.restart_actor("falling")
            assert await db.call(FALLING, ADA) == TotalResult(total=7)
            assert (await told_of(db, "falling")).state == "up"
        log = running.log.read_text()
    assert '"actor":"falling","event":"actor_failed"' in log
    assert "RuntimeError" in log
    assert SECRET not in log


async def test_a_restart_gives_an_actor_another_process(running: Daemon) -> None:
    async with pjai.connect(running.endpoint) as db:
        await db.call(TOTAL, ADA)
        before = await told_of(db, "notes")
        await db.restart_actor("notes")
        assert await db.call(TOTAL, ADA) == TotalResult(total=0)
        after = await told_of(db, "notes")
        assert after.pid != before.pid
        assert (after.restarts, after.last_error) == (1, "")
        assert "actor_fell" not in running.log.read_text()
        with pytest.raises(NotFound):
            await db.restart_actor("nobody")


async def test_a_call_past_its_deadline_is_timed_out_and_cancelled_in_the_actor(running: Daemon) -> None:
    with raw_client(running.endpoint) as client:
        ask(client, "trouble.be_well")
        assert "result" in client.receive()
        ask(client, "trouble.linger", withinMs=100)
        assert client.receive()["error"]["code"] == "timed_out"
    async with pjai.connect(running.endpoint) as db:
        await db.call(trouble("until_cancelled", Done), NOTHING)
        with pytest.raises(TimedOut):
            await db.call(trouble("linger", Done), NOTHING, timeout=0.05)
        await db.call(BE_WELL, NOTHING)


async def test_more_calls_than_an_actor_s_queue_holds_are_refused(site: Path) -> None:
    with (
        daemon(actors="trouble", actor_calls_at_once=1, actor_queue_max=1, **PACE) as running,
        raw_client(running.endpoint) as client,
    ):
        ask(client, "trouble.be_well")
        assert "result" in client.receive()
        for _ in range(2):
            ask(client, "trouble.linger", withinMs=500)
        ask(client, "trouble.be_well")
        assert client.receive()["error"]["code"] == "overloaded"
        assert [client.receive()["error"]["code"] for _ in range(2)] == ["timed_out", "timed_out"]
        ask(client, "trouble.be_well")
        assert "result" in client.receive()


async def test_calls_that_take_long_hold_up_no_others(site: Path) -> None:
    with (
        daemon(actors="trouble", actor_calls_at_once=1, actor_long_calls_at_once=16, **PACE) as running,
        raw_client(running.endpoint) as client,
    ):
        for _ in range(16):
            ask(client, "trouble.ponder", withinMs=MINUTE_MS)
            # The one place is free for this one, each time.
            ask(client, "trouble.be_well")
            assert "result" in client.receive()
        ask(client, "trouble.ponder", withinMs=MINUTE_MS)
        assert client.receive()["error"]["code"] == "overloaded"


async def test_an_actor_that_waits_for_calls_takes_nobody_s_place(site: Path) -> None:
    with daemon(actors="trouble", actor_calls_at_once=4, requests_in_flight_max=2, **PACE) as running:
        async with pjai.connect(running.endpoint) as db:
            assert await db.call(BE_WELL, NOTHING) == Done()
            assert (await db.health()).requests_in_flight == 0


async def until_under_way(client: RawClient, number: int) -> None:
    """Waits until so many requests of others are."""
    with anyio.fail_after(SERVING_WITHIN_S):
        while client.result("health")["requestsInFlight"] < number:
            await anyio.lowlevel.checkpoint()


async def test_calls_that_wait_for_an_actor_keep_no_other_request_from_its_answer(site: Path) -> None:
    with (
        daemon(actors="trouble", actor_calls_at_once=1, requests_in_flight_max=2, **PACE) as running,
        raw_client(running.endpoint) as waiting,
        raw_client(running.endpoint) as client,
    ):
        ask(client, "trouble.be_well")
        assert "result" in client.receive()
        for _ in range(5):
            ask(waiting, "trouble.linger", withinMs=MINUTE_MS)
        await until_under_way(client, 5)
        assert client.result("count", table="personas")["count"] == 0


async def test_an_actor_comes_back_to_a_daemon_that_has_too_much_to_do(site: Path) -> None:
    with (
        daemon(actors="trouble", requests_in_flight_max=1, **PACE) as running,
        raw_client(running.endpoint) as waiting,
        raw_client(running.endpoint) as client,
    ):
        ask(client, "trouble.be_well")
        assert "result" in client.receive()
        before = client.result("meters")["happened"]
        ask(waiting, "meters", params={"after": before + 1_000_000, "waitMs": MINUTE_MS})
        with anyio.fail_after(SERVING_WITHIN_S):
            while "error" not in (refused := client.ask("count", table="personas")):
                await anyio.lowlevel.checkpoint()
        assert refused["error"]["code"] == "overloaded"
        (pid,) = (one["pid"] for one in client.result("actors")["actors"])
        client.result("actor_restart", name="trouble")
        with anyio.fail_after(SERVING_WITHIN_S):
            while (one := client.result("actors")["actors"][0])["state"] != "up" or one["pid"] == pid:
                await anyio.lowlevel.checkpoint()


async def test_a_method_that_an_actor_lacks_is_unknown_also_while_it_begins(site: Path) -> None:
    with daemon(actors="trouble", **PACE) as running, raw_client(running.endpoint) as client:
        # Nobody knows yet what it serves.
        ask(client, "trouble.be_wel", withinMs=MINUTE_MS)
        error = client.receive()["error"]
    assert (error["code"], error["actor"]) == ("unknown_method", "trouble")
    assert "trouble.be_well" in error["hint"]


async def test_nobody_but_the_daemon_makes_an_actor(running: Daemon) -> None:
    with raw_client(running.endpoint) as client:
        client.result("hello", versions={"min": 1, "max": 1}, client="actor.notes")
        for method, params in (
            ("actor_register", {"name": "notes", "token": "guessed", "methods": ["notes.total"]}),
            ("actor_take", {}),
            ("actor_settle", {"outcome": {"call": 1, "result": {}}}),
            ("actor_heartbeat", {}),
        ):
            assert client.ask(method, **params)["error"]["code"] == "forbidden"


async def test_an_actor_is_confined(site: Path) -> None:
    with daemon(actors="trouble", actor_open_files_max=OPEN_FILES_MAX) as running:
        async with pjai.connect(running.endpoint) as db:
            found = await db.call(trouble("look_around", Confinement), NOTHING)
    assert found.core_bytes_max in ((0, 0), (1, 1)), "less than any core has"
    assert found.prints_nowhere
    assert found.open_files_max == OPEN_FILES_MAX
    assert "PJAI_PASSPHRASE" not in found.environment
    assert sys.platform != "linux" or "NoNewPrivs:\t1" in found.status


async def test_a_call_under_way_is_answered_before_the_daemon_ends(running: Daemon) -> None:
    with raw_client(running.endpoint) as client:
        ask(client, "trouble.be_well")
        assert "result" in client.receive()
        ask(client, "trouble.until_stopping")
        assert client.result("health")["status"] == "ok"
        os.kill(running.pid, signal.SIGTERM)
        assert client.receive() == {"v": 1, "id": "trouble.until_stopping", "result": {}}


@linux_only
@pytest.mark.parametrize("end", [Daemon.stop, Daemon.kill], ids=["stopped", "killed"])
@pytest.mark.parametrize("is_hung", [False, True], ids=["well", "hung"])
async def test_actors_end_with_the_daemon_however_that_ends(
    running: Daemon, end: Callable[[Daemon], None], is_hung: bool
) -> None:
    async with pjai.connect(running.endpoint) as db:
        await db.call(BE_WELL, NOTHING)
        await db.call(TOTAL, ADA)
        hung = (await told_of(db, "trouble")).pid
    assert hung is not None
    children = [process.pid for process in psutil.Process(running.pid).children(recursive=True)]
    assert hung in children
    if is_hung:
        os.kill(hung, signal.SIGSTOP)
    with ended(*children):
        end(running)


@linux_only
@pytest.mark.parametrize("end", ["fall", "restart", "stop"])
async def test_what_an_actor_began_ends_with_it(running: Daemon, end: str) -> None:
    async with pjai.connect(running.endpoint) as db:
        begun = await db.call(trouble("begin_another", Begun), NOTHING)
        with ended(begun.pid):
            if end == "stop":
                running.stop()
            elif end == "restart":
                await db.restart_actor("trouble")
            else:
                with pytest.raises(ActorFailed):
                    await db.call(trouble("fall", Done), NOTHING)


def server_of(running: Daemon) -> int:
    """The process that actors are forked from."""
    children = psutil.Process(running.pid).children()
    return next(
        child.pid for child in children if "pjaid.supervisor.fork_server" in " ".join(child.cmdline())
    )


@linux_only
async def test_an_actor_serves_again_though_what_it_was_forked_from_hangs(site: Path) -> None:
    with daemon(actors="notes,trouble", actor_start_ms_max=3_000, **PACE) as running:
        async with pjai.connect(running.endpoint) as db:
            await db.call(TOTAL, ADA)
            await db.call(BE_WELL, NOTHING)
            fallen = (await told_of(db, "trouble")).pid
            assert fallen is not None
            os.kill(server_of(running), signal.SIGSTOP)
            os.kill(fallen, signal.SIGKILL)
            await serving_again(db)
            assert await db.call(TOTAL, ADA) == TotalResult(total=0)
            assert (await told_of(db, "trouble")).pid != fallen


@linux_only
async def test_a_daemon_ends_though_what_actors_are_forked_from_hangs(running: Daemon) -> None:
    async with pjai.connect(running.endpoint) as db:
        await db.call(BE_WELL, NOTHING)
        os.kill(server_of(running), signal.SIGSTOP)
        await db.restart_actor("trouble")
        with anyio.fail_after(SERVING_WITHIN_S):
            while (await told_of(db, "trouble")).state != "starting":
                pass
    children = [process.pid for process in psutil.Process(running.pid).children(recursive=True)]
    with ended(running.pid, *children):
        os.kill(running.pid, signal.SIGTERM)


async def test_actors_run_only_where_they_are_wanted(site: Path) -> None:
    with daemon() as running:
        async with pjai.connect(running.endpoint) as db:
            assert (await db.actors()).actors == []
            with pytest.raises(UnknownMethod):
                await db.call(TOTAL, ADA)
        assert psutil.Process(running.pid).children(recursive=True) == []


def ask(client: RawClient, method: str, **envelope: Any) -> None:
    client.send(msgpack.packb({"v": 1, "id": method, "method": method, "params": {}, **envelope}))
