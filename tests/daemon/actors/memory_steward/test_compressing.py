"""Compression of what is seldom read, beside a real daemon: every reader finds what was remembered."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

import pjai
from pjai import Database, dictionaries, memories, v1
from pjai.feed import RowInserted, RowUpdated
from pjai.testing import daemon
from pjai_wire.codec import encode
from pjaid.actors import pace
from pjaid.actors.memory_steward.compressing import BATCH, Compressing
from pjaid.actors.memory_steward.progress import Progress
from tests.prose import prose

pytestmark = pytest.mark.anyio

MANY = 150


@pytest.fixture
async def db() -> AsyncIterator[Database]:
    """A daemon of its own, as dictionaries are the whole store's."""
    with daemon(tick_interval_ms=50) as running:
        async with pjai.connect(running.endpoint, client="tests") as database:
            yield database


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "REST", 0.0)


def remembered(row_id: str, content: dict[str, Any], tier: str = "warm") -> v1.MemoryEntityCreated:
    return v1.MemoryEntityCreated(
        id=row_id,
        persona_id="ada",
        type="conversation",
        name=row_id,
        content=content,
        memory_tier=tier,  # type: ignore[arg-type] # a word of the parameters
    )


async def begin(db: Database, contents: Sequence[dict[str, Any]], tier: str = "warm") -> None:
    """A persona with memories m0000, m0001 and so on."""
    made = [remembered(f"m{number:04}", content, tier) for number, content in enumerate(contents)]
    await db.commit(v1.PersonaCreated(id="ada", name="Ada"), *made)


async def compressed(db: Database) -> int:
    return await db.count(memories.where(compression_applied=True))


async def events(db: Database) -> int:
    return (await db.health()).seq


async def test_what_is_seldom_read_is_compressed_once_and_reads_as_before(db: Database) -> None:
    await begin(db, [prose(number) for number in range(MANY)])
    before = {row.id: row for row in await db.query(memories.limit(1_000))}
    steward = Compressing(Progress())
    await steward.run(db)
    assert await compressed(db) == MANY
    for row in await db.query(memories.limit(1_000)):
        was = before[row.id]
        assert encode(row.content) == encode(was.content)
        assert (row.updated_at, row.version) == (was.updated_at, was.version)
        assert await db.get(memories, row.id) == row
    done = await events(db)
    await steward.run(db)
    await Compressing(Progress()).run(db)
    assert await events(db) == done
    assert (await db.rebuild()).identical
    assert (await db.verify()).events == done


async def test_how_far_it_is_can_be_seen(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await begin(db, [prose(number) for number in range(MANY)])
    noise = [{"noise": random.Random(number).randbytes(400)} for number in range(3)]
    await db.commit(*[remembered(f"n{number}", content) for number, content in enumerate(noise)])
    seen: list[int] = []
    tried = Progress.tried

    def noted(self: Progress, packed: int, left_plain: int) -> None:
        tried(self, packed, left_plain)
        seen.append(self.to_pack)

    monkeypatch.setattr(Progress, "tried", noted)
    progress = Progress()
    await Compressing(progress).run(db)
    assert seen == [*range(MANY + 3 - BATCH, 0, -BATCH), 0]
    assert progress.left_plain
    assert progress.packed == await compressed(db) == MANY + 3 - progress.left_plain


async def test_hot_and_short_contents_are_left_alone(db: Database) -> None:
    await begin(db, [prose(number) for number in range(MANY)], tier="hot")
    await db.commit(*[remembered(f"short{number}", {}) for number in range(MANY)])
    done = await events(db)
    await Compressing(Progress()).run(db)
    assert await events(db) == done


async def test_with_few_contents_there_is_too_little_to_learn_from(db: Database) -> None:
    await begin(db, [prose(number) for number in range(49)])
    await Compressing(Progress()).run(db)
    assert await compressed(db) == 0
    await db.commit(remembered("m0049", prose(49)))
    await Compressing(Progress()).run(db)
    assert await compressed(db) == 50


async def test_what_does_not_shrink_is_asked_once(db: Database) -> None:
    await begin(db, [prose(number) for number in range(MANY)])
    await Compressing(Progress()).run(db)
    noise = [{"noise": random.Random(number).randbytes(400)} for number in range(5)]
    await db.commit(*[remembered(f"n{number}", content) for number, content in enumerate(noise)])
    await Compressing(Progress()).run(db)
    plain = await db.query(memories.where(compression_applied=False).select("content"))
    assert [row["content"] for row in plain] == noise
    done = await events(db)
    await Compressing(Progress()).run(db)
    assert await events(db) == done
    page = await db.events(names=("v1.MemoriesLeftPlain",))
    assert len(page.events) == 1


async def test_what_has_changed_or_was_hot_is_compressed_again(db: Database) -> None:
    await begin(db, [prose(number) for number in range(MANY)])
    await Compressing(Progress()).run(db)
    await db.commit(
        v1.MemoryEntityUpdated(id="m0001", content=prose(1_001)),
        v1.MemoriesTiered(id="ada", ids=("m0002",), tier="hot", reason="frequent"),
    )
    assert await compressed(db) == MANY - 2
    await Compressing(Progress()).run(db)
    assert await compressed(db) == MANY - 1
    await db.commit(v1.MemoriesTiered(id="ada", ids=("m0002",), tier="cold", reason="old_and_unimportant"))
    await Compressing(Progress()).run(db)
    assert await compressed(db) == MANY
    rows = await db.query(memories.where(memories.id.in_(["m0001", "m0002"])))
    assert [row.content for row in rows] == [prose(1_001), prose(2)]


async def test_another_dictionary_is_trained_once_there_is_much_more(db: Database) -> None:
    await begin(db, [prose(number) for number in range(100)])
    await Compressing(Progress()).run(db)
    await db.commit(*[remembered(f"n{number}", prose(1_000 + number)) for number in range(300)])
    await Compressing(Progress()).run(db)
    known = await db.query(dictionaries.order_by("version"))
    assert [(one.version, one.samples) for one in known] == [(1, 100), (2, 400)]
    assert await compressed(db) == 400
    assert (await db.rebuild()).identical


async def test_contents_of_any_size_are_compressed(db: Database) -> None:
    large = [{"text": chr(97 + number) * 1_900_000} for number in range(12)]
    await begin(db, [prose(number) for number in range(MANY)])
    for number, content in enumerate(large):
        await db.commit(remembered(f"x{number:02}", content))
    await Compressing(Progress()).run(db)
    assert await compressed(db) == MANY + len(large)
    row = await db.get(memories, "x03")
    assert row is not None
    assert row.content == large[3]


async def test_watchers_and_feeds_see_plain_contents_and_no_change_but_of_what_they_watch(
    db: Database,
) -> None:
    await begin(db, [prose(number) for number in range(MANY)])
    contents = memories.where(memories.id < "m0003").select("id", "content")
    whole = memories.where(id="m0001")
    async with (
        db.watch(contents, label="contents") as by_content,
        db.watch(whole, label="whole") as live,
        db.changes(memories.where(id="m0001"), "copy") as feed,
    ):
        assert [one["id"] for one in await anext(by_content)] == ["m0000", "m0001", "m0002"]
        row = (await anext(live))[0]
        assert (row.content, row.compression_applied) == (prose(1), False)
        await Compressing(Progress()).run(db)
        row = (await anext(live))[0]
        assert (row.content, row.compression_applied) == (prose(1), True)
        told = await anext(feed)
        assert isinstance(told, RowUpdated | RowInserted)
        assert (told.row.content, told.row.compression_applied) == (prose(1), True)
        updates = {one.label: one.updates for one in (await db.live_queries()).queries}
        assert updates == {"contents": 0, "whole": 1}
        await db.commit(v1.MemoryEntityUpdated(id="m0002", content={"last": 1}))
        assert [one["content"] for one in await anext(by_content)] == [prose(0), prose(1), {"last": 1}]
        # What was packed is followed, row by row, as it changes.
        await db.commit(v1.MemoryEntityUpdated(id="m0001", importance=77))
        row = (await anext(live))[0]
        assert (row.content, row.importance) == (prose(1), 77)
        assert await anext(feed)
    async with db.watch(contents) as live_contents:
        assert [one["content"] for one in await anext(live_contents)] == [prose(0), prose(1), {"last": 1}]
