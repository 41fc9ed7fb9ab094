"""Owns a fake daemon: it speaks the contract, and a test decides each answer, and when there is none."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import anyio
import msgspec
import zmq
import zmq.asyncio
from anyio.abc import TaskGroup
from msgspec import UNSET, Raw, Struct

from pjai_wire.codec import encode
from pjai_wire.endpoints import endpoints_in
from pjai_wire.envelope import LiveUpdate, Reply, Request
from pjai_wire.errors import PjaiError
from pjai_wire.methods import HelloResult, VersionRange

Answer = Callable[[dict[str, Any]], object]
"""Makes a result of params, or raises a `PjaiError`."""


class Asked(Struct):
    """A request, and who asks."""

    peer: bytes
    id: int
    method: str
    params: dict[str, Any]


class FakeDaemon:
    """A ROUTER and an XPUB socket.

    Args:
        directory: where the sockets are.
    """

    def __init__(self, directory: Path) -> None:
        self.endpoints = endpoints_in(directory)
        self.instance = 1
        self.answers: dict[str, Answer] = {"hello": lambda _: self.hello()}
        """Methods that are answered at once; what other methods are asked waits for `asked`."""
        self.greeted: list[dict[str, Any]] = []
        """The params of every hello."""
        self.subscribed: set[str] = set()
        self.limits: dict[str, int] = {}
        self.tick_interval_ms = 60_000
        self._asked: deque[Asked] = deque()
        self._moved = anyio.Event()

    def hello(self) -> HelloResult:
        return HelloResult(
            version=1,
            versions=VersionRange(min=1, max=1),
            features=(),
            daemon="0",
            instance=str(self.instance),
            device="device",
            endpoints=self.endpoints,
            limits=self.limits,
            tick_interval_ms=self.tick_interval_ms,
            seq=0,
        )

    async def __aenter__(self) -> Self:
        self._tasks: TaskGroup = await anyio.create_task_group().__aenter__()
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._tasks.cancel_scope.cancel()
        await self._tasks.__aexit__(None, None, None)
        self.stop()

    def start(self) -> None:
        self._context = zmq.asyncio.Context()
        self._requests = self._context.socket(zmq.ROUTER)
        self._requests.bind(self.endpoints.requests)
        self._changes = self._context.socket(zmq.XPUB)
        self._changes.setsockopt(zmq.XPUB_VERBOSER, 1)
        self._changes.bind(self.endpoints.changes)
        self._serving = anyio.CancelScope()
        self._tasks.start_soon(self._serve, self._serving)

    def stop(self) -> None:
        """Goes away, as a daemon that is killed does; what was asked and not answered is forgotten."""
        self._serving.cancel()
        self._context.destroy(linger=0)
        self._asked.clear()
        self.subscribed.clear()

    def restart(self) -> None:
        self.stop()
        self.instance += 1
        self.start()

    async def asked(self, method: str) -> Asked:
        """The oldest request that was not taken yet, which must be for `method`."""
        while not self._asked:
            await self._moved.wait()
        request = self._asked.popleft()
        assert request.method == method, request
        return request

    def asked_nothing(self) -> bool:
        return not self._asked

    async def answer(self, request: Asked, result: object) -> None:
        await self._reply(request, Reply(v=1, id=request.id, result=Raw(encode(result))))

    async def refuse(self, request: Asked, error: PjaiError) -> None:
        await self._reply(request, Reply(v=1, id=request.id, error=error.body()))

    async def say(self, request: Asked, message: bytes) -> None:
        """Sends the asking client any bytes."""
        await self._requests.send_multipart([request.peer, message])

    async def until_subscribed(self, topic: str) -> None:
        while topic not in self.subscribed:
            await self._moved.wait()

    async def until_unsubscribed(self, topic: str) -> None:
        while topic in self.subscribed:
            await self._moved.wait()

    async def publish(self, topic: str, update: LiveUpdate | Raw) -> None:
        await self._changes.send_multipart([topic.encode(), encode(update)])

    async def _serve(self, scope: anyio.CancelScope) -> None:
        with scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._hear_subscriptions)
                while True:
                    peer, message = await self._requests.recv_multipart()
                    await self._hear(peer, msgspec.msgpack.decode(message, type=Request))

    async def _hear(self, peer: bytes, request: Request) -> None:
        assert isinstance(request.id, int)
        asked = Asked(peer, request.id, request.method, msgspec.msgpack.decode(request.params))
        if asked.method == "hello":
            self.greeted.append(asked.params)
        if asked.method not in self.answers:
            self._asked.append(asked)
            self._move()
            return
        try:
            await self.answer(asked, self.answers[asked.method](asked.params))
        except PjaiError as error:
            await self.refuse(asked, error)

    async def _hear_subscriptions(self) -> None:
        while True:
            message = await self._changes.recv()
            change = self.subscribed.add if message[0] else self.subscribed.discard
            change(message[1:].decode())
            self._move()

    async def _reply(self, request: Asked, reply: Reply) -> None:
        assert (reply.result is UNSET) != (reply.error is UNSET)
        await self.say(request, encode(reply))

    def _move(self) -> None:
        self._moved.set()
        self._moved = anyio.Event()
