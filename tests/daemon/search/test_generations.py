"""Tests of searches while the state is made anew: what they find is of one state, and no mixture of two."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio.lowlevel
import pytest

from pjai_wire.events import v1
from pjaid.search.codes.codes import Codes, Nearest
from pjaid.search.searches import Found
from pjaid.store.generation import generation
from pjaid.store.vector_shards import ROW_MAX
from tests.daemon.search.searching import Searched, memory

pytestmark = pytest.mark.anyio

Step = Callable[[], Awaitable[None]]

BREAD, BICYCLE = "the bread is in the oven", "the bicycle has a flat tyre"
CONCEPTS = (("type", "=", "concept"),)
LOSS = f"DELETE FROM memories WHERE id = 'lost'; DELETE FROM vectors WHERE id & {ROW_MAX} = 2"


async def nothing() -> None:
    """Nothing happens."""


class Interrupted(Codes):
    """Codes that let something happen right before vectors are compared, and right after; once."""

    before: Step = staticmethod(nothing)
    after: Step = staticmethod(nothing)
    compared = 0

    async def nearest(self, *asked: Any, **narrowed: Any) -> Nearest:
        before, self.before = self.before, nothing
        await before()
        self.compared += 1
        found = super().nearest(*asked, **narrowed)
        nearest = found if isinstance(found, Nearest) else await found
        after, self.after = self.after, nothing
        await after()
        return nearest


class Damaged(Searched):
    """A store that lost a row, whose number another took that has a number of its own once that is mended."""

    codes: Interrupted

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, kind=Interrupted)
        self._rebuilds: list[asyncio.Future[Any]] = []

    async def damage(self) -> None:
        """Two memories and the loss of one between them."""
        await self.commit(v1.PersonaCreated(id="ada", name="Ada"), memory("oven", "the oven is broken"))
        await self.commit(memory("lost", BICYCLE))
        await self.store._writer.submit(lambda connection, _: connection.execute(LOSS))
        await self.commit(memory("bread", BREAD))
        # The first search of all brings libraries.
        await self.search(BREAD, mode="meaning")
        self.codes.compared = 0

    async def made_anew(self) -> None:
        """The state is made anew, of which everybody is told."""
        assert not (await self.store.rebuild(replace=True)).identical
        await self.store.until_generation(1)

    async def made_anew_unannounced(self) -> None:
        """The state is made anew, and the next read sees it, while nobody was told."""
        self._rebuilds.append(asyncio.ensure_future(self.store.rebuild(replace=True)))
        await anyio.lowlevel.checkpoint()
        while self._generation_seen() == 0:  # the event loop has no turn meanwhile
            pass
        assert self.store.generation == 0

    async def close(self) -> None:
        """Closes the store, once it is made anew."""
        await asyncio.gather(*self._rebuilds)
        await super().close()

    def _generation_seen(self) -> int:
        seen = self.store.read_search("generation", lambda connection, _: generation(connection))
        assert isinstance(seen, int)
        return seen


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Damaged]:
    made = Damaged(tmp_path)
    try:
        await made.damage()
        yield made
    finally:
        await made.close()


def hits(found: Found) -> list[tuple[Any, Any, Any]]:
    """Of each hit the id, and how well it fits."""
    at = {name: found.columns.index(name) for name in ("id", "words", "meaning")}
    return [(row[at["id"]], row[at["words"]], row[at["meaning"]]) for row in found.rows]


@pytest.mark.parametrize("step", ["before", "after"])
@pytest.mark.parametrize("how", ["made_anew", "made_anew_unannounced"])
@pytest.mark.parametrize(
    "asked", [{"mode": "meaning"}, {"mode": "both"}, {"mode": "both", "where": CONCEPTS}]
)
async def test_a_search_finds_what_is_there_when_the_state_was_made_anew_in_its_midst(
    at: Damaged, step: str, how: str, asked: dict[str, Any]
) -> None:
    setattr(at.codes, step, getattr(at, how))
    _, found = await at.search(BREAD, **asked)
    _, fresh = await at.search(BREAD, **asked)
    assert hits(found) == hits(fresh)
    assert {one for one, _, _ in hits(found)} == {"oven", "bread", "lost"}
    assert at.store.generation == 1


async def test_a_search_by_vectors_runs_once_while_nothing_is_made_anew(at: Damaged) -> None:
    await at.search(BREAD, mode="both")
    assert at.codes.compared == 1


async def test_generations_are_counted_on_after_a_restart(at: Damaged, tmp_path: Path) -> None:
    await at.made_anew()
    again = Searched(tmp_path)
    try:
        assert again.store.generation == 1
        assert await again.ids(BREAD, mode="meaning", limit=1) == ["bread"]
    finally:
        await again.close()
