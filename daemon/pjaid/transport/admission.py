"""Owns the answer to libzmq's question about each new connection (ZAP, RFC 27)."""

from __future__ import annotations

from collections.abc import Iterable

import zmq
import zmq.asyncio

from pjaid.transport.door import Door

ENDPOINT = "inproc://zeromq.zap.01"
"""Fixed by the RFC."""

ADMITTED = (b"200", b"OK")
FULL = (b"300", b"too many clients")
"""A temporary error: the client tries again by itself."""
REFUSED = (b"400", b"unknown door")


class Admission:
    """The ZAP handler.

    Args:
        context: the daemon's one ZeroMQ context. The handler must be there before any socket is bound:
            without one libzmq lets everybody in.
    """

    def __init__(self, context: zmq.asyncio.Context) -> None:
        self._socket = context.socket(zmq.REP)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.bind(ENDPOINT)
        self._doors: dict[bytes, Door] = {}

    def guard(self, doors: Iterable[Door]) -> None:
        """Answers for these doors from now on."""
        self._doors = {door.domain: door for door in doors}

    async def serve(self) -> None:
        """Answers until cancelled. The kernel has checked already whose process is asking."""
        while True:
            version, request_id, domain, *_ = await self._socket.recv_multipart()
            door = self._doors.get(domain)
            status, text = REFUSED if door is None else ADMITTED if door.admits() else FULL
            await self._socket.send_multipart([version, request_id, status, text, b"", b""])

    def close(self) -> None:
        """Answers no more."""
        self._socket.close(linger=0)
