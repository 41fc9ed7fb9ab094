from __future__ import annotations

from typing import Any

import pjai
from pjai import Database
from pjai.testing import Daemon

DEFAULTS = {"width": 800, "pane": {"open": True, "size": 3}}


async def test_a_document_that_was_never_set_is_its_defaults(db: Database) -> None:
    assert await db.document("never set", DEFAULTS).get() == DEFAULTS
    assert await db.document("never set").get() == {}


async def test_a_change_is_merged_and_defaults_are_not_stored(db: Database) -> None:
    document = db.document("merged", DEFAULTS)
    assert await document.set(width=5) == {**DEFAULTS, "width": 5}
    assert await document.merge({"pane": {"size": 1}}) == {"width": 5, "pane": {"open": True, "size": 1}}
    assert await db.document("merged").get() == {"width": 5, "pane": {"size": 1}}
    assert await document.set(width=None) == {"width": 800, "pane": {"open": True, "size": 1}}


async def test_a_watched_document_begins_with_its_defaults_and_shows_each_change(db: Database) -> None:
    document = db.document("watched", DEFAULTS)
    async with document.watch() as live:
        assert await anext(live) == DEFAULTS
        await document.set(width=5)
        assert await anext(live) == {**DEFAULTS, "width": 5}
        assert live.current == await document.get()


async def test_programs_share_no_documents(db: Database, daemon: Daemon) -> None:
    await db.document("window").set(width=5)
    async with pjai.connect(daemon.endpoint, client="another") as other:
        assert await other.document("window").get() == {}


async def test_a_document_shares_nothing_with_whoever_reads_it(db: Database) -> None:
    defaults: dict[str, Any] = {"pane": {"sizes": [1]}}
    document = db.document("shared", defaults)
    defaults["pane"]["sizes"].append(2)
    async with document.watch() as live:
        mine = await anext(live)
        mine["pane"]["sizes"].append(3)
        assert live.current == {"pane": {"sizes": [1]}}
        live.current["pane"]["sizes"].append(4)
        await document.set(width=5)
        assert await anext(live) == {"pane": {"sizes": [1]}, "width": 5}
