"""Owns the time that a commit takes in the live core: who is concerned, and how their results change."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from apsw import Connection

from pjai_wire.fields import MemoryType
from pjai_wire.query import Query
from pjai_wire.tables import memories
from pjaid.live.delivery import Delivery
from pjaid.live.dependents import Dependents
from pjaid.live.queries import LiveQueries
from pjaid.live.registry import Registry
from pjaid.store import reads
from pjaid.store.changed import Row, RowChange, positions
from pjaid.store.local import local_head
from pjaid.store.statements import Statement
from pjaid.store.writer import Committed
from tests.workload.bench import Bench
from tests.workload.data import AFTER_ALL_MS, IMPORTANCE_MAX
from tests.workload.floors import RESULT_BYTES_MAX
from tests.workload.questions import best_memories, different_memories
from tests.workload.report import Finding, Target
from tests.workload.timing import Run, alternate, warm_up_runs

LIMIT_US = 100.0
CLIENTS = 10
KIND: MemoryType = "concept"

T = TypeVar("T")


class Source:
    """Reads what live queries read of the store, on a connection of its own.

    Args:
        connection: where to read.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def read(self, statement: Statement, finish: Callable[[reads.Rows], T]) -> T:
        """What `finish` makes of the rows that `statement` finds."""
        return finish(reads.run(self._connection, statement, RESULT_BYTES_MAX))

    def read_raw(self, statement: Statement, finish: Callable[[reads.Rows], T]) -> T:
        """As `read`, with the values as they are stored."""
        return finish(reads.run_raw(self._connection, statement, RESULT_BYTES_MAX))

    writes = 0

    async def until_written(self) -> None:
        """Nothing is being written while the core is at work."""


class Core:
    """The live core in this process, with nothing before and behind it.

    Args:
        connection: a store of which it keeps queries alive.
    """

    def __init__(self, connection: Connection) -> None:
        self.seq = reads.head(connection)
        self.updates = 0
        """How many were published."""
        self._dependents = Dependents(self.seq, local_head(connection))
        self._live = LiveQueries(
            Source(connection),
            self._dependents,
            Delivery(self._publish),
            Registry(most=10**6, most_per_client=10**6, bytes_per_client_max=2**40),
            rerun_interval_s=0,
            lease_s=0,
        )

    async def watch(self, query: Query, client: bytes) -> None:
        """Opens a live query to which somebody listens."""
        snapshot = await self._live.watch(query, client, "")
        self._live.subscribed(snapshot.topic)

    def commit(self, before: Row | None, after: Row | None) -> None:
        """A commit changed one memory."""
        self.seq += 1
        change = RowChange(memories.table_name, before, after)
        self._dependents.committed(Committed(self.seq, self._dependents.local_seq, (change,)))

    def _publish(self, _topic: str, _update: bytes) -> bool:
        self.updates += 1
        return True


async def one_affected(bench: Bench) -> Finding:
    """The time in the core of a commit that changes one live query of many.

    The many are of every persona but the first, whose one live query is full: a memory comes to its head
    and goes again, so that another falls off its end and comes back. Beside it, the same commits with no
    other query open, and commits that concern none.
    """
    persona_id, *others = bench.data.persona_ids
    own = best_memories(persona_id, KIND, 0).query
    connection = bench.read_floor.connection
    many = Core(connection)
    for number, select in enumerate(different_memories(others)[: bench.live_queries - 1]):
        await many.watch(select.query, b"%d" % (number % CLIENTS))
        bench.progress.at(number / bench.live_queries)
    await many.watch(own, b"0")
    many.updates = 0
    single = Core(connection)
    await single.watch(own, b"0")
    rows = {name: _at_the_head(connection, name) for name in (persona_id, "nobody")}

    def comes_and_goes(core: Core, row: Row) -> Run:
        async def run(number: int) -> None:
            core.commit(*((None, row) if number % 2 == 0 else (row, None)))

        return run

    spreads = await alternate(
        bench.progress,
        bench.runs,
        alone=comes_and_goes(single, rows[persona_id]),
        nobody=comes_and_goes(many, rows["nobody"]),
        one=comes_and_goes(many, rows[persona_id]),
    )
    commits = bench.runs + warm_up_runs(bench.runs)
    return Finding(
        title=f"core, 1 of {bench.live_queries} affected",
        spread=spreads["one"],
        floor_p50=spreads["alone"].p50,
        floor="the same with one query open",
        target=Target(spreads["one"].p50, LIMIT_US, "us"),
        details={"none_affected_us": spreads["nobody"].p50, "updates_a_commit": many.updates / commits},
    )


def _at_the_head(connection: Connection, persona_id: str) -> Row:
    """A memory of that persona which stands before all others."""
    row = list(next(connection.execute("SELECT * FROM memories LIMIT 1")))
    values = {
        "id": "at the head",
        "personaId": persona_id,
        "type": KIND,
        "importance": IMPORTANCE_MAX,
        "lastAccessedAt": AFTER_ALL_MS,
    }
    for name, value in values.items():
        row[positions(memories)[name]] = value
    return tuple(row)
