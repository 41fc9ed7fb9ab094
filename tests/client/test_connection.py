from __future__ import annotations

import asyncio
import math
from typing import Any

import anyio
import pytest
from msgspec import Raw

import pjai
from pjai import v1
from pjai.connection import REQUESTS_SENT_MAX, SENDS_MAX
from pjai.exchange import ConnectionLost
from pjai_wire.codec import encode
from pjai_wire.errors import (
    InternalError,
    InvalidValue,
    LimitExceeded,
    NotFound,
    NotRunning,
    Overloaded,
    PjaiError,
    Stopping,
    TimedOut,
    UnsupportedVersion,
)
from pjai_wire.methods import NewEvent, Receipt
from tests.client.fake_daemon import FakeDaemon

EVENT = NewEvent(id="event", name="v1.PersonaActivated", args=Raw(encode({"id": "ada"})))
RECEIPT = Receipt(seq=7, commit_id="commit")
AROUND: list[object] = []
AROUND.append(AROUND)


class Answers:
    """The outcomes of requests that run beside the test."""

    def __init__(self) -> None:
        self.results: list[Any] = []
        self.errors: list[PjaiError] = []

    async def of(self, asking: Any) -> None:
        try:
            self.results.append(await asking)
        except PjaiError as error:
            self.errors.append(error)


async def test_answers_find_their_requests_in_any_order(fake: FakeDaemon) -> None:
    first, second = Answers(), Answers()
    async with pjai.connect(fake.endpoints.requests) as db, anyio.create_task_group() as tasks:
        tasks.start_soon(first.of, db.count(pjai.personas.all()))
        one = await fake.asked("count")
        tasks.start_soon(second.of, db.count(pjai.memories.all()))
        two = await fake.asked("count")
        await fake.answer(two, {"seq": 0, "count": 2})
        await fake.answer(one, {"seq": 0, "count": 1})
    assert (first.results, second.results) == ([1], [2])


async def test_the_client_introduces_itself_first(fake: FakeDaemon) -> None:
    async with pjai.connect(fake.endpoints.requests, client="notes", session="run-1") as db:
        assert db.hello.instance == "1"
    assert fake.greeted == [{"versions": {"min": 1, "max": 1}, "client": "notes", "session": "run-1"}]


async def test_an_error_in_the_answer_is_raised_as_its_class(fake: FakeDaemon) -> None:
    def missing(_: dict[str, Any]) -> object:
        raise NotFound("no such persona", hint="create it first")

    fake.answers["commit"] = missing
    async with pjai.connect(fake.endpoints.requests) as db:
        with pytest.raises(NotFound, match=r"no such persona \(create it first\)"):
            await db.commit(EVENT)


async def test_unknown_fields_in_an_answer_are_ignored(fake: FakeDaemon) -> None:
    fake.answers["count"] = lambda _: {"seq": 0, "count": 3, "cost": 1.5}
    async with pjai.connect(fake.endpoints.requests) as db:
        assert await db.count(pjai.personas.all()) == 3


async def test_an_answer_of_another_shape_is_an_error_that_says_so(fake: FakeDaemon) -> None:
    fake.answers["count"] = lambda _: {"seq": 0}
    async with pjai.connect(fake.endpoints.requests) as db:
        with pytest.raises(InternalError, match="does not fit the contract"):
            await db.count(pjai.personas.all())


async def test_a_message_that_is_no_reply_is_dropped(
    fake: FakeDaemon, caplog: pytest.LogCaptureFixture
) -> None:
    answers = Answers()
    async with pjai.connect(fake.endpoints.requests) as db, anyio.create_task_group() as tasks:
        tasks.start_soon(answers.of, db.count(pjai.personas.all()))
        request = await fake.asked("count")
        await fake.say(request, b"\xc1 noise")
        await fake.say(request, encode({"v": 1, "id": 999, "result": {}}))
        await fake.answer(request, {"seq": 0, "count": 1})
    assert answers.results == [1]
    assert "no reply" in caplog.text


async def test_a_commit_whose_answer_was_lost_is_sent_again_after_hello(fake: FakeDaemon) -> None:
    answers = Answers()
    async with pjai.connect(fake.endpoints.requests) as db, anyio.create_task_group() as tasks:
        tasks.start_soon(answers.of, db.commit(EVENT))
        before = await fake.asked("commit")
        fake.restart()
        again = await fake.asked("commit")
        assert len(fake.greeted) == 2
        await fake.answer(again, RECEIPT)
    assert before.params == again.params
    assert answers.results == [RECEIPT]


async def test_requests_wait_while_the_daemon_is_away_and_keep_their_order(fake: FakeDaemon) -> None:
    async with pjai.connect(fake.endpoints.requests) as db, anyio.create_task_group() as tasks:
        lost = Answers()
        tasks.start_soon(lost.of, db.count(pjai.personas.all()))
        await fake.asked("count")
        fake.stop()
        answers = Answers()
        for table in (pjai.memories, pjai.workflows):
            tasks.start_soon(answers.of, db.count(table.all()))
        await anyio.wait_all_tasks_blocked()
        fake.start()
        tables = []
        for _ in range(3):
            request = await fake.asked("count")
            tables.append(request.params["table"])
            await fake.answer(request, {"seq": 0, "count": 1})
    assert tables == ["personas", "memories", "workflows"]
    assert lost.results + answers.results == [1, 1, 1]


async def test_what_a_stopping_daemon_turned_away_goes_to_the_next_one(fake: FakeDaemon) -> None:
    answers = Answers()
    async with pjai.connect(fake.endpoints.requests) as db, anyio.create_task_group() as tasks:
        tasks.start_soon(answers.of, db.commit(EVENT))
        await fake.refuse(await fake.asked("commit"), Stopping("shutting down"))
        fake.restart()
        await fake.answer(await fake.asked("commit"), RECEIPT)
    assert answers.results == [RECEIPT]


async def test_a_request_that_ends_every_connection_is_given_up(fake: FakeDaemon) -> None:
    answers = Answers()
    async with pjai.connect(fake.endpoints.requests) as db, anyio.create_task_group() as tasks:
        tasks.start_soon(answers.of, db.commit(EVENT))
        for _ in range(SENDS_MAX):
            await fake.asked("commit")
            fake.restart()
    assert [type(error) for error in answers.errors] == [ConnectionLost]


async def test_a_late_answer_is_an_error_and_is_then_ignored(fake: FakeDaemon) -> None:
    async with pjai.connect(fake.endpoints.requests, timeout=math.inf) as db:
        with pytest.raises(TimedOut, match=r"no answer to commit within 0\.001 s"):
            await db.commit(EVENT, timeout=0.001)
        await fake.answer(await fake.asked("commit"), RECEIPT)
        fake.answers["commit"] = lambda _: RECEIPT
        assert await db.commit(EVENT) == RECEIPT


async def test_a_cancelled_request_frees_its_place(fake: FakeDaemon) -> None:
    async with pjai.connect(fake.endpoints.requests) as db:
        for _ in range(REQUESTS_SENT_MAX):
            with anyio.CancelScope() as scope:
                scope.cancel()
                await db.commit(EVENT)
        fake.answers["commit"] = lambda _: RECEIPT
        assert await db.commit(EVENT) == RECEIPT


async def test_a_flood_of_requests_is_sent_in_portions(fake: FakeDaemon) -> None:
    count, answers = 3 * REQUESTS_SENT_MAX, Answers()
    async with pjai.connect(fake.endpoints.requests) as db, anyio.create_task_group() as tasks:
        for _ in range(count):
            tasks.start_soon(answers.of, db.count(pjai.personas.all()))
        portion = [await fake.asked("count") for _ in range(REQUESTS_SENT_MAX)]
        assert fake.asked_nothing()
        fake.answers["count"] = lambda _: {"seq": 0, "count": 1}
        for request in portion:
            await fake.answer(request, {"seq": 0, "count": 1})
    assert len(answers.results) == count


async def test_too_many_waiting_requests_are_an_error(
    fake: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pjai.connection.REQUESTS_WAITING_MAX", 1)
    async with pjai.connect(fake.endpoints.requests) as db, anyio.create_task_group() as tasks:
        for _ in range(REQUESTS_SENT_MAX + 1):
            tasks.start_soon(Answers().of, db.count(pjai.personas.all()))
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(Overloaded):
            await db.health()
        tasks.cancel_scope.cancel()


async def test_a_request_that_the_daemon_would_not_read_is_not_sent(fake: FakeDaemon) -> None:
    fake.limits = {"messageBytes": 1_000}
    async with pjai.connect(fake.endpoints.requests) as db:
        with pytest.raises(LimitExceeded, match="the daemon takes 1000"):
            await db.document("notes").merge({"text": "x" * 1_000})
    assert fake.asked_nothing()


async def test_no_daemon_is_an_error_that_says_how_to_start_one() -> None:
    with pytest.raises(NotRunning, match=r"no daemon answers at ipc:///nowhere.*`pjaid`.*PJAI_ENDPOINT"):
        async with pjai.connect("ipc:///nowhere/requests.sock", wait=0.001):
            pass


async def test_an_endpoint_that_is_none_is_an_error() -> None:
    with pytest.raises(InvalidValue, match="cannot connect to 'somewhere'"):
        async with pjai.connect("somewhere"):
            pass


async def test_a_daemon_of_another_protocol_is_an_error(fake: FakeDaemon) -> None:
    def refuse(_: dict[str, Any]) -> object:
        raise UnsupportedVersion("no version in common")

    fake.answers["hello"] = refuse
    with pytest.raises(UnsupportedVersion):
        async with pjai.connect(fake.endpoints.requests):
            pass


async def test_a_daemon_that_was_replaced_by_another_protocol_fails_every_request(fake: FakeDaemon) -> None:
    def refuse(_: dict[str, Any]) -> object:
        raise UnsupportedVersion("no version in common")

    answers = Answers()
    async with pjai.connect(fake.endpoints.requests) as db, anyio.create_task_group() as tasks:
        tasks.start_soon(answers.of, db.commit(EVENT))
        await fake.asked("commit")
        fake.answers["hello"] = refuse
        fake.restart()
    assert [type(error) for error in answers.errors] == [UnsupportedVersion]


async def test_a_daemon_that_cannot_answer_yet_is_greeted_again(fake: FakeDaemon) -> None:
    def busy(_: dict[str, Any]) -> object:
        fake.answers["hello"] = lambda _: fake.hello()
        raise Overloaded("busy")

    fake.answers["hello"] = busy
    async with pjai.connect(fake.endpoints.requests):
        assert len(fake.greeted) == 2


async def test_what_is_under_way_fails_when_the_connection_is_closed(fake: FakeDaemon) -> None:
    answers = Answers()
    async with anyio.create_task_group() as tasks:
        async with pjai.connect(fake.endpoints.requests) as db:
            tasks.start_soon(answers.of, db.commit(EVENT))
            await fake.asked("commit")
        with pytest.raises(ConnectionLost, match="closed"):
            await db.health()
    assert [type(error) for error in answers.errors] == [ConnectionLost]


async def test_another_event_loop_is_told_that_the_connection_is_not_its_own(fake: FakeDaemon) -> None:
    async with pjai.connect(fake.endpoints.requests) as db:

        async def elsewhere() -> None:
            await db.health(timeout=0.001)

        with pytest.raises(RuntimeError, match="belongs to another event loop"):
            await anyio.to_thread.run_sync(asyncio.run, elsewhere())


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (object(), "type object"),
        ("secret \ud800", "half of a surrogate pair"),
        (2**70, "more than 64 bits"),
        (AROUND, "nested too deeply"),
    ],
)
async def test_what_cannot_travel_is_an_error_without_the_value(
    fake: FakeDaemon, value: object, problem: str
) -> None:
    async with pjai.connect(fake.endpoints.requests) as db:
        with pytest.raises(InvalidValue, match=problem) as caught:
            await db.document("notes").merge({"value": value})
        with pytest.raises(InvalidValue, match=problem):
            await db.commit(v1.UserPreferenceSet(id="a", value=value))
    assert "secret" not in str(caught.value)
    assert fake.asked_nothing()
