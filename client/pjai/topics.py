"""Owns the socket on which the daemon publishes: one for all topics of a connection, and who hears each."""

from __future__ import annotations

import asyncio

import zmq

from pjai.connection import Connection
from pjai.exchange import ConnectionLost
from pjai.pulse import Beating, Hearer, Hearing
from pjai.sockets import Frames, LoopSocket, new_socket

SILENT_TICKS_MAX = 3
"""Intervals for which a pulse may stay away before its topics count as lost."""


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
        self._pulses: dict[str, Beating] = {}
        self._socket: LoopSocket | None = None
        self._endpoint = ""
        self._is_closed = False
        self._timer = self._loop.call_later(self._tick_s, self._listen_for_silence)

    def subscribe(self, topic: str, pulse: str, hearer: Hearer) -> None:
        """Hears a topic from now on.

        Args:
            topic: which; one that is heard already has given sign of life.
            pulse: the topic that tells how far this one has come, and that it has not ended.
            hearer: is given what comes.

        Raises:
            ConnectionLost: the connection was closed.
        """
        if self._is_closed:
            raise ConnectionLost("the connection was closed")
        changes, now = self._connected(), self._loop.time()
        if pulse not in self._pulses:
            self._pulses[pulse] = Beating(now)
            changes.socket.subscribe(pulse)
        if topic not in self._heard:
            changes.socket.subscribe(topic)
        self._heard[topic] = self._pulses[pulse].hearings[topic] = Hearing(pulse, hearer, now)
        changes.look()

    def unsubscribe(self, topic: str) -> None:
        """Hears a topic no more; nothing happens where it is not heard."""
        hearing = self._heard.pop(topic, None)
        if hearing is None:
            return
        changes = self._connected()
        changes.socket.unsubscribe(topic)
        others = self._pulses[hearing.pulse].hearings
        del others[topic]
        if not others:
            del self._pulses[hearing.pulse]
            changes.socket.unsubscribe(hearing.pulse)
        changes.look()

    def close(self) -> None:
        """Hears nothing more."""
        self._is_closed = True
        self._timer.cancel()
        self._heard.clear()
        self._pulses.clear()
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
        name, message = frames
        topic = name.decode()
        if (hearing := self._heard.get(topic)) is not None:
            hearing.is_begun = True
            hearing.hearer.arrived(message)
        elif (pulse := self._pulses.get(topic)) is not None:
            pulse.arrived(message, self._loop.time())

    def _listen_for_silence(self) -> None:
        for pulse in tuple(self._pulses.values()):
            pulse.look(self._loop.time(), SILENT_TICKS_MAX * self._tick_s)
        self._timer = self._loop.call_later(self._tick_s, self._listen_for_silence)
