"""Owns the engine under test: the real store, dependents, live queries and delivery, at a random pace."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup

from pjai_wire.codec import encode
from pjai_wire.errors import PjaiError
from pjai_wire.methods import CommitParams
from pjaid.live.delivery import Delivery
from pjaid.live.dependents import Dependents
from pjaid.live.queries import LiveQueries
from pjaid.live.registry import Registry
from pjaid.live.search_plan import Run
from pjaid.search.codes.codes import Codes
from pjaid.settings import Settings
from pjaid.store.keys import StoreKey
from pjaid.store.recorder import Origin
from pjaid.store.store import Store
from pjaid.store.writer import Committed
from tests.differential.pace import HeldReads, Pace

ORIGIN = Origin(client="test", session="session")
PLENTY = 2**30
IN_MEMORY = Path("/dev/shm")  # noqa: S108 # a directory of our own is made in it
SCRATCH = IN_MEMORY if IN_MEMORY.is_dir() else None
"""Where it is in memory, the syncs of a history's commits wait for no disk."""

SETTLED_WITHIN_S = 30
"""Past it the engine is taken to hang; it is a guard, not a measure."""


class Engine:
    """The engine, and what went wrong in it.

    Args:
        store: the real one; it tells `durable` and `committed`.
        pace: of the parts.
        chance: decides what is held.
        hear: takes an update to a topic.
    """

    def __init__(self, store: Store, pace: Pace, chance: Random, hear: Callable[[str, bytes], None]) -> None:
        self.store = store
        self.faults: list[BaseException] = []
        self.opening = 0
        """How many are about to watch."""
        self._pace = pace
        self._chance = chance
        self._hear = hear
        self._reads = HeldReads(store, chance, pace.reads_held)
        self.codes = Codes(store.vectors, bytes_max=PLENTY)
        self._dependents = Dependents(store.seq, store.local_seq)
        self._delivery = Delivery(self._publish, retry_interval_s=0)
        self._untold: deque[Committed] = deque()
        self._durable = self._told = 0
        self.live = LiveQueries(
            self._reads,
            self._dependents,
            self._delivery,
            Registry(most=PLENTY, most_per_client=PLENTY, bytes_per_client_max=PLENTY),
            rerun_interval_s=0,
            lease_s=PLENTY,
        )

    def durable(self, committed: Committed) -> None:
        """The store's word."""
        self._durable += 1
        self._dependents.durable(committed)

    def committed(self, committed: Committed) -> None:
        """The store's word, which is passed on now or later."""
        self.codes.committed(committed)
        self._untold.append(committed)
        if self._chance.random() >= self._pace.commits_held:
            self.tell()

    def tell(self) -> None:
        """Passes on what the store said."""
        while self._untold:
            self._told += 1
            with self.noting_faults():
                self._dependents.committed(self._untold.popleft())

    def held(self, run: Run) -> Run:
        """A search that others overtake now and then, as they do reads."""
        return lambda finish: self._reads.paced(lambda: run(finish))

    def release_reads(self) -> None:
        """Lets the reads go on that are held."""
        self._reads.gate.release()

    async def commit(self, params: CommitParams) -> bool:
        """Whether a commit was recorded."""
        try:
            await self.store.commit(encode(params), ORIGIN, finish=lambda receipt: receipt)
        except PjaiError:
            return False
        return True

    async def settle(self) -> None:
        """Waits until everything is told, read and delivered.

        Raises:
            TimeoutError: it never is.
        """
        self._reads.gate.is_open = True
        with anyio.fail_after(SETTLED_WITHIN_S):
            while not self._is_settled():
                self.tell()
                self.release_reads()
                await anyio.lowlevel.checkpoint()
        self._reads.gate.is_open = False

    def _is_settled(self) -> bool:
        if self.faults:
            return True
        return (
            self._told == self._durable
            and self._dependents.is_settled
            and not self.opening
            and not self._delivery.behind
            and all(watched.is_current for _, watched in self.live.overview())
        )

    def noting_faults(self) -> NotingFaults:
        """Notes what is raised in a block."""
        return NotingFaults(self.faults)

    async def serve(self, tasks: TaskGroup) -> None:
        """Begins to serve, in `tasks`."""
        tasks.start_soon(self._dependents.serve)
        tasks.start_soon(self.live.serve, tasks)
        tasks.start_soon(self._delivery.serve)

    def _publish(self, topic: str, message: bytes) -> bool:
        if self._chance.random() < self._pace.refused:
            return False
        with self.noting_faults():
            self._hear(topic, message)
        return True


class NotingFaults:
    """Notes exceptions that would end in a callback's log, and goes on.

    Args:
        faults: where.
    """

    def __init__(self, faults: list[BaseException]) -> None:
        self._faults = faults

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if isinstance(error, Exception):
            self._faults.append(error)
            return True
        return False


@asynccontextmanager
async def running_engine(
    pace: Pace, chance: Random, hear: Callable[[str, bytes], None]
) -> AsyncIterator[tuple[Engine, TaskGroup]]:
    """An engine with an empty store, served for the block."""
    with TemporaryDirectory(dir=SCRATCH) as name:
        directory = Path(name)
        settings = Settings(
            data_dir=directory,
            state_dir=directory,
            runtime_dir=directory,
            readers_min=1,
            inline_ms_max=0 if pace.reads_in_threads else 1_000,
        )
        store = Store(
            settings,
            StoreKey("store", "aegis", secrets.token_bytes(32), created=True),
            on_committed=lambda committed: engine.committed(committed),
            on_durable=lambda committed: engine.durable(committed),
        )
        engine = Engine(store, pace, chance, hear)
        try:
            async with anyio.create_task_group() as tasks:
                await engine.serve(tasks)
                yield engine, tasks
                tasks.cancel_scope.cancel()
        finally:
            engine.codes.close()
            with anyio.CancelScope(shield=True):
                await store.close()
