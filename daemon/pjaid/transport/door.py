"""Owns how a socket is opened to clients: who may connect, and how many.

libzmq ends the process when it cannot open another descriptor for a connection, so a full house closes its
door: the endpoint is unbound until a client leaves. Who is inside stays connected.
"""

from __future__ import annotations

import os
from pathlib import Path

import structlog
import zmq
import zmq.asyncio
from zmq.utils.monitor import recv_monitor_message

from pjai_wire.endpoints import SOCKET_PATH_BYTES_MAX
from pjaid.errors import EX_CONFIG, StartError

log = structlog.get_logger()

ZAP_DOMAIN = b"pjai"
SOCKET_MODE = 0o600
BACKLOG = 1_024


class Door:
    """Binds a socket for the clients of this user, and counts them.

    Args:
        socket: the socket to open; its other options are the caller's.
        path: where in the file system it is.
        clients_max: how many connections it lets in at once.
    """

    def __init__(self, socket: zmq.asyncio.Socket, path: Path, *, clients_max: int) -> None:
        if len(os.fsencode(path)) > SOCKET_PATH_BYTES_MAX:
            raise StartError(
                f"the path of a socket has at most {SOCKET_PATH_BYTES_MAX} bytes: {path}",
                hint="set a shorter runtime_dir",
                exit_code=EX_CONFIG,
            )
        self._socket = socket
        self._path = path
        self._endpoint = f"ipc://{path}"
        self._clients_max = clients_max
        self.clients = 0
        """How many connections there are."""
        self._open = False
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.BACKLOG, BACKLOG)
        # A domain makes libzmq ask the ZAP handler about every connection before a byte of it is heard.
        socket.setsockopt(zmq.ZAP_DOMAIN, ZAP_DOMAIN)
        socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)
        socket.setsockopt(zmq.IPC_FILTER_UID, os.getuid())
        self._monitor: zmq.asyncio.Socket = socket.get_monitor_socket(
            zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED
        )
        self._bind()

    async def watch(self) -> None:
        """Counts connections, and closes and opens the door accordingly, until cancelled."""
        while True:
            event = await recv_monitor_message(self._monitor)
            self.clients += 1 if event["event"] == zmq.EVENT_ACCEPTED else -1
            if self._open and self.clients >= self._clients_max:
                self._socket.unbind(self._endpoint)
                self._open = False
                log.warning("door_closed", clients=self.clients, path=self._path.name)
            elif not self._open and self.clients < self._clients_max:
                self._bind()
                log.info("door_opened", clients=self.clients, path=self._path.name)

    def close(self) -> None:
        """Lets nobody in any more, and closes the socket."""
        self._socket.disable_monitor()
        self._monitor.close(linger=0)
        self._socket.close(linger=0)
        self._path.unlink(missing_ok=True)

    def _bind(self) -> None:
        self._socket.bind(self._endpoint)
        self._path.chmod(SOCKET_MODE)
        self._open = True
