"""Owns histories: commits to a small world, what is open meanwhile, and what must hold at every state."""

from __future__ import annotations

from random import Random

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup
from msgspec import json

from pjai_wire.errors import UnknownTopic
from pjai_wire.tables import table_named
from pjaid.store.statements import compile_query
from tests.differential.copies import Copy, FeedCopy, ResultCopy, difference, differences, encoded, hear_pulse
from tests.differential.engine import Engine, running_engine
from tests.differential.limits import DROPPING, limited, small_limits
from tests.differential.pace import AT_ONCE, Pace, now
from tests.differential.questions import feed_question, question
from tests.differential.world import World

QUESTIONS = 6
FEEDS = 2
STEPS = (15, 30)
OPEN_AT_ONCE_MAX = 16


class Failed(Exception):
    """Something does not hold; the message says what, and how to see it again."""


async def play(seed: int) -> None:
    """Plays the history of a seed.

    Raises:
        Failed: what was maintained differs from what a fresh query finds.
    """
    history = History(Random(seed))
    try:
        with limited(history.limits):
            async with running_engine(history.pace, history.chance, history.hear) as (engine, tasks):
                await history.run(engine, tasks)
    except Exception as error:
        raise Failed(history.story(seed, error)) from error


class History:
    """One history.

    Args:
        chance: decides everything.
    """

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.pace = Pace.of(chance)
        self.limits = small_limits(chance)
        self.commits = 0
        self._in_bursts = chance.random() < 0.15
        self._rests = chance.random() < (0.9 if self.pace == AT_ONCE else 0.2)
        self._world = World(chance)
        self._feeds = [feed_question(chance) for _ in range(FEEDS)]
        self._questions = [question(chance) for _ in range(QUESTIONS)]
        self._questions += [query for query, _ in self._feeds]
        self._truth: list[dict[int, list[bytes]]] = [{} for _ in self._questions]
        self._copies: dict[str, Copy] = {}
        self._pulse = ""

    def story(self, seed: int, error: Exception) -> str:
        """What happened, and how to see it again."""
        asked = "\n".join(
            f"  {number}: {json.encode(query).decode()}" for number, query in enumerate(self._questions)
        )
        return (
            f"seed {seed}, after commit {self.commits}: {_innermost(error)}\n"
            f"{self.pace}, {self.limits}, in bursts: {self._in_bursts}\nquestions:\n{asked}\n"
            f"see it again: PJAI_TEST_SEED={seed} make soak-live"
        )

    def hear(self, topic: str, message: bytes) -> None:
        """A client hears an update, or its pulse."""
        if topic == self._pulse:
            hear_pulse(self._copies, message)
        else:
            self._copies[topic].hear(message)

    async def run(self, engine: Engine, tasks: TaskGroup) -> None:
        """Plays the history to an engine."""
        await self._look(engine)
        if self.chance.random() < 0.5:
            await self._commit(engine, beginning=True)
        for _ in range(self.chance.randint(QUESTIONS, 2 * QUESTIONS)):
            self._open(engine, tasks)
        for _ in range(self.chance.randint(*STEPS)):
            for _ in range(self.chance.choice((0, 0, 1, 2, 4))):
                await self._happens(engine, tasks)
            await self._commit(engine, beginning=self.commits == 0)
            if self._rests:
                await self._settle(engine)
            self._check(engine)
        await self._settle(engine)
        for topic in list(self._copies):
            self._end(engine, topic)
        if len(engine.live) or engine.live.views:
            raise Failed(f"{len(engine.live)} topics and {engine.live.views} views are left over")

    async def _commit(self, engine: Engine, *, beginning: bool) -> None:
        self.commits += 1
        if self.chance.random() < 0.05:
            await engine.store.write_document("d", self.chance.choice("ab"), {"a": self.chance.randint(0, 2)})
        elif beginning:
            assert await engine.commit(self._world.beginning())
        elif self._in_bursts:
            async with anyio.create_task_group() as burst:
                for _ in range(self.chance.randint(1, 4)):
                    burst.start_soon(engine.commit, self._world.commit())
        elif not await engine.commit(self._world.commit()):
            self._world.refused()
        await self._look(engine)

    async def _look(self, engine: Engine) -> None:
        """Notes what is right at the present state."""
        for query, right in zip(self._questions, self._truth, strict=True):
            found = await now(engine.store.read(compile_query(query), lambda rows: rows))
            right[found.seq] = encoded(found.rows)

    async def _happens(self, engine: Engine, tasks: TaskGroup) -> None:
        """Something beside the commits."""
        match self.chance.randrange(8):
            case 0:
                engine.tell()
            case 1:
                engine.release_reads()
            case 2 if len(self._copies) < OPEN_AT_ONCE_MAX:
                self._open(engine, tasks)
            case 3:
                self._subscribe(engine)
            case 4 if self._copies:
                engine.opening += 1
                tasks.start_soon(self._resync, engine, self.chance.choice(list(self._copies)))
            case 5 if self._copies and self.chance.random() < 0.3:
                self._end(engine, self.chance.choice(list(self._copies)))
            case 6:
                await engine.live.tick()
            case _:
                for _ in range(self.chance.randint(1, 4)):
                    await anyio.lowlevel.checkpoint()

    def _open(self, engine: Engine, tasks: TaskGroup) -> None:
        about = self.chance.randrange(len(self._questions))
        is_heard = self.chance.random() < 0.8
        if about < QUESTIONS:
            engine.opening += 1
            tasks.start_soon(self._watch, engine, about, is_heard)
            return
        feed = engine.live.feed(self._feeds[about - QUESTIONS][1], b"client")
        if (rows := self._truth[about].get(feed.seq)) is None:
            engine.live.unwatch(feed.topic)
            return
        self._copies[feed.topic] = FeedCopy(
            about,
            feed.seq,
            rows,
            may_lose=not DROPPING.isdisjoint(self.limits),
            is_local=feed.table.is_local,
        )
        self._hear_pulse(engine, feed.pulse.topic)
        if is_heard:
            self._claim(engine, feed.topic)

    async def _watch(self, engine: Engine, about: int, is_heard: bool) -> None:
        with engine.noting_faults():
            snapshot = await engine.live.watch(self._questions[about], b"client", "")
            self._copies[snapshot.topic] = ResultCopy(
                about,
                snapshot.seq,
                snapshot.rows,
                is_local=table_named(self._questions[about].table).is_local,
            )
            self._hear_pulse(engine, snapshot.pulse)
            if is_heard:
                self._claim(engine, snapshot.topic)
        engine.opening -= 1

    async def _resync(self, engine: Engine, topic: str) -> None:
        copy = self._copies.get(topic)
        if isinstance(copy, ResultCopy):
            with engine.noting_faults():
                try:
                    snapshot = await engine.live.resync(topic)
                    copy.begin(snapshot.seq, snapshot.rows)
                except UnknownTopic:
                    assert topic not in self._copies, "a topic is unknown that was not unwatched"
        engine.opening -= 1

    def _end(self, engine: Engine, topic: str) -> None:
        del self._copies[topic]
        engine.live.unwatch(topic)

    def _subscribe(self, engine: Engine) -> None:
        for topic, copy in self._copies.items():
            if not copy.is_heard:
                self._claim(engine, topic)
                return

    def _hear_pulse(self, engine: Engine, pulse: str) -> None:
        self._pulse = pulse
        engine.live.subscribed(pulse)

    def _claim(self, engine: Engine, topic: str) -> None:
        self._copies[topic].is_heard = True
        engine.live.subscribed(topic)

    async def _settle(self, engine: Engine) -> None:
        """Everything becomes quiet; then a pulse tells everybody of the present."""
        await engine.settle()
        async with anyio.create_task_group() as tasks:
            for topic, copy in self._copies.items():
                if isinstance(copy, ResultCopy) and copy.is_behind:
                    engine.opening += 1
                    tasks.start_soon(self._resync, engine, topic)
            await engine.settle()
        await engine.live.tick()
        await engine.settle()
        self._check(engine)
        for topic, copy in self._copies.items():
            seq, right = max(self._truth[copy.about].items())
            if not engine.live.issued(topic):
                raise Failed(f"question {copy.about} has ended")
            if copy.is_heard and (copy.seq, copy.rows) != (seq, right):
                raise Failed(f"at rest {difference(copy, copy.seq, right, copy.rows)}; the present is {seq}")

    def _check(self, engine: Engine) -> None:
        if engine.faults:
            raise engine.faults[0]
        if wrong := differences(self._copies, self._truth):
            raise Failed(wrong)
        for topic, copy in list(self._copies.items()):
            if isinstance(copy, FeedCopy) and copy.is_lost:
                self._end(engine, topic)


def _innermost(error: BaseException) -> str:
    """What went wrong, out of whatever groups it came in."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error) if isinstance(error, Failed) else repr(error)
