"""Calls of all actors: who serves, how long callers wait, and what they hear when nobody serves."""

from __future__ import annotations

import asyncio

import anyio
import anyio.lowlevel
import pytest
from msgspec import Raw

from pjai_wire.codec import Decoder
from pjai_wire.errors import (
    ActorFailed,
    Forbidden,
    NotFound,
    Overloaded,
    Stopping,
    TimedOut,
    Unavailable,
    UnknownMethod,
)
from pjai_wire.methods import ActorTakeResult
from pjaid.calls.calls import Calls

pytestmark = pytest.mark.anyio

PARAMS = Raw(b"\x81\xa1a\x01")
RESULT = b"\x81\xa1b\x02"
NOTES, WEATHER = b"notes' connection", b"weather's connection"
MINUTE_MS = 60_000

_call = Decoder(ActorTakeResult)


@pytest.fixture
async def calls() -> Calls:
    """Two actors, of which one is up."""
    made = Calls(("notes", "weather"), queue_max=2, within_ms_default=MINUTE_MS)
    made.register("notes", NOTES, frozenset({"notes.total", "notes.search"}))
    return made


def asked(calls: Calls, method: str = "notes.total", within_ms: int | None = None) -> asyncio.Future[bytes]:
    return calls.call(method, PARAMS, client="ada", within_ms=within_ms)


async def taken(calls: Calls, connection: bytes = NOTES) -> ActorTakeResult:
    """The next call that an actor is given."""
    with anyio.fail_after(10):
        return _call.decode(await calls.take(connection))


async def test_a_call_goes_to_the_actor_of_its_prefix_and_its_outcome_comes_back(calls: Calls) -> None:
    calls.register("weather", WEATHER, frozenset({"weather.today"}))
    answer = asked(calls, "weather.today", within_ms=MINUTE_MS)
    call = await taken(calls, WEATHER)
    assert (call.method, bytes(call.params), call.client) == ("weather.today", bytes(PARAMS), "ada")
    assert MINUTE_MS - 10_000 < call.within_ms <= MINUTE_MS
    calls.settle(WEATHER, call.call, RESULT)
    assert await answer == RESULT


async def test_an_actor_that_waits_is_given_the_next_call(calls: Calls) -> None:
    waiting = calls.take(NOTES)
    answer = asked(calls)
    call = _call.decode(await waiting)
    calls.settle(NOTES, call.call, NotFound("there is no such note"))
    with pytest.raises(NotFound, match="no such note"):
        await answer


async def test_only_prefixes_of_actors_are_served(calls: Calls) -> None:
    assert calls.serves("notes.total")
    assert calls.serves("weather.today"), "up or not"
    assert not calls.serves("query")
    assert not calls.serves("nobody.total")


async def test_a_method_that_an_actor_lacks_is_unknown_and_the_nearest_is_named(calls: Calls) -> None:
    with pytest.raises(UnknownMethod) as unknown:
        asked(calls, "notes.totl")
    assert "notes.total" in (unknown.value.hint or "")


async def test_calls_wait_for_an_actor_that_is_starting(calls: Calls) -> None:
    answer = asked(calls, "weather.today")
    calls.register("weather", WEATHER, frozenset({"weather.today"}))
    call = await taken(calls, WEATHER)
    calls.settle(WEATHER, call.call, RESULT)
    assert await answer == RESULT


async def test_more_calls_than_the_queue_holds_are_refused(calls: Calls) -> None:
    waiting = [asked(calls) for _ in range(2)]
    with pytest.raises(Overloaded):
        asked(calls)
    for answer in waiting:
        calls.settle(NOTES, (await taken(calls)).call, RESULT)
        assert await answer == RESULT


async def test_a_call_that_waits_past_its_deadline_is_never_given_out(calls: Calls) -> None:
    late = asked(calls, within_ms=1)
    with pytest.raises(TimedOut):
        await late
    asked(calls, "notes.search")
    assert (await taken(calls)).method == "notes.search"


async def test_a_call_that_is_carried_out_past_its_deadline_is_given_up(calls: Calls) -> None:
    late = asked(calls, within_ms=1)
    call = await taken(calls)
    with pytest.raises(TimedOut, match=r"notes\.total"):
        await late
    calls.settle(NOTES, call.call, RESULT)
    assert calls["notes"].desk.under_way == 0


async def test_a_caller_that_does_not_say_waits_as_long_as_is_usual() -> None:
    calls = Calls(("notes",), queue_max=2, within_ms_default=1)
    with pytest.raises(TimedOut):
        await asked(calls)


async def test_a_call_that_is_cancelled_is_given_up(calls: Calls) -> None:
    asked(calls).cancel()
    asked(calls, "notes.search")
    await anyio.lowlevel.checkpoint()
    assert (await taken(calls)).method == "notes.search"


async def test_an_actor_that_falls_fails_what_it_had_begun_and_the_next_serves_the_rest(calls: Calls) -> None:
    begun, waits = asked(calls), asked(calls, "notes.search")
    await taken(calls)
    calls.fall("notes", "is starting again", is_down=False)
    with pytest.raises(ActorFailed):
        await begun
    calls.register("notes", b"another", frozenset({"notes.search"}))
    calls.settle(b"another", (await taken(calls, b"another")).call, RESULT)
    assert await waits == RESULT


async def test_a_fallen_actor_s_wish_is_granted_to_nobody(calls: Calls) -> None:
    wish = calls.take(NOTES)
    calls.fall("notes", "is starting again", is_down=False)
    answer = asked(calls)
    assert wish.cancelled()
    assert not answer.done()
    assert calls["notes"].desk.waiting == 1


async def test_an_actor_that_is_down_refuses_what_waits_and_what_comes_until_it_is_up(calls: Calls) -> None:
    waiting = asked(calls)
    calls.fall("notes", "is down: it fell too often", is_down=True)
    with pytest.raises(Unavailable) as refused:
        await waiting
    assert refused.value.hint == "pjai actors restart notes"
    with pytest.raises(Unavailable, match="the actor notes is down"):
        asked(calls)
    calls.register("notes", b"another", frozenset({"notes.total"}))
    assert not asked(calls).done()


@pytest.mark.parametrize("connection", [b"a stranger's", WEATHER])
async def test_whoever_did_not_register_serves_nothing(calls: Calls, connection: bytes) -> None:
    answer = asked(calls)
    call = await taken(calls)
    for serving in (
        lambda: calls.take(connection),
        lambda: calls.settle(connection, call.call, RESULT),
        lambda: calls.name_of(connection),
    ):
        with pytest.raises(Forbidden):
            serving()
    assert not answer.done()


async def test_an_actor_cannot_settle_another_s_call(calls: Calls) -> None:
    calls.register("weather", WEATHER, frozenset({"weather.today"}))
    answer = asked(calls)
    call = await taken(calls)
    calls.settle(WEATHER, call.call, RESULT)
    assert not answer.done()


async def test_a_connection_that_was_replaced_serves_no_longer(calls: Calls) -> None:
    calls.register("notes", b"another", frozenset({"notes.total"}))
    with pytest.raises(Forbidden):
        calls.take(NOTES)


async def test_a_stop_lets_what_is_carried_out_end_and_begins_nothing(calls: Calls) -> None:
    under_way = asked(calls)
    call = await taken(calls)
    waits = asked(calls)
    calls.register("weather", WEATHER, frozenset({"weather.today"}))
    idle = calls.take(WEATHER)
    calls.stop()
    for stopped in (waits, idle):
        with pytest.raises(Stopping):
            await stopped
    with pytest.raises(Stopping):
        asked(calls)
    with pytest.raises(Stopping):
        calls.take(NOTES)
    calls.settle(NOTES, call.call, RESULT)
    assert await under_way == RESULT


async def test_an_actor_acts_for_those_whose_calls_it_carries_out(calls: Calls) -> None:
    answer = asked(calls)
    with pytest.raises(Forbidden):
        calls.check_asked_by(NOTES, "ada")
    call = await taken(calls)
    calls.check_asked_by(NOTES, "ada")
    with pytest.raises(Forbidden):
        calls.check_asked_by(NOTES, "bo")
    calls.settle(NOTES, call.call, RESULT)
    await answer
    with pytest.raises(Forbidden):
        calls.check_asked_by(NOTES, "ada")
