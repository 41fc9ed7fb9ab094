"""Owns how the data set comes into the store: the next events are made while the daemon records the last."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import anyio
import anyio.lowlevel

import pjai
from pjai.database import Database
from pjai_wire.events import Event
from tests.workload.data import DataSet
from tests.workload.processes import Home, daemon
from tests.workload.progress import Progress

EVENTS_AT_ONCE = 1_000
COMMITS_AT_ONCE = 2


async def load(home: Home, data: DataSet, progress: Progress) -> None:
    """Commits every event of `data`, in order, to a daemon that then ends."""
    progress.begin(f"{data.memories} memories and {data.conversations} conversations")
    events = data.events()
    free = anyio.Semaphore(COMMITS_AT_ONCE)
    async with (
        daemon(home),
        pjai.connect(home.endpoint, client="benchmark") as db,
        anyio.create_task_group() as commits,
    ):
        while batch := list(islice(events, EVENTS_AT_ONCE)):
            await free.acquire()
            commits.start_soon(_commit, db, batch, free)
            # The commit is on its way before the next events are made.
            await anyio.lowlevel.checkpoint()
            progress.at(data.share_made)


async def _commit(db: Database, batch: Sequence[Event], free: anyio.Semaphore) -> None:
    await db.commit(*batch)
    free.release()
