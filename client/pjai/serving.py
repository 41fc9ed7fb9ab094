"""Owns the serving of an actor: registered with a daemon, taking calls, giving signs of life."""

from __future__ import annotations

import asyncio
import logging
import math
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import anyio
from anyio.abc import TaskGroup
from msgspec import UNSET, Raw, UnsetType

from pjai.actor import Actor, Periodic, Work, called_by
from pjai.connection import Connection
from pjai.database import Database
from pjai.opening import connect
from pjai_wire import limits
from pjai_wire.codec import Decoder, encode
from pjai_wire.errors import (
    ErrorBody,
    InternalError,
    LimitExceeded,
    Overloaded,
    PjaiError,
    TimedOut,
    UnknownMethod,
)
from pjai_wire.methods import (
    ACTOR_HEARTBEAT,
    ACTOR_REGISTER,
    ACTOR_SETTLE,
    ACTOR_TAKE,
    ActorHeartbeatParams,
    ActorRegisterParams,
    ActorRegisterResult,
    ActorSettleParams,
    ActorTakeParams,
    ActorTakeResult,
    Outcome,
)

RESULT_BYTES_MAX = limits.PARAMS_BYTES_MAX - 1_000
"""An outcome travels as params, which name the call too."""

ERROR_BYTES_MAX = 2**16
"""Of an error as it travels."""

FIGURES_INTERVAL_S = 0.9
"""Between two signs of life that tell figures; the metrics actor looks once a second."""

FRAMES_TOLD_MAX = 5
"""Innermost frames of an exception that the log is told."""

_log = logging.getLogger("pjai.actor")


class Clock(Protocol):
    """By which periodic work is done."""

    async def sleep(self, seconds: float) -> None:
        """Returns when so much time has passed."""


class SystemClock:
    """The machine's."""

    async def sleep(self, seconds: float) -> None:
        """Returns when so much time has passed."""
        await anyio.sleep(seconds)


class Doings:
    """What an actor has done since it began, for its next sign of life.

    Args:
        actor: counts for itself too.
    """

    def __init__(self, actor: Actor) -> None:
        self._actor = actor
        self.calls = 0
        self.call_errors = 0
        self.long_calls = 0
        """Under way."""
        self.runs = 0
        """Of periodic work."""
        self.run_errors = 0
        self._failing: dict[Periodic, str] = {}
        self._told_at = -math.inf
        self._news = anyio.Event()
        """Set once there was a call, or work of its own failed, or did no longer, since figures were told."""

    def count(self, outcome: Outcome) -> None:
        """A call is over."""
        self.calls += 1
        self.call_errors += outcome.error is not UNSET
        self._news.set()

    def ran(self, periodic: Periodic, error: str = "") -> None:
        """Work of its own was done, or failed."""
        self.runs += 1
        was_failing = self._failing.pop(periodic, None) is not None
        if error:
            self.run_errors += 1
            self._failing[periodic] = error
        if error or was_failing:
            # That all goes well as before is told in time, and would wake an actor that rests.
            self._news.set()

    async def worth_telling(self) -> None:
        """Waits until there is something new to tell, and figures may be told again."""
        await self._news.wait()
        await anyio.sleep(max(0.0, self._told_at + FIGURES_INTERVAL_S - time.monotonic()))

    @property
    def last_error(self) -> str:
        """The latest in work of its own that has not succeeded since."""
        return next(reversed(self._failing.values()), "")

    def sign_of_life(self) -> ActorHeartbeatParams:
        """What to tell of them: figures now and then, as they take longer to tell than that all is well."""
        if time.monotonic() < self._told_at + FIGURES_INTERVAL_S:
            return ActorHeartbeatParams(last_error=self.last_error)
        self._told_at, self._news = time.monotonic(), anyio.Event()
        counts = {
            "calls": self.calls,
            "call_errors": self.call_errors,
            "runs": self.runs,
            "run_errors": self.run_errors,
            "cpu_us": time.process_time_ns() // 1000,
        }
        return ActorHeartbeatParams(
            last_error=self.last_error, counts={**self._actor.counts, **counts}, gauges=self._actor.gauges
        )


async def serve(actor: Actor, *, endpoint: str, token: str, clock: Clock | None = None) -> None:
    """Serves a daemon until it is cancelled.

    Args:
        actor: what to serve.
        endpoint: the daemon's request socket.
        token: what the daemon gave this process.
        clock: by which periodic work is done.

    Raises:
        PjaiError: the daemon does not take it, or is gone, or silent.
    """
    async with connect(endpoint, client=f"actor.{actor.name}") as db:
        connection = db.connection
        register = ActorRegisterParams(
            name=actor.name, token=token, methods=tuple(actor.handlers), may=actor.may
        )
        agreed = await connection.call(ACTOR_REGISTER, register)
        actor.settings = agreed.settings
        doings = Doings(actor)
        async with anyio.create_task_group() as tasks:
            for _ in range(agreed.calls_at_once if actor.handlers else 0):
                tasks.start_soon(_take_calls, actor, db, agreed.long_calls_at_once, doings, tasks)
            for periodic in actor.periodic:
                tasks.start_soon(_repeat, periodic, db, clock or SystemClock(), doings)
            for work in actor.lasting:
                tasks.start_soon(_last, actor, work, db)
            tasks.start_soon(_give_signs_of_life, connection, agreed, doings)


async def _take_calls(
    actor: Actor, db: Database, long_calls_max: int, doings: Doings, tasks: TaskGroup
) -> None:
    outcome: Outcome | UnsetType = UNSET
    while True:
        call = await db.connection.call(ACTOR_TAKE, ActorTakeParams(outcome=outcome), math.inf)
        handler = actor.handlers.get(call.method)
        if handler is None or not handler.is_long:
            outcome = await _carried_out(actor, db, call)
            doings.count(outcome)
        elif doings.long_calls < long_calls_max:
            doings.long_calls += 1
            tasks.start_soon(_carry_out_long, actor, db, call, doings)
            outcome = UNSET
        else:
            too_many = Overloaded(f"{long_calls_max} calls that take long are under way", hint="wait")
            outcome = Outcome(call=call.call, error=too_many.body())
            doings.count(outcome)


async def _carry_out_long(actor: Actor, db: Database, call: ActorTakeResult, doings: Doings) -> None:
    outcome = await _carried_out(actor, db, call)
    doings.long_calls -= 1
    doings.count(outcome)
    await db.connection.call(ACTOR_SETTLE, ActorSettleParams(outcome=outcome))


async def _carried_out(actor: Actor, db: Database, call: ActorTakeResult) -> Outcome:
    try:
        handler = actor.handlers.get(call.method)
        if handler is None:
            # It was asked for before anybody knew what this actor serves.
            raise UnknownMethod.near(f"there is no method {call.method!r}", call.method, actor.handlers)  # noqa: TRY301 # as if it were the handler's
        params = Decoder(handler.params, "params").decode(call.params)
        with _uncancelled(), called_by(call.client), anyio.fail_after(call.within_ms / 1000):
            result = await handler.carry_out(db, params)
        encoded = encode(result)
        if len(encoded) > RESULT_BYTES_MAX:
            raise LimitExceeded(f"the actor's result has more than {RESULT_BYTES_MAX} bytes")  # noqa: TRY301 # as if it were the handler's
        return Outcome(call=call.call, result=Raw(encoded))
    except Exception as error:
        return Outcome(call=call.call, error=_told_of(_problem(call.method, error)))


class StrayCancellation(Exception):
    """What was awaited had been cancelled, and not whoever awaited it."""


@contextmanager
def _uncancelled() -> Iterator[None]:
    """Makes a cancellation that nobody asked for an error; as it is, it would end the whole actor.

    Raises:
        StrayCancellation: what was awaited inside had been cancelled.
    """
    try:
        yield
    except asyncio.CancelledError as cancelled:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise StrayCancellation from cancelled


def _problem(method: str, error: Exception) -> PjaiError:
    if isinstance(error, PjaiError):
        return error
    if isinstance(error, TimeoutError):
        return TimedOut(f"{method} took too long")
    _log.error("%s failed: %s", method, _outline(error))
    return InternalError(f"the actor failed at {method}", hint="see the daemon's log")


def _outline(error: Exception) -> str:
    """Which error it is and where it came up, without its text, which may quote a user's content."""
    frames = traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), lookup_lines=False)
    places = (f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in frames[-FRAMES_TOLD_MAX:])
    return " < ".join((_kind(error), *reversed([*places])))


def _kind(error: Exception) -> str:
    return error.code if isinstance(error, PjaiError) else type(error).__name__


def _told_of(problem: PjaiError) -> ErrorBody:
    """An error as it travels: its texts are the actor's, so it may be one that cannot."""
    body = problem.body()
    try:
        if len(encode(body)) <= ERROR_BYTES_MAX:
            return body
        why_not = f"has more than {ERROR_BYTES_MAX} bytes"
    except (TypeError, ValueError):
        why_not = "is no text"
    return InternalError(f"the actor failed, and its error {why_not}").body()


async def _repeat(periodic: Periodic, db: Database, clock: Clock, doings: Doings) -> None:
    times: Counter[str] = Counter()
    while True:
        try:
            with _uncancelled():
                await periodic.do(db)
            doings.ran(periodic)
        except Exception as error:
            kind = _kind(error)
            doings.ran(periodic, kind)
            times[kind] += 1
            # Each time that it is twice as often: it may fail for ever. What passes by itself is no news.
            if times[kind].bit_count() == 1 and not (isinstance(error, PjaiError) and error.retry):
                _log.error("periodic work failed: %s (%d times)", _outline(error), times[kind])
        await clock.sleep(periodic.seconds)


async def _last(actor: Actor, work: Work, db: Database) -> None:
    with _uncancelled():
        await work(db)
    raise InternalError(f"work of {actor.name} ended that was to last")


async def _give_signs_of_life(connection: Connection, agreed: ActorRegisterResult, doings: Doings) -> None:
    while True:
        # A daemon that hangs may have lost what this actor waits for: the next process asks anew.
        await connection.call(ACTOR_HEARTBEAT, doings.sign_of_life(), agreed.silence_ms_max / 1000)
        with anyio.move_on_after(agreed.heartbeat_interval_ms / 1000):
            await doings.worth_telling()
