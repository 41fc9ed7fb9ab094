"""Owns the request socket: a message in, and its answer out when there is one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import zmq
import zmq.asyncio

from pjaid.transport.door import Door
from pjaid.transport.mailbox import Mailbox

FRAMES_MAX = 8
"""Routing ids, of proxies too, the delimiter of a REQ socket, and the message."""

SEND_QUEUE_MAX = 256
"""Answers that wait for one client; past it they are dropped, as that client does not read."""

Answer = Callable[[bytes, bytes, Callable[[bytes], None]], None]
"""Answers a message: (the client's routing id, the message, what to call with the answer)."""


class Requests:
    """The ROUTER socket.

    Args:
        context: the daemon's one ZeroMQ context.
        path: where the socket is.
        answer: answers a message, at once or later; raises nothing.
        message_bytes_max: a longer message ends its connection.
        clients_max: how many clients may be connected.
    """

    def __init__(
        self,
        context: zmq.asyncio.Context,
        path: Path,
        answer: Answer,
        *,
        message_bytes_max: int,
        clients_max: int,
    ) -> None:
        socket: zmq.Socket[bytes] = zmq.Socket(context, zmq.ROUTER)
        socket.setsockopt(zmq.MAXMSGSIZE, message_bytes_max)
        socket.setsockopt(zmq.ROUTER_HANDOVER, 0)
        socket.setsockopt(zmq.SNDHWM, SEND_QUEUE_MAX)
        self.door = Door(context, socket, path, clients_max=clients_max)
        self._answer = answer
        self._mailbox = Mailbox(socket, self._received)

    def close(self) -> None:
        """Hears and says no more."""
        self._mailbox.close()
        self.door.close()

    def _received(self, frames: list[bytes]) -> None:
        *envelope, body = frames
        if envelope and len(frames) <= FRAMES_MAX:
            self._answer(envelope[0], body, partial(self._reply, envelope))

    def _reply(self, envelope: list[bytes], body: bytes) -> None:
        self._mailbox.send([*envelope, body])
