"""Owns the change socket: it publishes to topics that were issued, and to no prefix or guess."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import zmq
import zmq.asyncio

from pjai_wire.measures import Measures
from pjaid.transport.door import Door
from pjaid.transport.mailbox import Mailbox

SUBSCRIPTION_BYTES_MAX = 200
SUBSCRIBE = b"\x01"


class Changes:
    """The XPUB socket.

    Args:
        context: the daemon's one ZeroMQ context.
        path: where the socket is.
        issued: whether a topic was issued.
        subscribed: told of a topic to which somebody subscribed from now on.
        unsubscribed: told of a topic that nobody hears any more.
        clients_max: how many subscribers may be connected.
        send_queue_max: how many updates wait for one subscriber; past it `publish` says so.
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
        send_queue_max: int,
    ) -> None:
        socket: zmq.Socket[bytes] = zmq.Socket(context, zmq.XPUB)
        socket.setsockopt(zmq.XPUB_MANUAL, 1)
        # A full queue is told, not hidden: each topic has one subscriber, so no other waits for it.
        socket.setsockopt(zmq.XPUB_NODROP, 1)
        socket.setsockopt(zmq.MAXMSGSIZE, SUBSCRIPTION_BYTES_MAX)
        socket.setsockopt(zmq.SNDHWM, send_queue_max)
        self._socket = socket
        self.door = Door(context, socket, path, clients_max=clients_max)
        self._issued = issued
        self._subscribed = subscribed
        self._unsubscribed = unsubscribed
        self._published = 0
        self._published_bytes = 0
        self._mailbox = Mailbox(socket, self._received)

    def publish(self, topic: str, update: bytes) -> bool:
        """Sends an update to whoever subscribed to `topic`; False where its queue is full."""
        is_sent = self._mailbox.send([topic.encode(), update])
        if is_sent:
            self._published += 1
            self._published_bytes += len(update)
        return is_sent

    @property
    def metered(self) -> Measures:
        """Updates that were sent, with the ticks among them."""
        return Measures(counts={"published": self._published, "published_bytes": self._published_bytes})

    def close(self) -> None:
        """Hears and says no more."""
        self._mailbox.close()
        self.door.close()

    def _received(self, frames: list[bytes]) -> None:
        kind, name = frames[0][:1], frames[0][1:]
        topic = name.decode("ascii", errors="replace")
        is_issued = self._issued(topic)
        # The options are about the connection whose message was received last, which is this one's.
        if kind != SUBSCRIBE:
            # Also where the topic has ended: otherwise libzmq would keep it as long as the connection.
            self._socket.setsockopt(zmq.UNSUBSCRIBE, name)
            if is_issued:
                self._unsubscribed(topic)
        elif is_issued:
            self._socket.setsockopt(zmq.SUBSCRIBE, name)
            self._subscribed(topic)
