"""Actors that are killed or stopped under load serve again soon, and nobody else feels it.

A few falls here; `make soak-actors` has each actor killed and stopped a hundred times.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import anyio
import numpy as np
import psutil
import pytest
from msgspec import Struct

import pjai
from pjai import Database, memories, v1
from pjai.testing import Daemon, daemon
from pjai_wire.errors import ActorFailed
from pjai_wire.methods import (
    EMBEDDER_STATUS,
    MEMORY_STATUS,
    OPTIMISER_STATUS,
    PERSONA_INSIGHTS,
    Nothing,
    PersonaParams,
)
from pjaid.supervisor.restart import Restart
from pjaid.supervisor.tree import TREE

pytestmark = pytest.mark.anyio

FALLS = int(os.environ.get("PJAI_TEST_FALLS", "1"))
"""Of each actor, by each signal."""

HEARTBEAT_MS = 100
SILENCE_MS_MAX = 1_000
PACE = {
    "actor_heartbeat_ms": HEARTBEAT_MS,
    "actor_silence_ms_max": SILENCE_MS_MAX,
    "actor_restarts_max": 10_000,
    # So that the daemon has as many files open after the load as before it, but for those of one connection.
    "readers_min": 2,
    "readers_max": 2,
}

FILES_OF_A_CONNECTION = 3
"""The database, its WAL and that one's index."""

FALLS_APART_S_MAX = 2.5
"""Falls come at random times, and not each as soon as the last is over."""

COMMIT_EVERY_S = 0.01
SERVING_WITHIN_S = 60
AT_REST_WITHIN_S = 60
FORGETFUL = "forgetful"
"""A persona without memories."""

SIGNALS = (signal.SIGKILL, signal.SIGSTOP)
NAMES = tuple(place.name for place in TREE)

Ask = Callable[[], Awaitable[object]]
Tell = Callable[[str], None]


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Tell:
    """Shows what was seen, to whoever runs the soak."""

    def show(line: str) -> None:
        with capsys.disabled():
            print(f"\n{line}")  # noqa: T201 # what the soak is run for

    return show


class Traces(Struct, frozen=True):
    """What a daemon and its actors take of the system."""

    descriptors: int
    """But for those of files, of which the store opens more when it first tidies up."""
    clients: int
    processes: int
    zombies: int

    @classmethod
    async def of(cls, running: Daemon, db: Database) -> Traces:
        process = psutil.Process(running.pid)
        children = process.children(recursive=True)
        return cls(
            descriptors=process.num_fds() - len(process.open_files()),
            clients=(await db.health()).clients,
            processes=len(children),
            zombies=sum(one.status() == psutil.STATUS_ZOMBIE for one in children),
        )


class Load:
    """What goes on beside the falls: commits, point gets, and calls of every actor that serves.

    Args:
        running: the daemon.
        persona_id: whose memories are made.
    """

    def __init__(self, running: Daemon, persona_id: str) -> None:
        self._running = running
        self._persona_id = persona_id
        self.acknowledged: list[str] = []
        self.last = ""
        """The memory that was sent last."""
        self.fallen = ""
        """The actor that has fallen and does not serve again yet."""
        self.times: defaultdict[tuple[str, bool], list[float]] = defaultdict(list)
        """Milliseconds of what was asked, by what it was and whether an actor had fallen."""

    @asynccontextmanager
    async def going_on(self) -> AsyncGenerator[None]:
        async with (
            pjai.connect(self._running.endpoint, client="load") as db,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(self._commit, db)
            tasks.start_soon(self._ask, "get", lambda: db.get(memories, self.acknowledged[0]))
            for name, ask in asks(db).items():
                tasks.start_soon(self._ask, name, ask)
            yield
            tasks.cancel_scope.cancel()

    async def _commit(self, db: Database) -> None:
        while True:
            self.last = memory_id = pjai.new_id()
            await db.commit(memory(memory_id, self._persona_id))
            self.acknowledged.append(memory_id)
            await anyio.sleep(COMMIT_EVERY_S)  # the pace of the load, and nothing is waited for

    async def _ask(self, name: str, ask: Ask) -> None:
        while True:
            fallen, begun = self.fallen, time.perf_counter()
            with suppress(ActorFailed):
                await ask()
                if name not in (fallen, self.fallen) and fallen == self.fallen:
                    self.times[name, bool(fallen)].append(1000 * (time.perf_counter() - begun))
            await anyio.sleep(COMMIT_EVERY_S)  # the same pace, or who has fallen would be asked all the time


def memory(memory_id: str, persona_id: str) -> v1.MemoryEntityCreated:
    return v1.MemoryEntityCreated(id=memory_id, persona_id=persona_id, type="task", name="under load")


def asks(db: Database) -> dict[str, Ask]:
    """How to ask each actor that serves for little, at the end as at the beginning."""
    every: dict[str, Ask] = {
        "persona": lambda: db.call(PERSONA_INSIGHTS, PersonaParams(id=FORGETFUL)),
        "memory": lambda: db.call(MEMORY_STATUS, Nothing()),
        "optimiser": lambda: db.call(OPTIMISER_STATUS, Nothing()),
        "embedder": lambda: db.call(EMBEDDER_STATUS, Nothing()),
    }
    return {name: ask for name, ask in every.items() if name in NAMES}


class Lookout:
    """Sees which process serves as which actor, at one pace whether or not one has fallen."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._asks = asks(db)
        self._seen = anyio.Event()
        self._since: dict[tuple[str, int | None], float] = {}
        self.pids: dict[str, int | None] = {}
        """The process that serves as an actor, if one does."""

    async def look(self) -> None:
        while True:
            told = await self._db.actors()
            self.pids = {one.name: one.pid if one.state == "up" else None for one in told.actors}
            for serving in self.pids.items():
                self._since.setdefault(serving, time.monotonic())
            self._seen.set()
            self._seen = anyio.Event()
            await anyio.sleep(COMMIT_EVERY_S)  # the pace of looking

    async def serves(self, name: str, fallen_pid: int | None = None) -> int:
        """Waits until a process other than the fallen one serves, and tells which."""
        with anyio.fail_after(SERVING_WITHIN_S):
            while (pid := self.pids.get(name)) in (None, fallen_pid):
                await self._seen.wait()
            if (ask := self._asks.get(name)) is not None:
                await ask()
        assert pid is not None
        return pid

    async def is_forgiven(self, name: str) -> None:
        """Waits until an actor has served so long that it begins again at once when it falls."""
        while time.monotonic() - self._since[name, self.pids[name]] < Restart().healthy_s:
            await self._seen.wait()


async def test_actors_that_fall_under_load_serve_again_and_leave_nothing_behind(tell: Tell) -> None:
    rng = random.Random(FALLS)
    signals = {name: rng.sample(SIGNALS * FALLS, len(SIGNALS) * FALLS) for name in NAMES}
    rounds = range(len(SIGNALS) * FALLS)
    falls = [(name, signals[name][one]) for one in rounds for name in rng.sample(NAMES, len(NAMES))]
    took: defaultdict[signal.Signals, list[float]] = defaultdict(list)
    with daemon(actors=",".join(NAMES), **PACE) as running:
        async with pjai.connect(running.endpoint, client="test") as db:
            ada, first = pjai.new_id(), pjai.new_id()
            await db.commit(
                *(v1.PersonaCreated(id=one, name=one) for one in (ada, FORGETFUL)), memory(first, ada)
            )
            load = Load(running, ada)
            load.acknowledged.append(first)
            async with anyio.create_task_group() as tasks:
                lookout = Lookout(db)
                tasks.start_soon(lookout.look)
                for name in NAMES:
                    await lookout.serves(name)
                before, files_before = await traces_at_rest(running, db), files_of(running)
                async with load.going_on():
                    for name, kind in falls:
                        pid = await lookout.serves(name)
                        if FALLS > 1:
                            await lookout.is_forgiven(name)
                            await anyio.sleep(rng.uniform(0, FALLS_APART_S_MAX))  # nothing is waited for
                        load.fallen, begun = name, time.perf_counter()
                        os.kill(pid, kind)
                        await lookout.serves(name, pid)
                        took[kind].append(time.perf_counter() - begun)
                        load.fallen = ""
                tasks.cancel_scope.cancel()
            rows = [row["id"] async for page in db.pages(memories.select("id")) for row in page]
            assert len({*rows}) == len(rows)
            # The load ended before it had the answer to its last commit.
            assert {*rows} in ({*load.acknowledged}, {*load.acknowledged, load.last})
            verified = await db.verify()
            with anyio.move_on_after(AT_REST_WITHIN_S):
                while (after := await Traces.of(running, db)) != before:
                    pass
            assert after == before
            assert files_of(running) - files_before <= FILES_OF_A_CONNECTION
    tell(
        f"{len(falls)} falls: serving again after a kill in {told_of(took[signal.SIGKILL])} s,"
        f" after a stop in {told_of(took[signal.SIGSTOP])} s, of which {SILENCE_MS_MAX / 1000} s are silence;"
        f" {len(rows)} commits, none lost or doubled, {verified.events} events verified;"
        f" left behind: {after}\n"
        + "\n".join(
            f"{name}: p99 {percentile(load.times[name, True]):.2f} ms while another was down,"
            f" {percentile(load.times[name, False]):.2f} ms otherwise"
            for name in ("get", *asks(db))
            if load.times[name, True] and load.times[name, False]
        )
    )
    assert not after.zombies


async def traces_at_rest(running: Daemon, db: Database) -> Traces:
    """What they take once what actors are forked from keeps a spare process beside them."""
    with anyio.fail_after(AT_REST_WITHIN_S):
        while (traces := await Traces.of(running, db)).processes < len(NAMES) + 2:
            pass
    return traces


def files_of(running: Daemon) -> int:
    """How many files the daemon has open."""
    return len(psutil.Process(running.pid).open_files())


def percentile(times: list[float]) -> float:
    return float(np.percentile(times, 99))


def told_of(times: list[float]) -> str:
    return f"{np.median(times):.2f} (longest {max(times):.2f})"
