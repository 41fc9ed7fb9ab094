"""Owns what every measurement of a run has at hand, and the daemon that it measures."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from msgspec import Struct

import pjai
from pjai.database import Database
from tests.workload.data import DataSet
from tests.workload.echo import Echo, echo
from tests.workload.floors import ReadFloor, WriteFloor, unlocked
from tests.workload.processes import Home, daemon
from tests.workload.progress import Progress
from tests.workload.questions import Questions

ROOM = {
    "clients_max": 4_000,
    "live_queries_max": 100_000,
    "live_bytes_per_client_max": 2**30,
}
"""Settings of the daemon for more live queries than one user's programs have; none makes it quicker."""


class Workload(Struct, frozen=True):
    """What is measured with."""

    home: Home
    data: DataSet
    questions: Questions
    runs: int
    """How often a quick operation is timed."""
    live_queries: int
    """How many are open where there are many."""
    progress: Progress

    @property
    def some_live_queries(self) -> int:
        """How many are open where there are some: a tenth."""
        return self.live_queries // 10


class Bench(Workload, frozen=True):
    """A live daemon, and the floors beside it."""

    daemon_pid: int
    db: Database
    echo: Echo
    read_floor: ReadFloor
    write_floor: WriteFloor
    keeps_answers: bool
    """Whether the daemon has answers in memory, as it has unless it is told otherwise."""


@asynccontextmanager
async def opened(
    workload: Workload, write_floor: WriteFloor, *, keeps_answers: bool = True
) -> AsyncGenerator[Bench]:
    """A bench on a daemon of its own, inside the block."""
    home = workload.home
    settings = ROOM if keeps_answers else {**ROOM, "cache_bytes_max": 0}
    read_floor = ReadFloor(home, unlocked(home))
    try:
        async with (
            daemon(home, **settings) as process,
            echo(home) as echoing,
            pjai.connect(home.endpoint, client="benchmark") as db,
        ):
            yield Bench(
                home=home,
                data=workload.data,
                questions=workload.questions,
                runs=workload.runs,
                live_queries=workload.live_queries,
                progress=workload.progress,
                daemon_pid=process.pid,
                db=db,
                echo=echoing,
                read_floor=read_floor,
                write_floor=write_floor,
                keeps_answers=keeps_answers,
            )
    finally:
        read_floor.close()
