"""Owns the watchers: another process in which many subscribers follow one query, each in its own way.

As a program of its own it opens the live queries of a persona's memories of a type, and says so. Then each
line on stdin is the id of a memory that is to stand first: it says that it waits for it, and, once every
subscriber holds it, when the first and the last of them did, in nanoseconds of the machine's monotonic clock.
"""

from __future__ import annotations

import resource
import sys
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from time import monotonic_ns
from typing import cast

import anyio
import msgspec
import zmq

import pjai
from pjai.live_query import LiveQuery
from pjai_wire.fields import MemoryType
from pjai_wire.records import MemoryEntity
from pjai_wire.select import Select
from tests.system.raw import raw_client
from tests.workload.processes import Child, child
from tests.workload.questions import best_memories

Span = tuple[int, int]
"""When the first and the last subscriber held a result."""

Held = Callable[[str], Awaitable[Span]]
"""Waits until all hold the result with a memory of this id at its head."""

SOCKETS_SPARE = 64

SAYS_AFTER_S = 0.02
"""How long what is to be said waits: to say and to hear it takes the processor from those who are timed."""


@asynccontextmanager
async def watchers(
    kind: str, endpoint: str, number: int, persona_id: str, of: MemoryType
) -> AsyncGenerator[Child]:
    """So many subscribers in another process inside the block, all of whom have their first result.

    Args:
        kind: `shared`, on one connection through the SDK, or `separate`, each with a socket and a topic.
        endpoint: the daemon's.
        number: how many there are.
        persona_id: whose memories they watch.
        of: which type of them.
    """
    async with child("-m", "tests.workload.watchers", kind, endpoint, str(number), persona_id, of) as process:
        await process.line()
        yield process


class Shared:
    """Live queries on one connection, each followed by a task."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._noted_at: defaultdict[str, list[int]] = defaultdict(list)
        self._noted = anyio.Event()

    async def follow(self, live: LiveQuery[MemoryEntity]) -> None:
        """Takes the results of one of them as they come."""
        async for rows in live:
            if not rows:
                continue
            times = self._noted_at[rows[0].id]
            times.append(monotonic_ns())
            if len(times) == self._number:
                self._noted.set()
                self._noted = anyio.Event()

    async def held(self, memory_id: str) -> Span:
        """As `Held`."""
        while len(self._noted_at[memory_id]) < self._number:
            await self._noted.wait()
        times = self._noted_at[memory_id]
        return times[0], times[-1]


@asynccontextmanager
async def shared(endpoint: str, number: int, select: Select[MemoryEntity]) -> AsyncGenerator[Held]:
    """Subscribers on one connection, through the SDK."""
    following = Shared(number)
    async with (
        pjai.connect(endpoint, client="watchers") as db,
        AsyncExitStack() as stack,
        anyio.create_task_group() as tasks,
    ):
        for _ in range(number):
            tasks.start_soon(following.follow, await stack.enter_async_context(db.watch(select)))
        yield following.held
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def separate(endpoint: str, number: int, select: Select[MemoryEntity]) -> AsyncGenerator[Held]:
    """Subscribers with a socket and a topic each, in plain ZeroMQ.

    They take their updates in the order in which they subscribed, so that each waits for its own alone.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    sockets = []
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    context.set(zmq.MAX_SOCKETS, number + SOCKETS_SPARE)
    with raw_client(endpoint) as client:
        changes = client.result("health")["endpoints"]["changes"]
        for _ in range(number):
            topic = client.result("watch", query=msgspec.to_builtins(select.query))["topic"]
            socket = context.socket(zmq.SUB)
            socket.connect(changes)
            socket.subscribe(topic)
            # The first update says that the daemon has heard of this subscription.
            socket.recv_multipart()
            sockets.append(socket)

        async def held(memory_id: str) -> Span:
            times = []
            for socket in sockets:
                while memory_id.encode() not in socket.recv_multipart()[1]:
                    pass
                times.append(monotonic_ns())
            return times[0], times[-1]

        yield held
    context.destroy(linger=0)


async def main(*arguments: str) -> None:
    """Does what the module says, until stdin ends."""
    kind, endpoint, number, persona_id, of = arguments
    select = best_memories(persona_id, cast("MemoryType", of), 0)
    opened = {"shared": shared, "separate": separate}[kind]
    async with opened(endpoint, int(number), select) as held:
        _say("open")
        async for line in anyio.wrap_file(sys.stdin):
            _say("waiting")
            first, last = await held(line.strip())
            await anyio.sleep(SAYS_AFTER_S)
            _say(f"{first} {last}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    anyio.run(main, *sys.argv[1:], backend_options={"use_uvloop": True})
