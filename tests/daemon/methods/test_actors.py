"""The methods by which actors serve, from the registration to the outcome of a call."""

from __future__ import annotations

import asyncio

import pytest
from msgspec import Raw

from pjai_wire.codec import Decoder, encode
from pjai_wire.errors import Forbidden, InternalError, InvalidValue, NotFound, PjaiError
from pjai_wire.methods import (
    ActorHeartbeatParams,
    ActorRegisterParams,
    ActorSettleParams,
    ActorsResult,
    ActorTakeParams,
    ActorTakeResult,
    Done,
    Outcome,
    Permissions,
)
from pjaid.calls.calls import Calls
from pjaid.methods.actors import ActorMethods
from pjaid.methods.clients import Clients
from pjaid.supervisor.supervisor import Pace, Supervisor
from pjaid.supervisor.tree import Place

pytestmark = pytest.mark.anyio

CONNECTION = b"the actor's"
TOKEN = "what the daemon gave it"  # noqa: S105 # nobody's
MAY = Permissions(methods=("count",))
RESULT = b"\x81\xa1b\x02"

_take = Decoder(ActorTakeResult)
_actors = Decoder(ActorsResult)


class House:
    """A daemon's part that has to do with actors; its one actor was begun by nobody."""

    def __init__(self) -> None:
        self.calls = Calls(("notes",), queue_max=5, within_ms_default=60_000)
        self.clients = Clients()
        pace = Pace(
            silence_s_max=1.0, start_s_max=1.0, restarts_max=5, memory_bytes_max=2**30, open_files_max=256
        )
        place = Place("notes", "notes_actor:notes")
        self.supervisor = Supervisor((place,), self.calls, "ipc:///nowhere", pace)
        (self.supervised,) = self.supervisor
        self.supervised.token = TOKEN.encode()
        self.methods = ActorMethods(
            self.calls,
            self.supervisor,
            self.clients,
            calls_at_once=4,
            long_calls_at_once=8,
            heartbeat_interval_ms=250,
            silence_ms_max=1_000,
            memory_of=lambda pid: pid,
        )

    def ask(self, method: str, params: object, connection: bytes = CONNECTION) -> asyncio.Future[bytes]:
        """The answer, where it may come later."""
        answer = self.methods.handlers[method](self.clients.get(connection), Raw(encode(params)))
        assert isinstance(answer, asyncio.Future)
        return answer

    def say(self, method: str, params: object, connection: bytes = CONNECTION) -> bytes:
        """The answer, where it comes at once."""
        answer = self.methods.handlers[method](self.clients.get(connection), Raw(encode(params)))
        assert isinstance(answer, bytes)
        return answer

    def register(self, token: str = TOKEN) -> None:
        self.say(
            "actor_register",
            ActorRegisterParams(name="notes", token=token, methods=("notes.total",), may=MAY),
        )

    async def outcome(self, **told: object) -> bytes:
        """What the caller is told of a call that the actor was given."""
        answer = self.calls.call("notes.total", Raw(b"\x80"), client="ada", within_ms=None)
        call = _take.decode(await self.ask("actor_take", ActorTakeParams()))
        self.ask("actor_take", {"outcome": {"call": call.call, **told}})
        return await answer


@pytest.fixture
async def house() -> House:
    return House()


async def test_an_actor_is_up_and_restricted_once_it_has_registered(house: House) -> None:
    house.register()
    client = house.clients.get(CONNECTION)
    assert (client.origin.client, client.may) == ("actor.notes", MAY)
    (told,) = _actors.decode(house.say("actors", {}, b"somebody's")).actors
    assert (told.name, told.state, told.methods) == ("notes", "up", ("notes.total",))


async def test_a_wrong_token_changes_nothing(house: House) -> None:
    with pytest.raises(Forbidden):
        house.register("guessed")
    assert house.clients.get(CONNECTION).may is None
    assert house.supervised.state == "starting"


async def test_params_that_do_not_fit_leave_the_token_good(house: House) -> None:
    with pytest.raises(InvalidValue):
        house.say("actor_register", {"name": "notes", "token": TOKEN, "methods": ["total"]})
    house.register()


async def test_a_result_reaches_the_caller_as_it_is(house: House) -> None:
    house.register()
    assert await house.outcome(result=Raw(RESULT)) == RESULT


@pytest.mark.parametrize(("said", "told"), [("", "notes"), ("weather", "weather")])
async def test_an_error_names_the_actor_that_it_comes_from_first(house: House, said: str, told: str) -> None:
    house.register()
    error = NotFound("there is no such note")
    error.actor = said
    with pytest.raises(NotFound, match="no such note") as missed:
        await house.outcome(error=error.body())
    assert missed.value.actor == told


async def test_an_error_that_the_contract_does_not_know_keeps_its_code(house: House) -> None:
    house.register()
    with pytest.raises(PjaiError) as failed:
        await house.outcome(error={"code": "out_of_ink", "message": "no ink", "retry": True})
    assert (failed.value.code, failed.value.actor) == ("out_of_ink", "notes")


async def test_an_outcome_that_says_nothing_is_a_defect_of_the_actor(house: House) -> None:
    house.register()
    with pytest.raises(InternalError) as failed:
        await house.outcome()
    assert failed.value.actor == "notes"


async def test_an_outcome_comes_by_itself_where_the_actor_took_another_call(house: House) -> None:
    house.register()
    answer = house.calls.call("notes.total", Raw(b"\x80"), client="ada", within_ms=None)
    call = _take.decode(await house.ask("actor_take", ActorTakeParams()))
    house.ask("actor_take", ActorTakeParams())
    told = Outcome(call=call.call, result=Raw(RESULT))
    assert house.say("actor_settle", ActorSettleParams(outcome=told)) == encode(Done())
    assert await answer == RESULT


async def test_a_connection_that_did_not_register_is_no_actor_s(house: House) -> None:
    house.register()
    for method, params in (
        ("actor_take", ActorTakeParams()),
        ("actor_take", ActorTakeParams(outcome=Outcome(call=1, result=Raw(RESULT)))),
        ("actor_settle", ActorSettleParams(outcome=Outcome(call=1, result=Raw(RESULT)))),
        ("actor_heartbeat", ActorHeartbeatParams()),
    ):
        with pytest.raises(Forbidden):
            house.say(method, params, b"somebody's")


async def test_a_sign_of_life_tells_the_last_error_in_the_actor_s_own_work(house: House) -> None:
    house.register()
    house.say("actor_heartbeat", ActorHeartbeatParams(last_error="unavailable"))
    (told,) = _actors.decode(house.say("actors", {}, b"somebody's")).actors
    assert told.last_error == "unavailable"


async def test_what_an_actor_tells_of_itself_is_measured_under_its_name(house: House) -> None:
    house.register()
    house.say("actor_heartbeat", ActorHeartbeatParams(counts={"calls": 7}, gauges={"open": 2}))
    measured = house.methods.metered
    assert measured.counts == {"actor:notes:calls": 7, "actor:notes:restarts": 0}
    assert measured.gauges == {
        "actor:notes:open": 2,
        "actor:notes:up": 1,
        "actor:notes:queue": 0,
        "actor:notes:calls_under_way": 0,
        "actor:notes:memory_bytes": 0,
    }
