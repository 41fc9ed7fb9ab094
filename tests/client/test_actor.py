"""Actors: what their author declares, and how they serve a daemon."""

from __future__ import annotations

import asyncio
import itertools
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from msgspec import Struct

from pjai import Database, memories
from pjai import serving as serving_module
from pjai.actor import Actor, Periodic, Permissions, caller
from pjai.opening import ANSWER_TIMEOUT_S
from pjai.serving import RESULT_BYTES_MAX, Doings, StrayCancellation, serve
from pjai_wire.errors import Forbidden, NotFound, Overloaded, PjaiError, TimedOut
from pjai_wire.methods import CountResult, Done, Params, Result
from tests.client.fake_daemon import Asked, FakeDaemon

SECRET = "what nobody but the caller may read"  # noqa: S105 # what a test looks for, not what it guards
MINUTE_MS = 60_000


class TotalParams(Params, frozen=True, kw_only=True):
    persona_id: str


class TotalResult(Result, frozen=True, kw_only=True):
    total: int


class Text(Result, frozen=True, kw_only=True):
    text: str


class FakeClock:
    """Moves when a test says so."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._fell_asleep = anyio.Event()
        self._wake = anyio.Event()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._fell_asleep.set()
        await self._wake.wait()

    async def tick(self) -> None:
        """Waits until somebody sleeps, and wakes them."""
        with anyio.fail_after(10):
            await self._fell_asleep.wait()
        self._fell_asleep, wake = anyio.Event(), self._wake
        self._wake = anyio.Event()
        wake.set()


@pytest.fixture
def notes() -> Actor:
    return Actor("notes", may=Permissions(methods=("count",)))


def agreed(**otherwise: int) -> dict[str, int]:
    """What an actor is told when it registers."""
    return {
        "callsAtOnce": 1,
        "longCallsAtOnce": 9,
        "heartbeatIntervalMs": MINUTE_MS,
        "silenceMsMax": MINUTE_MS,
        **otherwise,
    }


@asynccontextmanager
async def serving(
    fake: FakeDaemon, actor: Actor, clock: FakeClock | None = None, *, answers_heartbeats: bool = True
) -> AsyncIterator[None]:
    """The actor serves the fake daemon inside the block."""
    fake.answers.setdefault("actor_register", lambda _: agreed())
    if answers_heartbeats:
        fake.answers.setdefault("actor_heartbeat", lambda _: Done())
    async with anyio.create_task_group() as tasks:

        async def run() -> None:
            await serve(actor, endpoint=fake.endpoints.requests, token="t", clock=clock)  # noqa: S106 # nobody's

        tasks.start_soon(run)
        yield
        tasks.cancel_scope.cancel()


async def give(fake: FakeDaemon, take: Asked, params: object, *, within_ms: int = MINUTE_MS) -> None:
    """Answers an actor's wish with a call of `notes.total`."""
    call = {"call": 4, "method": "notes.total", "params": params, "withinMs": within_ms, "client": "ada"}
    await fake.answer(take, call)


async def outcome_of(
    fake: FakeDaemon, actor: Actor, params: object, *, within_ms: int = MINUTE_MS
) -> dict[str, Any]:
    """What the actor makes of a call."""
    async with serving(fake, actor):
        with anyio.fail_after(10):
            await give(fake, await fake.asked("actor_take"), params, within_ms=within_ms)
            outcome: dict[str, Any] = (await fake.asked("actor_take")).params["outcome"]
    assert outcome["call"] == 4
    return outcome


def test_a_method_is_named_by_the_actor_and_the_function(notes: Actor) -> None:
    @notes.serves
    async def total(_db: Database, _params: TotalParams) -> TotalResult:
        return TotalResult(total=0)

    assert {name: handler.params for name, handler in notes.handlers.items()} == {"notes.total": TotalParams}
    assert notes.handlers["notes.total"].carry_out is total


def test_work_of_its_own_stays_a_function(notes: Actor) -> None:
    @notes.every(60)
    async def tidy(_db: Database) -> None: ...

    @notes.runs
    async def follow(_db: Database) -> None: ...

    assert [(periodic.seconds, periodic.do) for periodic in notes.periodic] == [(60, tidy)]
    assert notes.lasting == [follow]


async def test_a_handler_knows_who_called(fake: FakeDaemon, notes: Actor) -> None:
    @notes.serves
    async def total(_db: Database, _params: TotalParams) -> Text:
        return Text(text=caller())

    outcome = await outcome_of(fake, notes, {"personaId": "p"})
    assert outcome["result"] == {"text": "ada"}
    with pytest.raises(LookupError):
        caller()


async def test_it_registers_with_what_it_declares(fake: FakeDaemon, notes: Actor) -> None:
    @notes.serves
    async def total(_db: Database, _params: TotalParams) -> TotalResult:
        return TotalResult(total=0)

    registered: list[dict[str, Any]] = []

    def register(params: dict[str, Any]) -> object:
        registered.append(params)
        return agreed()

    fake.answers["actor_register"] = register
    async with serving(fake, notes):
        await fake.asked("actor_take")
    assert registered == [
        {
            "name": "notes",
            "token": "t",
            "methods": ["notes.total"],
            "may": {"methods": ["count"], "events": []},
        }
    ]
    assert [hello["client"] for hello in fake.greeted] == ["actor.notes"]


async def test_it_keeps_as_many_wishes_waiting_as_were_agreed(fake: FakeDaemon, notes: Actor) -> None:
    @notes.serves
    async def total(_db: Database, _params: TotalParams) -> TotalResult:
        return TotalResult(total=0)

    fake.answers["actor_register"] = lambda _: agreed(callsAtOnce=3)
    async with serving(fake, notes):
        takes = [await fake.asked("actor_take") for _ in range(3)]
    assert [take.params for take in takes] == [{}, {}, {}]


async def test_a_call_is_carried_out_with_the_daemon_s_help(fake: FakeDaemon, notes: Actor) -> None:
    @notes.serves
    async def total(db: Database, params: TotalParams) -> TotalResult:
        return TotalResult(total=await db.count(memories.where(persona_id=params.persona_id)))

    fake.answers["count"] = lambda _: CountResult(seq=1, count=3)
    outcome = await outcome_of(fake, notes, {"personaId": "ada"})
    assert outcome["result"] == {"total": 3}


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "invalid_value"),
        ({"personaId": 7}, "invalid_value"),
        ({"personaId": "a", "x": 1}, "unknown_field"),
    ],
)
async def test_params_that_do_not_fit_are_refused_before_the_function_sees_them(
    fake: FakeDaemon, notes: Actor, params: object, code: str
) -> None:
    seen: list[Struct] = []

    @notes.serves
    async def total(_db: Database, params: TotalParams) -> TotalResult:
        seen.append(params)
        return TotalResult(total=0)

    outcome = await outcome_of(fake, notes, params)
    assert (outcome["error"]["code"], seen) == (code, [])


@pytest.mark.parametrize("error", [NotFound("there is no such persona", hint="make it"), Forbidden("no")])
async def test_a_typed_error_goes_to_the_caller_as_it_is(
    fake: FakeDaemon, notes: Actor, error: PjaiError
) -> None:
    @notes.serves
    async def total(_db: Database, _params: TotalParams) -> TotalResult:
        raise error

    outcome = await outcome_of(fake, notes, {"personaId": "ada"})
    told = outcome["error"]
    assert (told["code"], told["message"], told.get("hint", "")) == (error.code, error.message, error.hint)


async def test_a_defect_goes_to_the_caller_and_the_log_without_its_text(
    fake: FakeDaemon, notes: Actor, caplog: pytest.LogCaptureFixture
) -> None:
    @notes.serves
    async def total(_db: Database, _params: TotalParams) -> TotalResult:
        raise ValueError(SECRET)

    with caplog.at_level(logging.DEBUG):
        outcome = await outcome_of(fake, notes, {"personaId": "ada"})
    assert outcome["error"]["code"] == "internal"
    assert SECRET not in repr(outcome)
    assert re.search(r"notes\.total failed: ValueError < test_actor\.py:\d+ total < ", caplog.text)
    assert SECRET not in caplog.text


async def test_a_result_that_cannot_travel_is_an_error(fake: FakeDaemon, notes: Actor) -> None:
    @notes.serves
    async def total(_db: Database, _params: TotalParams) -> Text:
        return Text(text="x" * RESULT_BYTES_MAX)

    outcome = await outcome_of(fake, notes, {"personaId": "ada"})
    assert outcome["error"]["code"] == "limit_exceeded"


@pytest.mark.parametrize(
    "error",
    [NotFound("x" * RESULT_BYTES_MAX), NotFound("\udcff"), NotFound(ValueError("no"))],  # type: ignore[arg-type] # as an author may err
)
async def test_an_error_that_cannot_travel_is_told_as_another(
    fake: FakeDaemon, notes: Actor, error: PjaiError
) -> None:
    @notes.serves
    async def total(_db: Database, _params: TotalParams) -> TotalResult:
        raise error

    outcome = await outcome_of(fake, notes, {"personaId": "ada"})
    assert outcome["error"]["code"] == "internal"


async def await_what_was_cancelled() -> None:
    cancelled = asyncio.ensure_future(asyncio.sleep(MINUTE_MS))
    cancelled.cancel()
    await cancelled


async def test_a_call_that_awaits_what_was_cancelled_fails_alone(
    fake: FakeDaemon, notes: Actor, caplog: pytest.LogCaptureFixture
) -> None:
    @notes.serves
    async def total(_db: Database, _params: TotalParams) -> TotalResult:
        await await_what_was_cancelled()
        raise AssertionError

    with caplog.at_level(logging.DEBUG):
        outcome = await outcome_of(fake, notes, {"personaId": "ada"})
    assert outcome["error"]["code"] == "internal"
    assert "notes.total failed: StrayCancellation" in caplog.text


async def test_what_its_caller_no_longer_waits_for_is_cancelled(fake: FakeDaemon, notes: Actor) -> None:
    was_cancelled = anyio.Event()

    @notes.serves
    async def total(_db: Database, _params: TotalParams) -> TotalResult:
        try:
            await anyio.sleep_forever()
        finally:
            was_cancelled.set()
        raise AssertionError

    outcome = await outcome_of(fake, notes, {"personaId": "ada"}, within_ms=1)
    assert outcome["error"]["code"] == "timed_out"
    assert was_cancelled.is_set()


async def test_other_calls_are_taken_while_one_takes_long(fake: FakeDaemon, notes: Actor) -> None:
    fake.answers["actor_register"] = lambda _: agreed(longCallsAtOnce=1)
    go_on = anyio.Event()

    @notes.serves_long
    async def total(_db: Database, _params: TotalParams) -> TotalResult:
        await go_on.wait()
        return TotalResult(total=3)

    async with serving(fake, notes):
        with anyio.fail_after(10):
            await give(fake, await fake.asked("actor_take"), {"personaId": "ada"})
            second = await fake.asked("actor_take")
            assert second.params == {}
            await give(fake, second, {"personaId": "ada"})
            third = await fake.asked("actor_take")
            assert third.params["outcome"]["error"]["code"] == "overloaded"
            go_on.set()
            settled = await fake.asked("actor_settle")
            assert settled.params == {"outcome": {"call": 4, "result": {"total": 3}}}
            await fake.answer(settled, Done())
            await give(fake, third, {"personaId": "ada"})
            assert (await fake.asked("actor_take")).params == {}


async def test_periodic_work_is_done_at_once_and_after_each_pause(fake: FakeDaemon, notes: Actor) -> None:
    done: list[str] = []

    @notes.every(300)
    async def tidy(_db: Database) -> None:
        done.append("tidied")

    clock = FakeClock()
    async with serving(fake, notes, clock):
        await clock.tick()
        assert done == ["tidied"]
        await clock.tick()
        assert done == ["tidied", "tidied"]
    assert clock.slept[:2] == [300, 300]


@pytest.mark.parametrize(
    ("error", "told"), [(NotFound(SECRET), "not_found"), (ValueError(SECRET), "ValueError")]
)
async def test_periodic_work_that_fails_is_told_with_the_next_sign_of_life_and_done_again(
    fake: FakeDaemon, notes: Actor, error: Exception, told: str
) -> None:
    times = 0
    heard: list[str] = []
    is_told = anyio.Event()

    @notes.every(300)
    async def tidy(_db: Database) -> None:
        nonlocal times
        times += 1
        raise error

    def hear(params: dict[str, Any]) -> object:
        heard.append(params.get("lastError", ""))
        if heard[-1]:
            is_told.set()
        return Done()

    fake.answers["actor_register"] = lambda _: agreed(heartbeatIntervalMs=1)
    fake.answers["actor_heartbeat"] = hear
    clock = FakeClock()
    async with serving(fake, notes, clock):
        await clock.tick()
        await clock.tick()
        with anyio.fail_after(10):
            await is_told.wait()
    assert times >= 2
    assert heard[-1] == told


def test_the_last_error_is_of_work_that_has_not_succeeded_since(notes: Actor) -> None:
    tidying, counting = Periodic(1, _nothing), Periodic(2, _nothing)
    doings = Doings(notes)
    told = []
    for periodic, error in (
        (tidying, "not_found"),
        (counting, "conflict"),
        (tidying, "timed_out"),
        (tidying, ""),
        (counting, ""),
    ):
        doings.ran(periodic, error)
        told.append(doings.sign_of_life().last_error)
    assert told == ["not_found", "conflict", "timed_out", "conflict", ""]
    assert (doings.runs, doings.run_errors) == (5, 3)


async def _nothing(_db: Database) -> None: ...


async def test_periodic_work_that_always_fails_is_logged_ever_more_seldom(
    fake: FakeDaemon, notes: Actor, caplog: pytest.LogCaptureFixture
) -> None:
    errors = itertools.chain([ValueError(SECRET)] * 5, itertools.repeat(KeyError(SECRET)))

    @notes.every(300)
    async def tidy(_db: Database) -> None:
        raise next(errors)

    clock = FakeClock()
    async with serving(fake, notes, clock):
        for _ in range(6):
            await clock.tick()
    told = [record.getMessage() for record in caplog.records[:4]]
    assert [(line.split()[3], line.partition("(")[2]) for line in told] == [
        *(("ValueError", f"{times} times)") for times in (1, 2, 4)),
        ("KeyError", "1 times)"),
    ]
    assert all("< test_actor.py:" in line for line in told), "where it came up"


async def test_the_log_is_told_of_typed_errors_but_those_that_pass(
    fake: FakeDaemon, notes: Actor, caplog: pytest.LogCaptureFixture
) -> None:
    errors = itertools.chain([Overloaded(SECRET)] * 2, itertools.repeat(NotFound(SECRET)))

    @notes.every(300)
    async def tidy(_db: Database) -> None:
        raise next(errors)

    clock = FakeClock()
    async with serving(fake, notes, clock):
        for _ in range(3):
            await clock.tick()
    assert caplog.records[0].getMessage().startswith("periodic work failed: not_found < test_actor.py:")
    assert SECRET not in caplog.text


@pytest.mark.parametrize("interval_s", [0.0, 0.1], ids=["long after the last figures", "soon after them"])
async def test_what_was_done_is_told_before_the_next_sign_of_life_is_due(
    fake: FakeDaemon, notes: Actor, monkeypatch: pytest.MonkeyPatch, interval_s: float
) -> None:
    monkeypatch.setattr(serving_module, "FIGURES_INTERVAL_S", interval_s)
    heard: list[dict[str, Any]] = []

    def hear(params: dict[str, Any]) -> Done:
        heard.append(params)
        return Done()

    @notes.serves
    async def total(_db: Database, _params: TotalParams) -> TotalResult:
        return TotalResult(total=0)

    fake.answers["actor_heartbeat"] = hear

    async with serving(fake, notes):
        with anyio.fail_after(30):
            await give(fake, await fake.asked("actor_take"), {"personaId": "ada"})
            while len(heard) < 2:
                await anyio.lowlevel.checkpoint()
    assert [told["counts"]["calls"] for told in heard] == [0, 1]


async def test_periodic_work_that_awaits_what_was_cancelled_is_done_again(
    fake: FakeDaemon, notes: Actor
) -> None:
    times = 0

    @notes.every(300)
    async def tidy(_db: Database) -> None:
        nonlocal times
        times += 1
        await await_what_was_cancelled()

    clock = FakeClock()
    async with serving(fake, notes, clock):
        await clock.tick()
        await clock.tick()
    assert times >= 2


async def test_lasting_work_that_awaits_what_was_cancelled_tells_so(fake: FakeDaemon, notes: Actor) -> None:
    @notes.runs
    async def follow(_db: Database) -> None:
        await await_what_was_cancelled()

    with pytest.raises(ExceptionGroup) as ended, anyio.fail_after(10):
        async with serving(fake, notes):
            await anyio.sleep_forever()
    assert isinstance(_leaf(ended.value), StrayCancellation)


async def test_work_that_was_to_last_and_ends_makes_the_actor_begin_anew(
    fake: FakeDaemon, notes: Actor
) -> None:
    @notes.runs
    async def follow(_db: Database) -> None: ...

    with pytest.raises(ExceptionGroup) as ended:
        async with serving(fake, notes):
            await anyio.sleep_forever()
    assert "work of notes ended" in repr(_leaf(ended.value))


async def test_an_actor_that_the_daemon_does_not_take_ends(fake: FakeDaemon, notes: Actor) -> None:
    def refuse(_: dict[str, Any]) -> object:
        raise Forbidden("this is not the token of that actor")

    fake.answers["actor_register"] = refuse
    with pytest.raises(ExceptionGroup) as ended:
        async with serving(fake, notes):
            await anyio.sleep_forever()
    assert isinstance(_leaf(ended.value), Forbidden)


async def test_an_actor_ends_when_the_daemon_gives_no_sign_of_life(fake: FakeDaemon, notes: Actor) -> None:
    fake.answers["actor_register"] = lambda _: agreed(silenceMsMax=1)
    with pytest.raises(ExceptionGroup) as ended, anyio.fail_after(10):
        async with serving(fake, notes, answers_heartbeats=False):
            await anyio.sleep_forever()
    assert isinstance(_leaf(ended.value), TimedOut)


async def test_what_an_actor_asks_is_not_waited_for_for_ever(fake: FakeDaemon, notes: Actor) -> None:
    timeouts: list[float] = []

    @notes.runs
    async def follow(db: Database) -> None:
        timeouts.append(db.connection.timeout)
        await anyio.sleep_forever()

    async with serving(fake, notes):
        with anyio.fail_after(10):
            while not timeouts:
                await anyio.lowlevel.checkpoint()
    assert timeouts == [ANSWER_TIMEOUT_S]


def _leaf(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
