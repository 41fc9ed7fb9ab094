"""Owns the reading of a ZeroMQ socket by callback on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import zmq

MESSAGES_PER_TURN_MAX = 64
"""So that a busy socket does not keep the event loop from its other work."""

# As plain numbers, because the enumerations take longer to combine than the socket to answer.
READABLE = int(zmq.POLLIN)
THE_LAST = int(zmq.NOBLOCK)
NOT_THE_LAST = int(zmq.NOBLOCK | zmq.SNDMORE)


class Mailbox:
    """A socket whose messages go to a callback.

    With `zmq.asyncio` each message wakes a reading task first; a callback saves that switch, which is felt
    in every answer.

    Args:
        socket: bound already.
        deliver: is given the frames of each message, and raises nothing.
    """

    def __init__(self, socket: zmq.Socket[bytes], deliver: Callable[[list[bytes]], None]) -> None:
        self._socket = socket
        # Without the layer that looks for options of other kinds of sockets: a third of the time of a send.
        self._send = super(zmq.Socket, socket).send
        self._deliver = deliver
        self._loop = asyncio.get_running_loop()
        self._will_look = False
        self._descriptor = cast("int", socket.getsockopt(zmq.FD))
        self._loop.add_reader(self._descriptor, self._drain)
        # What came before the reader was there wakes nobody.
        self._loop.call_soon(self._drain)

    def send(self, frames: list[bytes]) -> bool:
        """Sends a message; False where its receiver's queue is full, which ROUTER does not tell."""
        # The descriptor is edge-triggered, and sending may take with it the edge of what has arrived.
        if not self._will_look:
            self._will_look = True
            self._loop.call_soon(self._look)
        try:
            for frame in frames[:-1]:
                self._send(frame, NOT_THE_LAST)
            self._send(frames[-1], THE_LAST)
        except zmq.Again:
            return False
        return True

    def close(self) -> None:
        """Delivers no more; the socket stays its owner's to close."""
        self._loop.remove_reader(self._descriptor)

    def _look(self) -> None:
        self._will_look = False
        if not self._socket.closed and self._is_readable():
            self._drain()

    def _drain(self) -> None:
        if self._socket.closed:
            return
        for _ in range(MESSAGES_PER_TURN_MAX):
            if not self._is_readable():
                return
            self._deliver(self._socket.recv_multipart(zmq.NOBLOCK))
        self._loop.call_soon(self._drain)

    def _is_readable(self) -> bool:
        return bool(cast("int", self._socket.getsockopt(zmq.EVENTS)) & READABLE)
