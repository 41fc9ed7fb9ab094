from __future__ import annotations

from typing import assert_type

import pytest

import pjai
from pjai import Database, memories, memory_links, personas, records
from pjai.askable import query_of
from pjai_wire.errors import InvalidQuery
from tests.client.fake_daemon import FakeDaemon


async def test_a_table_stands_for_its_rows(db: Database) -> None:
    await pjai.testing.seed(db)
    rows = assert_type(await db.query(personas), list[records.Persona])
    assert rows == await db.query(personas.all())
    assert await db.first(personas) == rows[0]
    assert await db.count(memories) == await db.count(memories.all())
    assert [page async for page in db.pages(personas)] == [rows]
    async with db.watch(personas) as live:
        assert assert_type(live.current, list[records.Persona]) == rows


def test_a_table_is_the_query_for_all_of_it() -> None:
    assert query_of(personas) == personas.all()
    assert query_of(personas.limit(3)) == personas.limit(3)


def test_what_is_no_query_is_an_error_that_shows_one() -> None:
    with pytest.raises(InvalidQuery, match=r"str is no query \(such as pjai\.memories\.where"):
        query_of("memories")  # type: ignore[arg-type] # that is the point


async def test_a_column_that_a_record_needs_is_not_omitted(fake: FakeDaemon) -> None:
    needed = r"Memory\w+ cannot be without '\w+' \(of memor\w+ (no column|\w+( and \w+)*) may be omitted"
    async with pjai.connect(fake.endpoints.requests) as db:
        with pytest.raises(InvalidQuery, match=needed):
            await db.query(memories.all().omit("content"))
        with pytest.raises(InvalidQuery, match=needed):
            await db.get(memories, "one", omit=(memories.content,))
        with pytest.raises(InvalidQuery, match=needed):
            async with db.watch(memory_links.all().omit("kind")):
                pass
    assert fake.asked_nothing()


def test_what_is_no_record_may_be_without_any_column() -> None:
    select = memory_links.select("id", "kind").omit("kind")
    assert query_of(select) == select
