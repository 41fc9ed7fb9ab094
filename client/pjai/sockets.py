"""Owns reading a ZeroMQ socket on the event loop, with no task between a message and whoever waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, cast

import zmq

MESSAGES_PER_TURN_MAX = 100
"""Messages that one turn of the event loop takes from a socket, so that a flood leaves room for the rest."""

READABLE = int(zmq.POLLIN)
"""As a plain number, because the enumeration takes longer to combine than the socket to answer."""

REPLY_BYTES_MAX = 256 * 2**20
"""The largest message that is taken from a daemon; it caps its own answers well below."""

RECONNECT_FIRST_MS = 20
RECONNECT_MOST_MS = 200
"""How long a lost socket waits before it tries again: doubling from the first to the most."""

Frames = list[bytes]


class LoopSocket:
    """A socket whose messages go to a callback on the event loop.

    `zmq.asyncio` wakes a reading task for each message, which then wakes the task that waits for it: a
    callback saves the first of these two switches.

    Args:
        socket: connected or not; from now on owned by this.
        deliver: is given the frames of each message, and raises nothing.
    """

    def __init__(self, socket: zmq.Socket[bytes], deliver: Callable[[Frames], None]) -> None:
        self.socket: Final = socket
        self._deliver = deliver
        self._loop = asyncio.get_running_loop()
        self._descriptor = cast("int", socket.getsockopt(zmq.FD))
        self._loop.add_reader(self._descriptor, self.drain)
        # A socket that was never read from wakes nobody.
        self._loop.call_soon(self.drain)

    def send(self, message: bytes) -> bool:
        """Whether the socket took the message; it does not while there is no peer."""
        try:
            self.socket.send(message, zmq.NOBLOCK)
        except zmq.Again:
            return False
        self.look()
        return True

    def look(self) -> None:
        """Makes up for a wake-up that was lost.

        The descriptor is edge-triggered, and any other operation on the socket may take the edge with it.
        """
        if self._is_readable():
            self._loop.call_soon(self.drain)

    def drain(self) -> None:
        """Delivers what has arrived."""
        if self.socket.closed:
            return
        for _ in range(MESSAGES_PER_TURN_MAX):
            if not self._is_readable():
                return
            self._deliver(self.socket.recv_multipart(zmq.NOBLOCK))
        self._loop.call_soon(self.drain)

    def close(self) -> None:
        """Delivers no more, and drops what was not yet sent."""
        self._loop.remove_reader(self._descriptor)
        self.socket.close(linger=0)

    def _is_readable(self) -> bool:
        return bool(cast("int", self.socket.getsockopt(zmq.EVENTS)) & READABLE)


def new_socket(context: zmq.Context[zmq.Socket[bytes]], kind: int) -> zmq.Socket[bytes]:
    """A socket with the options that every socket of a client has."""
    socket = context.socket(kind)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.MAXMSGSIZE, REPLY_BYTES_MAX)
    socket.setsockopt(zmq.RECONNECT_IVL, RECONNECT_FIRST_MS)
    socket.setsockopt(zmq.RECONNECT_IVL_MAX, RECONNECT_MOST_MS)
    return socket
