"""Owns the floor of every request: a bare ZeroMQ echo with another process.

Run as a module it is that process, until its stdin ends.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import zmq
import zmq.asyncio

from tests.workload.processes import Home, child

MESSAGE = bytes(100)
"""About as long as the request of a point get."""


class Echo:
    """Asks the echo.

    Args:
        socket: a DEALER that is connected to it.
    """

    def __init__(self, socket: zmq.asyncio.Socket) -> None:
        self._socket = socket

    async def run(self, _number: int) -> None:
        """One message there and back."""
        await self._socket.send(MESSAGE)
        await self._socket.recv()

    async def answered(self, size: int) -> None:
        """One message there, and so many bytes back."""
        await self._socket.send(b"%d" % size)
        await self._socket.recv()


@asynccontextmanager
async def echo(home: Home) -> AsyncGenerator[Echo]:
    """The echo, answering inside the block."""
    endpoint = f"ipc://{home.runtime / 'echo.sock'}"
    async with child("-m", "tests.workload.echo", endpoint) as process:
        await process.line()
        with zmq.asyncio.Context() as context, context.socket(zmq.DEALER) as socket:
            socket.connect(endpoint)
            yield Echo(socket)


async def serve(endpoint: str) -> None:
    """Answers each message with itself, or a number with so many bytes, until stdin ends."""
    with zmq.asyncio.Context() as context, context.socket(zmq.ROUTER) as socket:
        socket.bind(endpoint)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        with anyio.CancelScope() as scope:
            asyncio.get_running_loop().add_reader(sys.stdin.fileno(), scope.cancel)
            while True:
                client, message = await socket.recv_multipart()
                answer = message if message == MESSAGE else bytes(int(message))
                await socket.send_multipart([client, answer])


if __name__ == "__main__":
    anyio.run(serve, sys.argv[1], backend_options={"use_uvloop": True})
