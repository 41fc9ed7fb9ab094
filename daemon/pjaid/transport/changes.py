"""Owns the change socket: it publishes to topics that were issued, and to no prefix or guess."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import zmq
import zmq.asyncio

from pjaid.transport.door import Door

SEND_QUEUE_MAX = 1_000
"""Updates that wait for one subscriber; past it they are dropped, and it finds the gap and resyncs."""

SUBSCRIPTION_BYTES_MAX = 200
SUBSCRIBE = 1


class Changes:
    """The XPUB socket.

    Args:
        context: the daemon's one ZeroMQ context.
        path: where the socket is.
        issued: whether a topic was issued.
        subscribed: told of a topic to which somebody subscribed from now on.
        unsubscribed: told of a topic that nobody hears any more.
        clients_max: how many subscribers may be connected.
    """

    def __init__(
        self,
        context: zmq.asyncio.Context,
        path: Path,
        *,
        issued: Callable[[str], bool],
        subscribed: Callable[[str], None],
        unsubscribed: Callable[[str], None],
        clients_max: int,
    ) -> None:
        socket = context.socket(zmq.XPUB)
        socket.setsockopt(zmq.XPUB_MANUAL, 1)
        socket.setsockopt(zmq.MAXMSGSIZE, SUBSCRIPTION_BYTES_MAX)
        socket.setsockopt(zmq.SNDHWM, SEND_QUEUE_MAX)
        self._socket = socket
        self.door = Door(socket, path, clients_max=clients_max)
        self._issued = issued
        self._subscribed = subscribed
        self._unsubscribed = unsubscribed

    def publish(self, topic: str, update: bytes) -> None:
        """Sends an update to whoever subscribed to `topic`."""
        # A publisher never waits: what a subscriber's queue cannot hold is dropped for that subscriber.
        self._socket.send_multipart([topic.encode(), update], copy=True)

    async def serve(self) -> None:
        """Hears of subscriptions, until cancelled."""
        while True:
            message = await self._socket.recv()
            topic = message[1:].decode("ascii", errors="replace")
            if not message or not self._issued(topic):
                continue
            # The option is about the connection whose message was received last, which is this one's.
            if message[0] == SUBSCRIBE:
                self._socket.setsockopt(zmq.SUBSCRIBE, message[1:])
                self._subscribed(topic)
            else:
                self._socket.setsockopt(zmq.UNSUBSCRIBE, message[1:])
                self._unsubscribed(topic)
