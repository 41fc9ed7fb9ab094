from __future__ import annotations

import pytest

from pjai import Database, memories, personas, v1
from pjai_wire.errors import InvalidQuery
from pjai_wire.ids import new_id


async def test_pages_hold_every_row_once_in_order(db: Database) -> None:
    ada = new_id()
    await db.commit(
        v1.PersonaCreated(id=ada, name=ada),
        *(
            v1.MemoryEntityCreated(
                id=new_id(), persona_id=ada, type="concept", name=f"{number}", importance=number % 3
            )
            for number in range(10)
        ),
    )
    select = memories.where(persona_id=ada).order_by(memories.importance.desc(), memories.created_at).limit(4)
    pages = [page async for page in db.pages(select)]
    assert [len(page) for page in pages] == [4, 4, 2]
    assert [row for page in pages for row in page] == await db.query(select.limit(100))


async def test_dicts_have_pages_too(db: Database) -> None:
    ids = sorted(new_id() for _ in range(4))
    await db.commit(*(v1.PersonaCreated(id=one, name=one) for one in ids))
    select = personas.where(personas.id.in_(ids)).select("id", "name").limit(2)
    assert [[row["id"] for row in page] async for page in db.pages(select)] == [ids[:2], ids[2:]]


async def test_no_rows_are_no_page(db: Database) -> None:
    assert [page async for page in db.pages(personas.where(id="nobody"))] == []


async def test_groups_have_no_pages(db: Database) -> None:
    with pytest.raises(InvalidQuery, match="groups have no pages"):
        await anext(db.pages(personas.group_by("is_active")))


async def test_a_column_that_pages_need_and_is_not_selected_is_an_error_that_names_it(db: Database) -> None:
    ids = [new_id() for _ in range(2)]
    await db.commit(*(v1.PersonaCreated(id=one, name=one) for one in ids))
    pages = db.pages(personas.where(personas.id.in_(ids)).select("name").limit(1))
    await anext(pages)
    with pytest.raises(InvalidQuery, match=r"pages need the column 'id' \(select it too\)"):
        await anext(pages)
