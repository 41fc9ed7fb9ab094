from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

import pjai
from pjai import Database, LiveQuery, Select, Signal, memories, signal, v1
from pjai.differences import Reset
from pjai_wire.envelope import LiveUpdate
from pjai_wire.errors import InvalidValue, UnknownColumn, UnknownTable, UnknownTopic
from pjai_wire.records import MemoryLink
from tests.client.fake_daemon import FakeDaemon
from tests.client.links import LINKS, inserted, names, result


def links_of(from_id: str) -> Select[MemoryLink]:
    return LINKS.where(from_id=from_id)


def of(params: dict[str, Any]) -> str:
    """Whose links a `watch` asks for."""
    ((_, _, from_id),) = params["query"]["where"]
    return str(from_id)


@asynccontextmanager
async def following(fake: FakeDaemon) -> AsyncIterator[tuple[Database, Signal[str], LiveQuery[MemoryLink]]]:
    """A live query of the links of whomever a signal names: first of `a`, who has the link `one`."""
    chosen = signal("a")
    async with pjai.connect(fake.endpoints.requests) as db:
        fake.answers["watch"] = lambda _: result("ta", 1, "one")
        async with db.watch(lambda: links_of(chosen.current)) as live:
            assert names(await anext(live)) == ["one"]
            await fake.until_subscribed("ta")
            del fake.answers["watch"]
            yield db, chosen, live


async def test_the_old_result_stands_until_the_new_one_has_come(fake: FakeDaemon) -> None:
    async with following(fake) as (_, chosen, live):
        chosen.set("b")
        request = await fake.asked("watch")
        assert of(request.params) == "b"
        await fake.publish("ta", inserted(1, 2, "two"))
        assert names(await anext(live)) == ["two", "one"]
        assert live.select == links_of("a")
        await fake.answer(request, result("tb", 1, "three"))
        assert names(await anext(live)) == ["three"]
        assert (live.select, live.topic, live.seq) == (links_of("b"), "tb", 1)
        assert (await fake.asked("unwatch")).params == {"topic": "ta"}
        await fake.until_subscribed("tb")
        await fake.publish("tb", inserted(1, 2, "four"))
        assert names(await anext(live)) == ["four", "three"]


async def test_a_query_that_stays_the_same_asks_nothing(fake: FakeDaemon) -> None:
    async with pjai.connect(fake.endpoints.requests) as db:
        fake.answers["watch"] = lambda _: result("ta", 1, "one")
        number = signal(1)
        async with db.watch(lambda: links_of("a" if number.current else "b")) as live:
            number.set(2)
            assert await live.reached(1) == 1
            assert fake.asked_nothing()


async def test_reached_is_about_the_query_that_is_wanted(fake: FakeDaemon) -> None:
    async with following(fake) as (_, chosen, live), anyio.create_task_group() as tasks:
        chosen.set("b")
        shown: list[list[str]] = []

        async def wait() -> None:
            await live.reached(1)
            shown.append(names(live.current))

        tasks.start_soon(wait)
        await fake.answer(await fake.asked("watch"), result("tb", 1, "three"))
        await fake.asked("unwatch")
        await anyio.wait_all_tasks_blocked()
        assert shown == [["three"]]


async def test_of_rapid_changes_only_the_last_is_pursued(fake: FakeDaemon) -> None:
    async with following(fake) as (_, chosen, live):
        for name in "bcd":
            chosen.set(name)
        request = await fake.asked("watch")
        assert of(request.params) == "d"
        for name in "efg":
            chosen.set(name)
            await anyio.wait_all_tasks_blocked()
        assert fake.asked_nothing()
        await fake.answer(request, result("td", 1, "four"))
        assert (await fake.asked("unwatch")).params == {"topic": "td"}
        request = await fake.asked("watch")
        assert of(request.params) == "g"
        await fake.answer(request, result("tg", 1, "seven"))
        assert names(await anext(live)) == ["seven"]


async def test_going_back_before_the_result_has_come_changes_nothing(fake: FakeDaemon) -> None:
    async with following(fake) as (_, chosen, live):
        chosen.set("b")
        request = await fake.asked("watch")
        chosen.set("a")
        await anyio.wait_all_tasks_blocked()
        await fake.answer(request, result("tb", 1, "three"))
        assert (await fake.asked("unwatch")).params == {"topic": "tb"}
        await live.reached(1)
        assert (names(live.current), live.topic) == (["one"], "ta")


async def test_a_query_that_another_watches_is_there_at_once(fake: FakeDaemon) -> None:
    fake.answers["unwatch"] = lambda _: {}
    async with following(fake) as (db, chosen, live):
        fake.answers["watch"] = lambda _: result("tb", 5, "three")
        async with db.watch(links_of("b")) as other:
            del fake.answers["watch"]
            chosen.set("b")
            assert await live.reached(5) == 5
            assert names(await anext(live)) == ["three"]
            assert live.current[0] is other.current[0]
        assert fake.asked_nothing()
        chosen.set("c")
        await fake.answer(await fake.asked("watch"), result("tc", 6))
        assert await anext(live) == []


async def test_differences_begin_anew_with_the_new_query(fake: FakeDaemon) -> None:
    async with following(fake) as (_, chosen, live):
        differences = live.changes()
        await anext(differences)
        chosen.set("b")
        await fake.answer(await fake.asked("watch"), result("tb", 1, "three"))
        assert (await anext(differences)).changes == (Reset(live.current),)


async def test_a_query_that_is_refused_ends_the_live_query(fake: FakeDaemon) -> None:
    async with following(fake) as (_, chosen, live):
        chosen.set("b")
        await fake.refuse(await fake.asked("watch"), UnknownColumn("no such column"))
        with pytest.raises(UnknownColumn):
            await anext(live)
        assert (await fake.asked("unwatch")).params == {"topic": "ta"}
        chosen.set("c")
        await anyio.wait_all_tasks_blocked()
        assert fake.asked_nothing()


async def test_a_refusal_of_what_is_wanted_no_more_is_nobodys(fake: FakeDaemon) -> None:
    async with following(fake) as (_, chosen, live):
        chosen.set("b")
        request = await fake.asked("watch")
        chosen.set("c")
        await anyio.wait_all_tasks_blocked()
        await fake.refuse(request, UnknownColumn("no such column"))
        await fake.answer(await fake.asked("watch"), result("tc", 1, "three"))
        assert names(await anext(live)) == ["three"]


async def test_a_failure_of_the_old_result_while_another_is_awaited_is_nobodys(fake: FakeDaemon) -> None:
    async with following(fake) as (_, chosen, live):
        chosen.set("b")
        request = await fake.asked("watch")
        await fake.publish("ta", LiveUpdate(seq=3, prev=2))
        await fake.refuse(await fake.asked("resync"), UnknownTable("gone"))
        assert (await fake.asked("unwatch")).params == {"topic": "ta"}
        await fake.answer(request, result("tb", 1, "three"))
        assert names(await anext(live)) == ["three"]


async def test_what_the_function_raises_ends_the_live_query(fake: FakeDaemon) -> None:
    async with following(fake) as (db, chosen, _):
        fake.answers |= {"watch": lambda _: result("tb", 1, "one")}
        known = {"a": links_of("b")}
        async with db.watch(lambda: known[chosen.current]) as live:
            await anext(live)
            chosen.set("z")
            with pytest.raises(KeyError):
                await anext(live)
            with pytest.raises(KeyError):
                await live.reached(1)


async def test_what_the_function_raises_at_first_comes_out_of_watch(fake: FakeDaemon) -> None:
    known: dict[str, Select[MemoryLink]] = {}
    async with pjai.connect(fake.endpoints.requests) as db:
        with pytest.raises(KeyError):
            async with db.watch(lambda: known["a"]):
                pass
    assert fake.asked_nothing()


async def test_a_query_that_cannot_travel_ends_the_live_query_while_another_is_awaited(
    fake: FakeDaemon,
) -> None:
    async with following(fake) as (_, chosen, live):
        chosen.set("b")
        request = await fake.asked("watch")
        chosen.set("\ud800")
        with pytest.raises(InvalidValue, match="surrogate"):
            await anext(live)
        await fake.answer(request, result("tb", 1, "three"))
        topics = [(await fake.asked("unwatch")).params["topic"] for _ in range(2)]
        assert topics == ["ta", "tb"]


async def test_a_live_query_that_ends_before_the_wanted_result_has_come_has_not_reached_it(
    fake: FakeDaemon,
) -> None:
    async with following(fake) as (_, chosen, live):
        chosen.set("b")
    with pytest.raises(UnknownTopic):
        await live.reached(1)


async def test_a_value_that_failed_ends_what_follows_it(fake: FakeDaemon) -> None:
    async with following(fake) as (_, chosen, live):
        chosen.close(ZeroDivisionError())
        with pytest.raises(ZeroDivisionError):
            await anext(live)


async def test_of_a_value_that_ended_well_the_last_one_stands(fake: FakeDaemon) -> None:
    async with following(fake) as (_, chosen, live):
        chosen.close()
        await anyio.wait_all_tasks_blocked()
        await fake.publish("ta", inserted(1, 2, "two"))
        assert names(await anext(live)) == ["two", "one"]


async def test_nothing_follows_a_signal_once_the_block_has_ended(fake: FakeDaemon) -> None:
    async with following(fake) as (_, chosen, live):
        chosen.set("b")
    chosen.set("c")
    await anyio.wait_all_tasks_blocked()
    assert not chosen._dependents
    assert [rows async for rows in live] == []


async def test_a_live_query_may_follow_from_another(db: Database) -> None:
    ada, bob = pjai.new_id(), pjai.new_id()
    await db.commit(
        v1.PersonaCreated(id=ada, name=ada),
        v1.PersonaCreated(id=bob, name=bob),
        v1.MemoryEntityCreated(id=pjai.new_id(), persona_id=ada, type="concept", name="Sourdough"),
        v1.MemoryEntityCreated(id=pjai.new_id(), persona_id=bob, type="concept", name="Rye"),
        v1.PersonaActivated(id=ada),
    )
    async with (
        db.watch(pjai.personas.where(pjai.personas.id.in_([ada, bob]), is_active=True)) as active,
        db.watch(lambda: memories.where(persona_id=active.current[0].id)) as live,
    ):
        assert [one.name for one in await anext(live)] == ["Sourdough"]
        receipt = await db.commit(v1.PersonaActivated(id=bob))
        assert [one.name for one in await anext(live)] == ["Rye"]
        assert await live.reached(receipt.seq) >= receipt.seq
