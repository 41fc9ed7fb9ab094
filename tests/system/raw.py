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


class RawSubscriber:
    """A SUB socket."""

    def __init__(self, socket: zmq.Socket[bytes]) -> None:
        self.socket = socket
        self._has_begun = False

    def subscribe(self, topic: str) -> None:
        self.socket.subscribe(topic)

    def receive(self) -> Any:
        """The next update, whatever its topic."""
        return msgpack.unpackb(self.receive_frames()[1])

    def receive_frames(self) -> tuple[bytes, bytes]:
        """The next topic and update, as they come."""
        assert self.socket.poll(ANSWER_TIMEOUT_MS), "nothing was published"
        topic, update = self.socket.recv_multipart()
        return topic, update

    def follow(self, held: int, seq: int) -> list[Any]:
        """The updates of its one topic from the state `held` to the state `seq`, without a gap.

        Where it hears the pulse too, that may lead there as well.
        """
        updates, reached = [], held
        while reached < seq:
            update = self.receive()
            if "open" in update:
                if self._has_begun and "behind" not in update:
                    reached = max(reached, update["seq"])
                continue
            assert update["prev"] == held
            self._has_begun = True
            held = update["seq"]
            reached = max(reached, held)
            updates.append(update)
        return updates


@contextmanager
def raw_subscriber(endpoint: str, *topics: str, queue_max: int = 1_000) -> Iterator[RawSubscriber]:
    """A subscriber to some topics, for the block, with so many messages that it has yet to read."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    socket = context.socket(zmq.SUB)
    socket.setsockopt(zmq.RCVHWM, queue_max)
    socket.connect(endpoint)
    for topic in topics:
        socket.subscribe(topic)
    try:
        yield RawSubscriber(socket)
    finally:
        context.destroy(linger=0)


@contextmanager
def raw_client(*endpoints: str) -> Iterator[RawClient]:
    """A client for the block, connected to the endpoint if one is given."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    socket = context.socket(zmq.DEALER)
    for endpoint in endpoints:
        socket.connect(endpoint)
    try:
        yield RawClient(socket)
    finally:
        context.destroy(linger=0)
