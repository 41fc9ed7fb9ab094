"""Owns the socket that carries requests: whether it is connected, and messages in and out."""

from __future__ import annotations

from collections.abc import Callable

import zmq
from zmq.utils.monitor import parse_monitor_message

from pjai.sockets import Frames, LoopSocket, new_socket
from pjai_wire.errors import InvalidValue


class Link:
    """A DEALER socket and the monitor that tells when its peer comes and goes.

    Args:
        context: makes the sockets.
        endpoint: the daemon's request socket.
        came: called when a peer has come and messages can be sent.
        went: called when the peer has gone, after all that it had sent was received.
        received: is given each message.

    Raises:
        InvalidValue: `endpoint` is no ZeroMQ endpoint.
    """

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        endpoint: str,
        *,
        came: Callable[[], None],
        went: Callable[[], None],
        received: Callable[[bytes], None],
    ) -> None:
        self._came = came
        self._went = went
        self._received = received
        socket = new_socket(context, zmq.DEALER)
        # Without it messages would queue for a peer that may never come, and be lost when one does not.
        socket.setsockopt(zmq.IMMEDIATE, 1)
        monitor = socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED)
        monitor.setsockopt(zmq.LINGER, 0)
        self._monitor = LoopSocket(monitor, self._happened)
        self._messages = LoopSocket(socket, self._arrived)
        try:
            socket.connect(endpoint)
        except zmq.ZMQError as problem:
            self.close()
            raise InvalidValue(
                f"cannot connect to {endpoint!r}: {problem.strerror}", hint="such as ipc:///run/requests.sock"
            ) from None

    def send(self, message: bytes) -> bool:
        """Whether the message is on its way; it is not while there is no peer."""
        return self._messages.send(message)

    def close(self) -> None:
        """Ends the link."""
        self._messages.socket.disable_monitor()
        self._monitor.close()
        self._messages.close()

    def _arrived(self, frames: Frames) -> None:
        self._received(frames[-1])

    def _happened(self, frames: Frames) -> None:
        # Attaches a peer that the socket has not noticed yet, and takes the last answers of one that left.
        self._messages.drain()
        if parse_monitor_message(frames)["event"] == zmq.EVENT_HANDSHAKE_SUCCEEDED:
            self._came()
        else:
            self._went()
