"""Owns the socket on which the daemon publishes: one for all topics of a connection, and who hears each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import zmq

from pjai.connection import Connection
from pjai.exchange import ConnectionLost
from pjai.sockets import Frames, LoopSocket, new_socket

SILENT_TICKS_MAX = 3
"""Ticks in a row that may stay away before a topic counts as lost."""


class Hearing:
    """One topic that is heard.

    Args:
        deliver: is given each message.
        silent: called at each tick that finds the topic silent for too long.
        now: by the event loop's clock.
    """

    __slots__ = ("deliver", "heard_at", "silent")

    def __init__(self, deliver: Callable[[bytes], None], silent: Callable[[], None], now: float) -> None:
        self.deliver = deliver
        self.silent = silent
        self.heard_at = now


class Topics:
    """The topics that a connection hears.

    Args:
        connection: knows where the daemon publishes now, and how often at least.
        context: makes the socket, once there is a topic to hear.
    """

    def __init__(self, connection: Connection, context: zmq.Context[zmq.Socket[bytes]]) -> None:
        self._connection = connection
        self._context = context
        self._loop = asyncio.get_running_loop()
        self._heard: dict[str, Hearing] = {}
        self._socket: LoopSocket | None = None
        self._endpoint = ""
        self._is_closed = False
        self._timer = self._loop.call_later(self._tick_s, self._listen_for_silence)

    def subscribe(self, topic: str, deliver: Callable[[bytes], None], silent: Callable[[], None]) -> None:
        """Hears a topic from now on.

        Args:
            topic: which; one that is heard already has given sign of life.
            deliver: is given each message of it, and raises nothing.
            silent: called again and again while the topic has been silent for too long; raises nothing.

        Raises:
            ConnectionLost: the connection was closed.
        """
        if self._is_closed:
            raise ConnectionLost("the connection was closed")
        is_new = topic not in self._heard
        self._heard[topic] = Hearing(deliver, silent, self._loop.time())
        if is_new:
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
        self._timer.cancel()
        self._heard.clear()
        if self._socket is not None:
            self._socket.close()

    @property
    def _tick_s(self) -> float:
        return self._connection.hello.tick_interval_ms / 1000

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
        hearing = self._heard.get(topic.decode())
        if hearing is not None:
            hearing.heard_at = self._loop.time()
            hearing.deliver(message)

    def _listen_for_silence(self) -> None:
        longest = self._loop.time() - SILENT_TICKS_MAX * self._tick_s
        for hearing in tuple(self._heard.values()):
            if hearing.heard_at < longest:
                hearing.silent()
        self._timer = self._loop.call_later(self._tick_s, self._listen_for_silence)
