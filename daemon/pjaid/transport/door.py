"""Owns how a socket is opened to clients: who may connect, and how many.

libzmq ends the process when it cannot open another descriptor for a connection, so the number of
connections is capped well below what the kernel allows. Unbinding at the cap would end the connections that
there are; instead each newcomer beyond it is turned away in its handshake, and tries again by itself.
"""

from __future__ import annotations

import os
from pathlib import Path

import structlog
import zmq
import zmq.asyncio
from zmq.utils.monitor import parse_monitor_message

from pjai_wire.endpoints import SOCKET_PATH_BYTES_MAX
from pjaid.errors import EX_CONFIG, StartError

log = structlog.get_logger()

SOCKET_MODE = 0o600
BACKLOG = 1_024
HANDSHAKE_TIMEOUT_MS = 3_000
"""Who has not finished the handshake by then is disconnected."""


class Door:
    """Binds a socket for the clients of this user, and counts them.

    Args:
        context: the socket's.
        socket: the socket to open; its other options are the caller's.
        path: where in the file system it is; the file's name is also its ZAP domain.
        clients_max: how many connections it lets in at once.
    """

    def __init__(
        self, context: zmq.asyncio.Context, socket: zmq.Socket[bytes], path: Path, *, clients_max: int
    ) -> None:
        if len(os.fsencode(path)) > SOCKET_PATH_BYTES_MAX:
            raise StartError(
                f"the path of a socket has at most {SOCKET_PATH_BYTES_MAX} bytes: {path}",
                hint="set a shorter runtime_dir",
                exit_code=EX_CONFIG,
            )
        self._socket = socket
        self._path = path
        self._clients_max = clients_max
        self._connections = 0
        self._is_full = False
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.BACKLOG, BACKLOG)
        socket.setsockopt(zmq.HANDSHAKE_IVL, HANDSHAKE_TIMEOUT_MS)
        # A domain makes libzmq ask the ZAP handler about every connection before a byte of it is heard.
        socket.setsockopt(zmq.ZAP_DOMAIN, self.domain)
        socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)
        socket.setsockopt(zmq.IPC_FILTER_UID, os.getuid())
        events = f"inproc://{path.name}.events"
        socket.monitor(events, zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED)
        self._monitor = context.socket(zmq.PAIR)
        self._monitor.connect(events)
        self._heard: zmq.Socket[bytes] = zmq.Socket.shadow(self._monitor)
        socket.bind(f"ipc://{path}")
        path.chmod(SOCKET_MODE)

    @property
    def domain(self) -> bytes:
        """The ZAP domain of the socket."""
        return self._path.name.encode()

    @property
    def clients(self) -> int:
        """How many connections there are."""
        while self._heard.poll(0):
            self._count(self._heard.recv_multipart())
        return self._connections

    def admits(self) -> bool:
        """Whether there is room for the connection that is asking, which is counted already."""
        admitted = self.clients <= self._clients_max
        if not admitted and not self._is_full:  # once, as who was turned away tries again and again
            log.warning("client_turned_away", clients=self._connections, door=self._path.name)
        self._is_full = not admitted
        return admitted

    async def watch(self) -> None:
        """Counts connections as they come and go, until cancelled."""
        while True:
            self._count(await self._monitor.recv_multipart())

    def close(self) -> None:
        """Lets nobody in any more, and closes the socket."""
        self._socket.disable_monitor()
        self._monitor.close(linger=0)
        self._socket.close(linger=0)
        self._path.unlink(missing_ok=True)

    def _count(self, event: list[bytes]) -> None:
        accepted = parse_monitor_message(event)["event"] == zmq.EVENT_ACCEPTED
        self._connections += 1 if accepted else -1
