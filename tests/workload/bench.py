"""Owns what every measurement of a run has at hand."""

from __future__ import annotations

from msgspec import Struct

from pjai.database import Database
from tests.workload.data import DataSet
from tests.workload.echo import Echo
from tests.workload.floors import ReadFloor, WriteFloor
from tests.workload.processes import Home
from tests.workload.progress import Progress
from tests.workload.questions import Questions


class Bench(Struct, frozen=True):
    """A live daemon, and the floors beside it."""

    home: Home
    data: DataSet
    questions: Questions
    runs: int
    """How often a quick operation is timed."""
    progress: Progress
    daemon_pid: int
    db: Database
    echo: Echo
    read_floor: ReadFloor
    write_floor: WriteFloor
