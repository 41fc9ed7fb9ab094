from __future__ import annotations

from collections.abc import AsyncIterator

import anyio
import pytest
from msgspec import Raw
from msgspec.structs import replace

import pjai
from pjai import BrokenTrail, Database, v1
from pjai.trail import EventFilter, check
from pjai_wire.chain import ORIGIN, arguments_hash, link
from pjai_wire.codec import encode
from pjai_wire.envelope import NIL, LiveUpdate
from pjai_wire.errors import InvalidQuery
from pjai_wire.methods import LoggedEvent
from tests.client.fake_daemon import FakeDaemon

COLUMNS = [column.name for column in pjai.personas.default_columns]
WATCHED = {"topic": "t", "pulse": "p", "seq": 9, "columns": COLUMNS, "rows": []}
ARGUMENTS = encode({"id": "ada"})
HASH = arguments_hash(ARGUMENTS)
EVENT = LoggedEvent(
    seq=1,
    id="e1",
    commit_id="c1",
    name="v1.PersonaActivated",
    args=Raw(ARGUMENTS),
    args_hash=HASH,
    recorded_at=0,
    client="tests",
    session="s",
    device="d",
    persona_id=None,
    hash=link(ORIGIN, 1, "e1", "v1.PersonaActivated", HASH),
)


def test_an_event_that_follows_passes() -> None:
    check(EVENT, 1, ORIGIN)


def test_an_event_whose_arguments_were_erased_passes() -> None:
    check(replace(EVENT, args=NIL), 1, ORIGIN)


@pytest.mark.parametrize(
    ("event", "what"),
    [
        (replace(EVENT, seq=2), "event 1 is missing: 2 stands in its place"),
        (replace(EVENT, args=Raw(encode({"id": "eve"}))), "arguments of event 1 were changed"),
        (replace(EVENT, args=NIL, args_hash=bytes(32)), "event 1 was changed"),
        (replace(EVENT, id="e2"), "event 1 was changed"),
        (replace(EVENT, name="v1.PersonaDeactivated"), "event 1 was changed"),
        (replace(EVENT, hash=bytes(32)), "event 1 was changed"),
    ],
)
def test_an_event_that_does_not_follow_is_told_by_its_seq(event: LoggedEvent, what: str) -> None:
    with pytest.raises(BrokenTrail, match=what) as caught:
        check(event, 1, ORIGIN)
    assert caught.value.seq == 1


def test_an_event_after_another_one_does_not_follow() -> None:
    with pytest.raises(BrokenTrail, match="one before it was taken out"):
        check(EVENT, 1, HASH)


async def test_the_whole_trail_is_read_a_page_at_a_time(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pjai.testing.seed(db)
    monkeypatch.setattr("pjai_wire.limits.EVENTS_PAGE_MAX", 7)
    seqs = [event.seq async for event in db.audit()]
    assert seqs == list(range(1, len(seqs) + 1))
    assert [event.seq async for event in db.audit(order="desc")] == seqs[::-1]
    assert [event.seq async for event in db.audit(limit=10)] == seqs[:10]
    assert [event.seq async for event in db.audit(limit=10, order="desc")] == seqs[:-11:-1]
    assert [event.seq async for event in db.audit(limit=0)] == []


async def test_the_trail_is_filtered(db: Database) -> None:
    made = await pjai.testing.seed(db)
    events = [event async for event in db.audit(table="memories", persona_id=made.personas[0])]
    assert {event.name for event in events} == {"v1.MemoryEntityCreated"}


async def test_a_trail_that_nobody_touched_is_verified(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await pjai.testing.seed(db)
    monkeypatch.setattr("pjai_wire.limits.EVENTS_PAGE_MAX", 10)
    told: list[int] = []
    verified = await db.verify(told.append)
    assert verified.events == (await db.health()).seq
    assert verified.erased == 0
    assert told == list(range(10, verified.events + 1, 10))


async def test_new_events_come_as_they_are_recorded(db: Database) -> None:
    first = await db.commit(v1.UserPreferenceSet(id="a", value=1))
    following = db.follow_events(after=first.seq - 1)
    assert (await anext(following)).seq == first.seq
    second = await db.commit(v1.UserPreferenceSet(id="b", value=1), v1.UserPreferenceSet(id="c", value=1))
    assert [(await anext(following)).seq for _ in range(2)] == [second.seq - 1, second.seq]


async def test_new_events_are_filtered(db: Database) -> None:
    ada = pjai.new_id()
    first = await db.commit(v1.UserPreferenceSet(id="a", value=1), v1.PersonaCreated(id=ada, name=ada))
    following = db.follow_events(after=first.seq - 2, names=("v1.PersonaCreated",), persona_id=ada)
    assert (await anext(following)).seq == first.seq
    await db.commit(v1.UserPreferenceSet(id="a", value=2))
    last = await db.commit(v1.PersonaActivated(id=ada))
    both = db.follow_events(after=first.seq, persona_id=ada)
    assert (await anext(both)).seq == last.seq


async def test_events_that_the_filter_leaves_out_are_not_read_again(fake: FakeDaemon) -> None:
    fake.answers |= {"watch": lambda _: WATCHED, "unwatch": lambda _: {}}
    async with pjai.connect(fake.endpoints.requests) as db, anyio.create_task_group() as tasks:
        tasks.start_soon(_first, db.follow_events(client="cli", after=9))
        await fake.until_subscribed("t")
        read = []
        for seq in (9, 12, 13):
            request = await fake.asked("events")
            assert request.params["client"] == "cli"
            read.append(request.params["after"])
            await fake.answer(request, {"events": [], "next": None, "seq": seq})
            await fake.publish("t", LiveUpdate(seq=seq + 3 if seq == 9 else seq + 1, prev=seq))
        assert read == [9, 9, 12]
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("which", [EventFilter(before=3), EventFilter(order="desc")])
async def test_whoever_follows_goes_forward(fake: FakeDaemon, which: EventFilter) -> None:
    fake.answers |= {"watch": lambda _: WATCHED, "unwatch": lambda _: {}}
    async with pjai.connect(fake.endpoints.requests) as db:
        with pytest.raises(InvalidQuery, match="goes forward"):
            await anext(db.follow_events(**which))


async def test_following_begins_now_unless_told_otherwise(fake: FakeDaemon) -> None:
    fake.answers |= {
        "watch": lambda _: WATCHED,
        "unwatch": lambda _: {},
    }
    async with pjai.connect(fake.endpoints.requests) as db, anyio.create_task_group() as tasks:
        tasks.start_soon(_first, db.follow_events())
        newest = await fake.asked("events")
        assert (newest.params["order"], newest.params["limit"]) == ("desc", 1)
        await fake.answer(newest, {"events": [], "next": None, "seq": 12})
        assert (await fake.asked("events")).params["after"] == 12
        tasks.cancel_scope.cancel()


async def _first(events: AsyncIterator[LoggedEvent]) -> LoggedEvent:
    return await anext(events)
