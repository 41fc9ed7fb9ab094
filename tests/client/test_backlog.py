from __future__ import annotations

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from msgspec.structs import replace

from pjai import Difference, LiveQuery
from pjai.backlog import DIFFERENCES_KEPT_MAX, Backlog
from pjai.differences import Deleted, Inserted, Moved, Reset, Updated
from pjai.live_state import Held, Step, follow, replaced
from pjai_wire.changes import Change, Delete, Insert, Move, Update
from pjai_wire.codec import decode_any, encode
from pjai_wire.envelope import LiveUpdate
from pjai_wire.errors import UnknownTable
from tests.client.fake_daemon import FakeDaemon
from tests.client.links import inserted, result
from tests.client.test_live import watched

BEGINNING: Held[str] = Held(0, ["a", "b"], 0)


def backlog() -> Backlog[str]:
    return Backlog(BEGINNING, lambda: False)


def inserting(held: Held[str], row: str) -> Step[str]:
    return Step(Held(held.seq + 1, [row, *held.rows], held.seq + 1), (Inserted(0, row),))


async def test_it_begins_with_the_result_as_it_is() -> None:
    reader = backlog()
    assert await anext(reader) == Difference(0, (Reset(["a", "b"]),))
    step = inserting(BEGINNING, "c")
    reader.take(step)
    assert await anext(reader) == Difference(1, (Inserted(0, "c"),))


async def test_a_slow_reader_gets_the_result_as_it_is_in_place_of_what_waits() -> None:
    reader, held = backlog(), BEGINNING
    for number in range(DIFFERENCES_KEPT_MAX):
        step = inserting(held, str(number))
        held = step.held
        reader.take(step)
    assert len(reader) == 1
    step = inserting(held, "last")
    reader.take(step)
    assert await anext(reader) == Difference(held.seq, (Reset(held.rows),))
    assert await anext(reader) == Difference(held.seq + 1, (Inserted(0, "last"),))


async def test_a_step_without_changes_wakes_nobody() -> None:
    reader = backlog()
    reader.take(Step(Held(5, BEGINNING.rows, 5)))
    assert len(reader) == 1


async def test_whoever_waits_is_woken() -> None:
    reader = backlog()
    await anext(reader)
    seen: list[Difference[str]] = []

    async def read() -> None:
        seen.append(await anext(reader))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        await anyio.wait_all_tasks_blocked()
        reader.take(inserting(BEGINNING, "c"))
    assert seen == [Difference(1, (Inserted(0, "c"),))]


texts = st.sampled_from("abcdef")
positions = st.integers(0, 4)
changes: st.SearchStrategy[Change[Raw]] = st.one_of(
    st.builds(Insert, positions, texts.map(encode).map(Raw)),
    st.builds(Update, positions, texts.map(encode).map(Raw)),
    st.builds(Move, positions, positions, texts.map(encode).map(Raw)),
    st.builds(Delete, positions),
)
wholes = st.lists(texts, max_size=5)


@given(happenings=st.lists(st.one_of(st.lists(changes, max_size=4), wholes.map(tuple)), max_size=30))
def test_applying_the_differences_to_the_first_reset_always_gives_the_result(
    happenings: list[list[Change[Raw]] | tuple[str, ...]],
) -> None:
    async def follow_all() -> None:
        reader, held = backlog(), BEGINNING
        for seq, happened in enumerate(happenings, start=1):
            if isinstance(happened, tuple):
                step = replaced(held, seq, list(happened))
            else:
                update = LiveUpdate(seq=seq, prev=held.seq, changes=tuple(happened))
                outcome = follow(held, update, decode_any)
                if not isinstance(outcome, Step):
                    continue
                step = outcome
            held = step.held
            reader.take(step)
        copy = ["anything"]
        while len(reader):
            copy = (await anext(reader)).applied_to(copy)
        assert copy == held.rows

    anyio.run(follow_all)


async def test_a_live_query_tells_its_differences(fake: FakeDaemon) -> None:
    async with watched(fake) as live:
        differences = live.changes()
        (one,) = live.current
        assert await anext(differences) == Difference(1, (Reset([one]),))
        await fake.publish("t1", inserted(1, 2, "two"))
        (first,) = (await anext(differences)).changes
        two = live.current[0]
        assert first == Inserted(0, two)
        lighter = replace(one, weight=0.5)
        moves = (Move(0, 1, Raw(encode(two))), Update(0, Raw(encode(lighter))), Delete(1))
        await fake.publish("t1", LiveUpdate(seq=3, prev=2, changes=moves))
        assert await anext(differences) == Difference(
            3, (Moved(0, 1, two, before=two), Updated(0, lighter, before=one), Deleted(1, two))
        )


async def test_each_reader_of_differences_begins_with_the_result_as_it_is(fake: FakeDaemon) -> None:
    async with watched(fake) as live:
        early = live.changes()
        await anext(early)
        await fake.publish("t1", inserted(1, 2, "two"))
        await live.reached(2)
        assert (await anext(live.changes())).changes == (Reset(live.current),)
        assert (await anext(early)).changes == (Inserted(0, live.current[0]),)


async def test_a_whole_result_after_a_loss_is_a_reset(fake: FakeDaemon) -> None:
    async with watched(fake) as live:
        differences = live.changes()
        await anext(differences)
        await fake.publish("t1", inserted(2, 3, "three"))
        await fake.answer(await fake.asked("resync"), result("t1", 3, "three", "two", "one"))
        assert await anext(differences) == Difference(3, (Reset(live.current),))


async def test_differences_end_with_the_live_query_and_with_its_failure(fake: FakeDaemon) -> None:
    async with watched(fake) as live:
        differences = live.changes()
        await anext(differences)
        await fake.publish("t1", LiveUpdate(seq=3, prev=2))
        await fake.refuse(await fake.asked("resync"), UnknownTable("gone"))
        with pytest.raises(UnknownTable):
            await anext(differences)
    async with watched(fake) as live:
        others = live.changes()
    assert [difference async for difference in others] == []


def test_a_reader_that_went_away_is_kept_by_nobody() -> None:
    live: LiveQuery[str] = LiveQuery("", 1)
    for _ in range(10):
        live.changes()
    assert not live._backlogs
