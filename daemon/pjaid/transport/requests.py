"""Owns the request socket: a message in, the answer out, and how many are being answered at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import structlog
import zmq
import zmq.asyncio
from anyio.abc import TaskGroup

from pjaid.transport.door import Door

log = structlog.get_logger()

SEND_QUEUE_MAX = 1_000
"""Answers that wait for one client; past it they are dropped, as that client does not read."""

Answer = Callable[[bytes, bytes], "bytes | Awaitable[bytes]"]
"""Answers a message of a client: (the client's routing id, the message) to a message. Raises nothing."""


class Requests:
    """The ROUTER socket.

    Args:
        context: the daemon's one ZeroMQ context.
        path: where the socket is.
        answer: answers a message, at once or later.
        refuse: what to answer when too many requests are being answered.
        in_flight_max: how many these are.
        message_bytes_max: a longer message ends its connection.
        clients_max: how many clients may be connected.
    """

    def __init__(
        self,
        context: zmq.asyncio.Context,
        path: Path,
        answer: Answer,
        refuse: Callable[[bytes], bytes],
        *,
        in_flight_max: int,
        message_bytes_max: int,
        clients_max: int,
    ) -> None:
        socket = context.socket(zmq.ROUTER)
        socket.setsockopt(zmq.MAXMSGSIZE, message_bytes_max)
        socket.setsockopt(zmq.ROUTER_HANDOVER, 0)
        socket.setsockopt(zmq.SNDHWM, SEND_QUEUE_MAX)
        self._socket = socket
        self.door = Door(socket, path, clients_max=clients_max)
        self._answer = answer
        self._refuse = refuse
        self._in_flight_max = in_flight_max
        self.in_flight = 0
        """How many requests are being answered."""
        self._idle = anyio.Event()

    async def serve(self, tasks: TaskGroup) -> None:
        """Answers requests until cancelled; those that take time are answered in `tasks`."""
        while True:
            frames = await self._socket.recv_multipart()
            if len(frames) < 2:
                continue
            *envelope, body = frames
            if self.in_flight >= self._in_flight_max:
                await self._send(envelope, self._refuse(body))
                continue
            answer = self._answer(envelope[0], body)
            if isinstance(answer, bytes):
                await self._send(envelope, answer)
            else:
                self.in_flight += 1
                tasks.start_soon(self._send_later, envelope, answer)

    async def answered(self) -> None:
        """Waits until every request that was being answered is."""
        while self.in_flight:
            self._idle = anyio.Event()
            await self._idle.wait()

    async def _send_later(self, envelope: list[bytes], answer: Awaitable[bytes]) -> None:
        try:
            await self._send(envelope, await answer)
        finally:
            self.in_flight -= 1
            if not self.in_flight:
                self._idle.set()

    async def _send(self, envelope: list[bytes], body: bytes) -> None:
        # A ROUTER drops what is for a client that has left or does not read: it never waits.
        await self._socket.send_multipart([*envelope, body])
