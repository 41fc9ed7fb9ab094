"""What random histories have found once, and must not find again."""

from __future__ import annotations

from random import Random
from typing import Any

import anyio
import anyio.lowlevel
import msgspec
import pytest

from pjai_wire.envelope import LiveUpdate
from pjai_wire.feed import FeedUpdate
from pjai_wire.methods import CommitParams, FeedParams
from pjai_wire.pulse import Pulse
from pjai_wire.tables import personas
from pjaid.live.queries import Snapshot
from pjaid.live.window import MARGIN_MIN
from tests.differential.engine import Engine, running_engine
from tests.differential.limits import limited
from tests.differential.pace import AT_ONCE, Pace
from tests.strategies import as_new_events

pytestmark = pytest.mark.anyio

COMMITS_ARE_HELD = Pace(reads_in_threads=False, reads_held=0, commits_held=1, refused=0)
READS_ARE_HELD = Pace(reads_in_threads=False, reads_held=1, commits_held=0, refused=0)
QUERY = personas.select("id").query


async def commit(engine: Engine, name: str, *ids: str) -> None:
    """Commits an event of this name for each id."""
    events: list[tuple[str, dict[str, Any]]] = [(name, {"id": one, "name": one}) for one in ids]
    assert await engine.commit(CommitParams(events=as_new_events(events)))


async def create(engine: Engine, *names: str) -> None:
    """Creates personas."""
    await commit(engine, "v1.PersonaCreated", *names)


class Heard:
    """What was published."""

    def __init__(self) -> None:
        self._messages: dict[str, list[bytes]] = {}

    def __call__(self, topic: str, message: bytes) -> None:
        """Takes what a topic publishes."""
        self._messages.setdefault(topic, []).append(message)

    def updates(self, topic: str) -> list[LiveUpdate]:
        """Those to a live query."""
        return [msgspec.msgpack.decode(message, type=LiveUpdate) for message in self._messages[topic]]

    def pulses(self, topic: str) -> list[Pulse]:
        """What a pulse told."""
        return [msgspec.msgpack.decode(message, type=Pulse) for message in self._messages[topic]]

    def inserted(self, topic: str) -> list[str]:
        """The ids of the rows that a feed brought."""
        messages = self._messages.get(topic, ())
        updates = [msgspec.msgpack.decode(message, type=FeedUpdate) for message in messages]
        return [msgspec.msgpack.decode(change.row)[0] for update in updates for change in update.changes]  # type: ignore[union-attr] # these feeds hear insertions alone


async def test_a_snapshot_says_which_state_it_shows_though_that_is_yet_to_be_told() -> None:
    async with running_engine(COMMITS_ARE_HELD, Random(0), Heard()) as (engine, _):
        await create(engine, "a")
        snapshot = await engine.live.watch(QUERY, b"client", "")
        assert (snapshot.seq, len(snapshot.rows)) == (1, 1)


async def test_a_pulse_names_what_is_behind_while_a_result_is_read() -> None:
    heard = Heard()
    opened: list[Snapshot] = []
    like = personas.where(personas.name.like("%")).select("id").query
    async with running_engine(READS_ARE_HELD, Random(0), heard) as (engine, tasks):
        await create(engine, "a")

        async def watch() -> None:
            snapshot = await engine.live.watch(like, b"client", "")
            engine.live.subscribed(snapshot.pulse)
            engine.live.subscribed(snapshot.topic)
            opened.append(snapshot)
            engine.opening -= 1

        engine.opening += 1
        tasks.start_soon(watch)
        await engine.settle()
        await commit(engine, "v1.WorkflowSaved", "elsewhere")
        await engine.settle()
        await engine.live.tick()
        await create(engine, "b")
        await anyio.lowlevel.checkpoint()
        await engine.live.tick()
        await engine.settle()
    (snapshot,) = opened
    updates = [(update.prev, update.seq) for update in heard.updates(snapshot.topic)]
    assert updates == [(1, 1), (1, 2), (2, 2), (2, 3)]
    pulses = [(pulse.seq, pulse.behind) for pulse in heard.pulses(snapshot.pulse)]
    assert pulses == [(2, ()), (3, (snapshot.topic,))]


async def test_a_feed_that_begins_while_others_are_told_of_a_commit_tells_all_of_it_or_nothing() -> None:
    heard = Heard()
    with limited({"CHANGES_AT_ONCE_MAX": 1}):
        async with running_engine(COMMITS_ARE_HELD, Random(0), heard) as (engine, _):
            await create(engine, "a", "b", "c")
            await anyio.lowlevel.checkpoint()
            engine.tell()
            await anyio.lowlevel.checkpoint()
            feed = engine.live.feed(FeedParams(table="personas"), b"client")
            engine.live.subscribed(feed.topic)
            assert feed.seq in (0, 3)
            await engine.settle()
    assert heard.inserted(feed.topic) == ([] if feed.seq else ["a", "b", "c"])


async def test_a_feed_that_ends_while_it_is_told_of_a_commit_publishes_no_more() -> None:
    heard = Heard()
    with limited({"CHANGES_AT_ONCE_MAX": 1}):
        async with running_engine(AT_ONCE, Random(0), heard) as (engine, _):
            feed = engine.live.feed(FeedParams(table="personas"), b"client")
            engine.live.subscribed(feed.topic)
            await create(engine, "a", "b", "c")
            await anyio.lowlevel.checkpoint()
            await anyio.lowlevel.checkpoint()
            engine.live.unwatch(feed.topic)
            await engine.settle()
    assert heard.inserted(feed.topic) == []


async def test_a_row_beyond_those_that_are_kept_touches_no_view_until_more_are_read() -> None:
    shown = MARGIN_MIN
    first = personas.order_by("name").select("name").limit(shown).query
    names = [f"{number:03}" for number in range(4 * shown)]
    async with running_engine(AT_ONCE, Random(0), Heard()) as (engine, _):
        await create(engine, *names)
        await engine.live.watch(first, b"client", "")
        ((_, watched),) = engine.live.overview()
        view, begun = watched.view, watched.view.seq
        await create(engine, "900")
        await engine.settle()
        assert view.seq == begun
        for name in names[: shown + 1]:
            await rename(engine, name, f"9{name}")
            await engine.settle()
        assert watched.horizon is not None
        assert await shown_names(engine) == names[shown + 1 : 2 * shown + 1]
        # What was beyond all that was kept is among it now.
        await rename(engine, names[2 * shown + 1], f"{names[shown]}a")
        await engine.settle()
        assert await shown_names(engine) == [f"{names[shown]}a", *names[shown + 1 : 2 * shown]]


async def rename(engine: Engine, row_id: str, name: str) -> None:
    """Gives a persona another name."""
    events: list[tuple[str, dict[str, Any]]] = [("v1.PersonaUpdated", {"id": row_id, "name": name})]
    assert await engine.commit(CommitParams(events=as_new_events(events)))


async def shown_names(engine: Engine) -> list[str]:
    """What the one live query shows, which is what it told."""
    ((subscription, _),) = engine.live.overview()
    snapshot = await engine.live.resync(subscription.topic)
    return [msgspec.msgpack.decode(row)[0] for row in snapshot.rows]
