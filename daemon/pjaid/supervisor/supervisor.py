"""Owns the watch over actors: begun, heard, restarted when they fall or are silent, left down for a while."""

from __future__ import annotations

import math
import os
import secrets
import time
from collections.abc import Collection, Iterator, Mapping
from random import random
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import anyio
import structlog
from anyio.abc import TaskGroup
from msgspec import Struct
from msgspec.structs import replace

from pjai_wire.errors import Forbidden, NotFound
from pjai_wire.ids import now_ms
from pjai_wire.measures import Measures
from pjaid.calls.calls import Calls
from pjaid.supervisor.fork_messages import Start
from pjaid.supervisor.restart import Budget
from pjaid.supervisor.tree import Place, preloaded

if TYPE_CHECKING:
    from pjaid.supervisor.processes import ActorProcess, Processes

log = structlog.get_logger()

TOKEN_BYTES = 32
STOPS_WITHIN_S = 1.0

AGAIN = "is starting again"

NO_FIGURES = Measures()

State = Literal["starting", "up", "backing_off", "down"]


class Pace(Struct, frozen=True):
    """How often actors must be heard, and what they are allowed."""

    silence_s_max: float
    start_s_max: float
    restarts_max: int
    """Within the time that the place in the tree names."""
    memory_bytes_max: int
    open_files_max: int


class Supervised:
    """An actor, as its supervisor sees it.

    Args:
        place: in the tree.
        restarts_max: within the time that the place names.
    """

    def __init__(self, place: Place, restarts_max: int) -> None:
        self.place = place
        self.state: State = "starting"
        self.process: ActorProcess | None = None
        self.token: bytes | None = None
        """Good for one registration."""
        self.restarts = 0
        self.is_wanted_anew = False
        """Whether its process ends because somebody asked for another."""
        self.fell_by = ""
        self.failing_with = ""
        """What it told last of work of its own."""
        self.started_at: int | None = None
        self.up_since = math.inf
        """When its process began to serve, if it ever did, as `time.monotonic` tells."""
        self.heard_at = 0.0
        self.figures = NO_FIGURES
        """What it last told of itself."""
        self.budget = Budget(replace(place.restart, most=restarts_max), random)
        self.hurry = anyio.Event()
        """Set where somebody asks for a restart now."""

    @property
    def last_error(self) -> str:
        """What fails in it now, or why it fell last."""
        return self.failing_with or self.fell_by


class Supervisor:
    """Keeps the actors of a tree running.

    Args:
        tree: which there are.
        calls: what they serve.
        endpoint: the daemon's request socket.
        pace: how often they must be heard.
        environ: variables of which each is given those that its place names.
        idle: the names of actors that have nothing to do.
    """

    def __init__(
        self,
        tree: tuple[Place, ...],
        calls: Calls,
        endpoint: str,
        pace: Pace,
        environ: Mapping[str, str] = MappingProxyType({}),
        idle: Collection[str] = (),
    ) -> None:
        self._supervised = {place.name: Supervised(place, pace.restarts_max) for place in tree}
        self._calls = calls
        self._endpoint = endpoint
        self._pace = pace
        self._environ = environ
        self._idle = idle
        self._processes: Processes | None = None

    def __iter__(self) -> Iterator[Supervised]:
        return iter(self._supervised.values())

    def serve(self, tasks: TaskGroup) -> None:
        """Begins every actor, in `tasks`."""
        if self._supervised:
            # A daemon without actors has no use for what begins them.
            from pjaid.supervisor.processes import Processes

            self._processes = Processes(
                self._pace.start_s_max, preloaded((one.place for one in self), self._idle)
            )
        for supervised in self:
            tasks.start_soon(self._keep, supervised)

    def registered(self, name: str, token: str) -> None:
        """A connection says that it is an actor.

        Raises:
            Forbidden: it is not.
        """
        supervised = self._supervised.get(name)
        expected = None if supervised is None else supervised.token
        if supervised is None or expected is None or not secrets.compare_digest(token.encode(), expected):
            raise Forbidden("this is not the token of that actor", hint="the daemon starts its actors itself")
        supervised.token = None
        supervised.state = "up"
        supervised.started_at, supervised.up_since = now_ms(), time.monotonic()
        supervised.figures = NO_FIGURES
        self.heard(name)

    def heard(self, name: str, last_error: str = "", figures: Measures | None = None) -> None:
        """An actor gave a sign of life, and now and then told of itself."""
        supervised = self._supervised[name]
        supervised.figures = figures or supervised.figures
        supervised.heard_at = anyio.current_time()
        supervised.failing_with = last_error

    def restart(self, name: str) -> None:
        """Ends an actor, and begins it again at once, however often it fell.

        Raises:
            NotFound: there is none of that name.
        """
        supervised = self._supervised.get(name)
        if supervised is None:
            raise NotFound(f"there is no actor {name!r}", hint=f"one of: {', '.join(self._supervised)}")
        supervised.budget.forgive()
        supervised.hurry.set()
        self._calls.fall(name, AGAIN, is_down=False)
        if supervised.process is not None:
            supervised.is_wanted_anew = True
            supervised.process.kill()

    async def close(self) -> None:
        """Ends every actor."""
        processes = [one.process for one in self if one.process is not None]
        for process in processes:
            process.terminate()
        with anyio.move_on_after(STOPS_WITHIN_S):
            async with anyio.create_task_group() as tasks:
                for process in processes:
                    tasks.start_soon(process.ended)
        for process in processes:
            process.kill()
        if self._processes is not None:
            self._processes.close()

    async def _keep(self, supervised: Supervised) -> None:
        while True:
            supervised.is_wanted_anew, supervised.up_since = False, math.inf
            supervised.fell_by = await self._run(supervised)
            supervised.failing_with = ""
            if supervised.is_wanted_anew:
                supervised.fell_by = ""
                self._calls.fall(supervised.place.name, AGAIN, is_down=False)
                log.info("actor_restarted", actor=supervised.place.name)
            else:
                await self._back_off(supervised, max(0.0, time.monotonic() - supervised.up_since))
            supervised.restarts += 1

    async def _back_off(self, supervised: Supervised, up_s: float) -> None:
        """Lets some time pass after a fall, as long as its restarts tell."""
        verdict = supervised.budget.fell(time.monotonic(), up_s)
        supervised.state = "down" if verdict.is_down else "backing_off"
        why = "is down: it fell too often" if verdict.is_down else AGAIN
        self._calls.fall(supervised.place.name, why, is_down=verdict.is_down)
        level = log.error if verdict.is_down else log.warning
        level("actor_fell", actor=supervised.place.name, why=supervised.fell_by, wait_s=verdict.delay_s)
        supervised.hurry = anyio.Event()
        with anyio.move_on_after(verdict.delay_s):
            await supervised.hurry.wait()

    async def _run(self, supervised: Supervised) -> str:
        """Runs an actor's process until it ends, or is ended because it is silent; why it did."""
        assert self._processes is not None
        token = secrets.token_urlsafe(TOKEN_BYTES)
        supervised.state, supervised.token = "starting", token.encode()
        start = Start(
            name=supervised.place.name,
            actor=supervised.place.actor,
            endpoint=self._endpoint,
            token=token,
            memory_bytes_max=self._pace.memory_bytes_max,
            open_files_max=self._pace.open_files_max,
            secrets={
                name: os.fsencode(self._environ[name])
                for name in supervised.place.secrets & self._environ.keys()
            },
        )
        try:
            supervised.process = await self._processes.begin(start)
        except OSError as error:
            supervised.token = None
            return type(error).__name__
        supervised.heard_at = anyio.current_time()
        was_silent = anyio.Event()
        async with anyio.create_task_group() as watching:
            watching.start_soon(self._end_when_silent, supervised, supervised.process, was_silent)
            code = await supervised.process.ended()
            watching.cancel_scope.cancel()
        supervised.process, supervised.token = None, None
        if was_silent.is_set():
            return "silent"
        return "ended" if code is None else f"exit {code}"

    async def _end_when_silent(
        self, supervised: Supervised, process: ActorProcess, was_silent: anyio.Event
    ) -> None:
        while True:
            allowed = self._pace.silence_s_max if supervised.state == "up" else self._pace.start_s_max
            left = supervised.heard_at + allowed - anyio.current_time()
            if left <= 0:
                was_silent.set()
                process.kill()
                return
            # No longer, as one that registers meanwhile may be silent for so long from then on.
            await anyio.sleep(min(left, self._pace.silence_s_max))
