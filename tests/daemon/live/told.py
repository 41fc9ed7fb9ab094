"""Owns a store that does as it is told, and what live queries published of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import anyio
import anyio.lowlevel
from msgspec import UNSET, Raw, Struct

from pjai_wire.changes import Change, apply_changes
from pjai_wire.codec import Decoder
from pjai_wire.envelope import LiveUpdate
from pjai_wire.pulse import Pulse
from pjai_wire.query import Query
from pjai_wire.tables import workflows
from pjaid.live.delivery import Delivery
from pjaid.live.dependents import Dependents
from pjaid.live.queries import LiveQueries, Snapshot
from pjaid.live.registry import Registry
from pjaid.store.changed import Row, RowChange
from pjaid.store.reads import Rows
from pjaid.store.statements import Statement
from tests.daemon.live.making import committed, workflow

T = TypeVar("T")

IDS = workflows.select("id").query
LIKE = workflows.select("id").where(workflows.id.like("%")).query
NEVER_S = 1e9
"""An interval or a lease that does not end while a test runs."""


class Led(Struct):
    """From which state to which an update leads, of a live query or a feed."""

    prev: int
    seq: int


_update, _led, _pulse, _row = Decoder(LiveUpdate), Decoder(Led), Decoder(Pulse), Decoder(list[Any])


class Told:
    """A store of workflows that says what it was told to say, and what live queries published of it."""

    def __init__(self, *, rerun_interval_s: float = 0.0, lease_s: float = NEVER_S, bytes_max: int = 10_000):
        self.seq = 1
        self.ids = "a"
        self.reads = 0
        self.held: anyio.Event | None = None
        """While set, reads wait for it, as in a thread."""
        self.error: Exception | None = None
        """While set, reads fail."""
        self.published: dict[str, list[bytes]] = {}
        self.full: set[str] = set()
        self.dependents = Dependents(1, 0)
        self.delivery = Delivery(self._publish, retry_interval_s=0)
        self.live = LiveQueries(
            self,
            self.dependents,
            self.delivery,
            Registry(most=10, most_per_client=10, bytes_per_client_max=bytes_max),
            rerun_interval_s=rerun_interval_s,
            lease_s=lease_s,
        )

    def read(self, statement: Statement, finish: Callable[[Rows], T]) -> Any:
        """What `finish` makes of the ids."""
        if statement.columns == ("id",):
            return self._found([(one,) for one in self.ids], finish)
        return self._found([(len(self.ids),)], finish)

    def read_raw(self, statement: Statement, finish: Callable[[Rows], T]) -> Any:
        """What `finish` makes of the workflows, or of the whole table's state."""
        if "count(*)" in statement.sql:
            return self._found([(len(self.ids),)], finish)
        return self._found([workflow(one) for one in self.ids], finish)

    writes = 0

    async def until_written(self) -> None:
        """Nothing is ever being written: commits are told of when they are done."""

    def commit(self, seq: int, ids: str, *, is_announced: bool = True) -> None:
        """A commit after which there are the workflows `ids`."""
        changes = tuple(
            RowChange(
                "workflows",
                before=workflow(one) if one in self.ids else None,
                after=workflow(one) if one in ids else None,
            )
            for one in sorted({*self.ids, *ids})
            if (one in self.ids) != (one in ids)
        )
        self.seq, self.ids = seq, ids
        self.dependents.durable(committed(seq))
        if is_announced:
            self.announce(seq, *changes)

    def announce(self, seq: int, *changes: RowChange) -> None:
        """Tells of a commit that is durable."""
        self.dependents.committed(committed(seq, *changes))

    async def watch(self, query: Query = IDS, client: bytes = b"client") -> Snapshot:
        """Opens a live query, and hears it and its client's pulse."""
        snapshot = await self.live.watch(query, client, "")
        self.live.subscribed(snapshot.pulse)
        self.live.subscribed(snapshot.topic)
        return snapshot

    def told(self, topic: str) -> list[tuple[int, int]]:
        """The (prev, seq) of each update."""
        return [(led.prev, led.seq) for led in map(_led.decode, self.published[topic])]

    def pulses(self, snapshot: Snapshot) -> list[Pulse]:
        """What the pulse of a live query's client has told."""
        return [_pulse.decode(pulse) for pulse in self.published.get(snapshot.pulse, ())]

    def rows_after(self, snapshot: Snapshot) -> list[bytes]:
        """What somebody holds who took the snapshot, and each update that leads on from it."""
        rows, seq = snapshot.rows, snapshot.seq
        for update in map(_update.decode, self.published[snapshot.topic]):
            if update.prev == seq:
                rows, seq = _after(rows, update), update.seq
        return rows

    def held_after(self, snapshot: Snapshot) -> str:
        """The ids among what is held."""
        return "".join(str(_row.decode(row)[0]) for row in self.rows_after(snapshot))

    def _found(self, rows: list[Row], finish: Callable[[Rows], T]) -> Any:
        self.reads += 1
        found, held = Rows(self.seq, rows), self.held
        if held is None:
            if self.error is not None:
                raise self.error
            return finish(found)

        async def later() -> T:
            await held.wait()
            if self.error is not None:
                raise self.error
            return finish(found)

        return later()

    def _publish(self, topic: str, update: bytes) -> bool:
        if topic in self.full:
            return False
        self.published.setdefault(topic, []).append(update)
        return True


def _after(rows: list[bytes], update: LiveUpdate) -> list[bytes]:
    """The rows that an update makes of those before."""
    if update.rows is not UNSET:
        return [bytes(row) for row in update.rows]
    changes: tuple[Change[Raw], ...] = () if update.changes is UNSET else update.changes
    return apply_changes(rows, changes, _content)


def _content(row: Raw) -> bytes:
    return bytes(row)


@asynccontextmanager
async def serving(store: Told) -> AsyncIterator[None]:
    """What runs live queries, for the block."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(store.live.serve, tasks)
        tasks.start_soon(store.dependents.serve)
        tasks.start_soon(store.delivery.serve)
        await settled()
        yield
        tasks.cancel_scope.cancel()


async def settled() -> None:
    """Lets everything run that can."""
    for _ in range(20):
        await anyio.lowlevel.checkpoint()


async def outcome(awaited: Awaitable[T], outcomes: list[T | Exception]) -> None:
    """Notes what came of something."""
    try:
        outcomes.append(await awaited)
    except Exception as error:
        outcomes.append(error)
