"""Owns the socket on which the daemon publishes: one for all topics of a connection, and who hears each."""

from __future__ import annotations

from collections.abc import Callable

import zmq

from pjai.connection import Connection
from pjai.exchange import ConnectionLost
from pjai.sockets import Frames, LoopSocket, new_socket


class Topics:
    """The topics that a connection hears.

    Args:
        connection: knows where the daemon publishes now.
        context: makes the socket, once there is a topic to hear.
    """

    def __init__(self, connection: Connection, context: zmq.Context[zmq.Socket[bytes]]) -> None:
        self._connection = connection
        self._context = context
        self._heard: dict[str, Callable[[bytes], None]] = {}
        self._socket: LoopSocket | None = None
        self._endpoint = ""
        self._is_closed = False

    def subscribe(self, topic: str, deliver: Callable[[bytes], None]) -> None:
        """Hears a topic from now on.

        Args:
            topic: which.
            deliver: is given each message of it, and raises nothing.

        Raises:
            ConnectionLost: the connection was closed.
        """
        if self._is_closed:
            raise ConnectionLost("the connection was closed")
        self._heard[topic] = deliver
        changes = self._connected()
        changes.socket.subscribe(topic)
        changes.look()

    def unsubscribe(self, topic: str) -> None:
        """Hears a topic no more; nothing happens where it is not heard."""
        if self._heard.pop(topic, None) is not None:
            changes = self._connected()
            changes.socket.unsubscribe(topic)
            changes.look()

    def close(self) -> None:
        """Hears nothing more."""
        self._is_closed = True
        self._heard.clear()
        if self._socket is not None:
            self._socket.close()

    def _connected(self) -> LoopSocket:
        """The socket, connected to where the daemon publishes now."""
        if self._socket is None:
            self._socket = LoopSocket(new_socket(self._context, zmq.SUB), self._arrived)
        endpoint = self._connection.hello.endpoints.changes
        if endpoint != self._endpoint:
            if self._endpoint:
                self._socket.socket.disconnect(self._endpoint)
            self._socket.socket.connect(endpoint)
            self._endpoint = endpoint
        return self._socket

    def _arrived(self, frames: Frames) -> None:
        topic, message = frames
        deliver = self._heard.get(topic.decode())
        if deliver is not None:
            deliver(message)
