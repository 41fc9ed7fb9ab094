"""Owns the crowd: another process that has many live queries open, of which no two are equal.

They are like q2, and of every persona but the first.
As a program of its own it opens as many as it is told, says how many are open, and takes what comes, until
its stdin ends. It speaks plain ZeroMQ and decodes no update: a crowd that did would compete with the daemon
for the cores of one machine, where its share tells nothing about the daemon.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import ExitStack, asynccontextmanager

import msgspec
import zmq

from pjai.database import Database
from pjai_wire.query import Query
from tests.system.raw import RawSubscriber, raw_client, raw_subscriber
from tests.workload.data import DataSet
from tests.workload.processes import child
from tests.workload.questions import different_memories

QUERIES_PER_CLIENT = 1_000
TAKEN_AT_ONCE = 1_000


@asynccontextmanager
async def crowd(db: Database, endpoint: str, number: int) -> AsyncGenerator[None]:
    """So many live queries of another process are open inside the block, and none of them after it."""
    before = (await db.health()).live_queries
    async with child("-m", "tests.workload.crowd", endpoint, str(number)) as process:
        await process.line()
        yield
    while (await db.health()).live_queries > before:
        pass


def open_queries(stack: ExitStack, endpoint: str, queries: Sequence[Query]) -> list[RawSubscriber]:
    """Opens live queries of so many clients as need be, until `stack` is closed."""
    subscribers = []
    for start in range(0, len(queries), QUERIES_PER_CLIENT):
        client = stack.enter_context(raw_client(endpoint))
        subscriber = stack.enter_context(raw_subscriber(client.result("health")["endpoints"]["changes"]))
        for query in queries[start : start + QUERIES_PER_CLIENT]:
            answer = client.result("watch", query=msgspec.to_builtins(query), label="crowd")
            subscriber.subscribe(answer["topic"])
        subscriber.subscribe(answer["pulse"])
        subscribers.append(subscriber)
    return subscribers


def take_all(subscribers: Sequence[RawSubscriber]) -> None:
    """Takes every update, until stdin ends."""
    poller = zmq.Poller()
    poller.register(sys.stdin.fileno(), zmq.POLLIN)
    for subscriber in subscribers:
        poller.register(subscriber.socket, zmq.POLLIN)
    while True:
        ready = dict(poller.poll())
        if sys.stdin.fileno() in ready:
            return
        for subscriber in subscribers:
            if subscriber.socket in ready:
                _take(subscriber.socket)


def _take(socket: zmq.Socket[bytes]) -> None:
    for _ in range(TAKEN_AT_ONCE):
        try:
            socket.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return


def main(endpoint: str, number: int) -> None:
    """Has the first `number` of the different queries open until stdin ends."""
    queries = [select.query for select in different_memories(DataSet(0).persona_ids[1:])[:number]]
    with ExitStack() as stack:
        subscribers = open_queries(stack, endpoint, queries)
        sys.stdout.write(f"{len(queries)}\n")
        sys.stdout.flush()
        take_all(subscribers)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
