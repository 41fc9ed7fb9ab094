"""Owns histories of watched searches: commits and vectors, and what every search must show at each state."""

from __future__ import annotations

import struct
from contextlib import suppress
from random import Random

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup
from msgspec import json
from msgspec.structs import replace

from pjai_wire.errors import Unavailable
from pjai_wire.methods import EmbeddedItem, SearchParams
from pjaid.methods.embedder_return import EmbedderReturn
from pjaid.methods.search_plans import planned
from pjaid.search.meaning import Embedded, QueryVectors
from pjaid.search.searches import Searches
from pjaid.search.signals import Weights
from pjaid.store.unembedded import Model
from tests.differential.copies import ResultCopy, difference, encoded, hear_pulse
from tests.differential.engine import ORIGIN, SETTLED_WITHIN_S, Engine, running_engine
from tests.differential.history import Failed
from tests.differential.limits import limited, small_limits
from tests.differential.pace import Pace
from tests.differential.search_world import SearchWorld, bearing

EMBEDDER = Model("embedder", 2)
SEARCHES = 8
STEPS = (8, 20)


async def play(seed: int) -> None:
    """Plays the history of a seed.

    Raises:
        Failed: a watched search differs from a fresh one.
    """
    chance = Random(seed)
    history = SearchHistory(chance)
    try:
        with limited(small_limits(chance)):
            async with running_engine(Pace.of(chance), chance, history.hear) as (engine, tasks):
                await history.run(engine, tasks)
    except Exception as error:
        raise Failed(
            f"seed {seed}, after commit {history.commits}: {error!r}\n{history.asked()}\n"
            f"see it again: PJAI_TEST_SEED={seed} make soak-live"
        ) from error


class SearchHistory:
    """One history.

    Args:
        chance: decides everything.
    """

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.commits = 0
        self._world = SearchWorld(chance)
        self._is_away = chance.random() < 0.2
        """Whether nobody embeds texts."""
        self._asked = [self._world.search() for _ in range(SEARCHES)]
        self._copies: dict[str, ResultCopy] = {}
        self._pulse = ""

    def asked(self) -> str:
        """The searches, for people."""
        return "\n".join(f"  {number}: {json.encode(one).decode()}" for number, one in enumerate(self._asked))

    def hear(self, topic: str, message: bytes) -> None:
        """A client hears an update, or its pulse."""
        if topic == self._pulse:
            hear_pulse(self._copies, message)
        else:
            self._copies[topic].hear(message)

    async def run(self, engine: Engine, tasks: TaskGroup) -> None:
        """Plays the history to an engine."""
        weights = Weights(recency=0.05, importance=0.02)
        vectors = QueryVectors(self._embedded, on_embedded=lambda: returning.heard())
        searches = Searches(engine.store, engine.codes, vectors, weights)
        returning = EmbedderReturn(searches, engine.live.awaiting, engine.store.record)
        tasks.start_soon(returning.serve)
        assert await engine.commit(self._world.beginning())
        for about in range(SEARCHES):
            engine.opening += 1
            tasks.start_soon(self._watch, engine, searches, about)
        for _ in range(self.chance.randint(*STEPS)):
            for _ in range(self.chance.choice((1, 1, 1, 3))):
                await self._commit(engine)
                returning.committed()
            await self._settle(engine, tasks)
            await self._return(engine, searches)
            await self._settle(engine, tasks)
            await self._check(engine, searches)
            self._is_away = self.chance.random() < 0.2
        for topic in list(self._copies):
            engine.live.unwatch(topic)
        if len(engine.live) or engine.live.views:
            raise Failed(f"{engine.live.views} views are left over")

    async def _watch(self, engine: Engine, searches: Searches, about: int) -> None:
        with engine.noting_faults(), suppress(Unavailable):
            plan = (await planned(searches, self._asked[about])).plan
            plan = replace(plan, run=engine.held(plan.run))
            snapshot = await engine.live.watch_search(plan, b"client", "")
            self._copies[snapshot.topic] = ResultCopy(about, snapshot.seq, snapshot.rows)
            self._copies[snapshot.topic].is_heard = True
            self._pulse = snapshot.pulse
            engine.live.subscribed(snapshot.pulse)
            engine.live.subscribed(snapshot.topic)
        engine.opening -= 1

    async def _commit(self, engine: Engine) -> None:
        self.commits += 1
        if self.chance.random() < 0.3:
            await self._embed(engine)
        else:
            await engine.commit(self._world.commit())

    async def _embedded(self, text: str) -> Embedded:
        """What a text means: a direction that each of its letters turns."""
        if self._is_away:
            raise Unavailable("nobody embeds")
        return Embedded(EMBEDDER.name, bearing(Random(text)))

    async def _return(self, engine: Engine, searches: Searches) -> None:
        """Lets searches that wait for the embedder find it back, after somebody else did."""
        if not self._is_away:
            await searches.ready(SearchParams(text=f"anything {self.commits}"))
        with anyio.fail_after(SETTLED_WITHIN_S):
            while engine.live.awaiting and not self._is_away and not engine.faults:
                await engine.settle()
                await anyio.lowlevel.checkpoint()
        await engine.store.until_written()

    async def _embed(self, engine: Engine) -> None:
        """The embedder embeds some texts."""
        taken = await engine.store.embedding.take(EMBEDDER, self.chance.randint(1, 5))
        items = [EmbeddedItem(table=one.table, row=one.row, change=one.change) for one in taken.items]
        if items:
            units = (struct.unpack("<2f", bearing(self.chance)) for _ in items)
            vectors = b"".join(struct.pack("<2e", *unit(*numbers)) for numbers in units)
            await engine.store.embedding.put(EMBEDDER, items, vectors, ORIGIN)

    async def _settle(self, engine: Engine, tasks: TaskGroup) -> None:
        await engine.settle()
        for topic, copy in self._copies.items():
            if copy.is_behind:
                engine.opening += 1
                tasks.start_soon(self._resync, engine, topic, copy)
        await engine.settle()
        await engine.live.tick()
        await engine.settle()

    async def _resync(self, engine: Engine, topic: str, copy: ResultCopy) -> None:
        with engine.noting_faults():
            snapshot = await engine.live.resync(topic)
            copy.begin(snapshot.seq, snapshot.rows)
        engine.opening -= 1

    async def _check(self, engine: Engine, searches: Searches) -> None:
        if engine.faults:
            raise engine.faults[0]
        for topic, copy in self._copies.items():
            try:
                seq, right = await self._fresh(searches, self._asked[copy.about])
            except Unavailable:
                continue  # it goes by the vector of words that are not those of now
            if not engine.live.issued(topic):
                raise Failed(f"search {copy.about} has ended")
            if (copy.seq, copy.rows) != (seq, right):
                raise Failed(difference(copy, copy.seq, right, copy.rows) + f"; the present is {seq}")

    async def _fresh(self, searches: Searches, params: SearchParams) -> tuple[int, list[bytes]]:
        found = await searches.run(await searches.ready(params))
        return found.seq, encoded(found.rows)


def unit(x: float, y: float) -> tuple[float, float]:
    """The direction of a point, of unit length."""
    length = (x * x + y * y) ** 0.5
    return x / length, y / length
