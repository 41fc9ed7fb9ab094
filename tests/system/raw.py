"""Owns a client without our SDK: plain ZeroMQ and MessagePack, for what an SDK would never send."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgpack  # type: ignore[import-untyped] # it ships no types
import zmq

ANSWER_TIMEOUT_MS = 30_000


class RawClient:
    """A DEALER socket."""

    def __init__(self, socket: zmq.Socket[bytes]) -> None:
        self.socket = socket

    def send(self, message: bytes) -> None:
        self.socket.send(message)

    def receive(self) -> Any:
        assert self.socket.poll(ANSWER_TIMEOUT_MS), "the daemon did not answer"
        return msgpack.unpackb(self.socket.recv(), strict_map_key=False)

    def ask(self, method: str, **params: Any) -> Any:
        """The whole reply to a request."""
        self.send(msgpack.packb({"v": 1, "id": method, "method": method, "params": params}))
        return self.receive()

    def result(self, method: str, **params: Any) -> Any:
        """The result of a request that must not fail."""
        reply = self.ask(method, **params)
        assert "result" in reply, reply
        return reply["result"]


@contextmanager
def raw_client(endpoint: str) -> Iterator[RawClient]:
    """A client for the block."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    socket = context.socket(zmq.DEALER)
    socket.connect(endpoint)
    try:
        yield RawClient(socket)
    finally:
        context.destroy(linger=0)
