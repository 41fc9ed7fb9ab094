"""Owns the delivery of updates to topics, and who is behind because its queue is full."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import anyio

RETRY_INTERVAL_S = 0.02


class Subscriber(Protocol):
    """Whoever hears a topic."""

    topic: str
    client: bytes
    is_heard: bool
    is_behind: bool

    def message(self) -> bytes | None:
        """An update with all that it was not told yet; None while that is not known."""

    def delivered(self) -> bytes | None:
        """That update was sent; the next one, where one does not carry all."""


class Delivery:
    """Sends updates.

    Args:
        publish: sends a message to a topic; False where the subscriber's queue is full.
        retry_interval_s: how long those who are behind wait between two tries.
    """

    def __init__(
        self, publish: Callable[[str, bytes], bool], *, retry_interval_s: float = RETRY_INTERVAL_S
    ) -> None:
        self._publish = publish
        self._retry_interval_s = retry_interval_s
        self._behind: dict[str, Subscriber] = {}
        self._woken = anyio.Event()

    @property
    def behind(self) -> int:
        """How many subscribers are behind."""
        return len(self._behind)

    def send(self, subscriber: Subscriber, message: bytes) -> bool:
        """Whether a message was sent; if not, its subscriber is behind from now on."""
        if self._publish(subscriber.topic, message):
            return True
        self._fall_behind(subscriber)
        return False

    def flush(self, subscriber: Subscriber) -> None:
        """Tells a subscriber all that it was not told yet, now or as soon as that can be."""
        message = subscriber.message()
        if message is None:
            self._fall_behind(subscriber)
        else:
            self._send_all(subscriber, message)

    def forget(self, topic: str) -> None:
        """A topic has ended."""
        self._behind.pop(topic, None)

    async def serve(self) -> None:
        """Tells those who are behind as soon as they can hear, until cancelled."""
        while True:
            await self._woken.wait()
            self._woken = anyio.Event()
            while self._behind:
                await anyio.sleep(self._retry_interval_s)
                self._retry()

    def _retry(self) -> None:
        """Tries each client until its queue is full: the topics of one that reads nothing cost one try."""
        full: set[bytes] = set()
        for subscriber in list(self._behind.values()):
            if subscriber.client in full or (message := subscriber.message()) is None:
                continue
            self.forget(subscriber.topic)
            subscriber.is_behind = False
            self._send_all(subscriber, message)
            if subscriber.is_behind:
                # By now it is behind the client's others, should they be heard on another connection.
                full.add(subscriber.client)

    def _send_all(self, subscriber: Subscriber, first: bytes) -> None:
        message: bytes | None = first
        while message is not None and self.send(subscriber, message):
            message = subscriber.delivered()

    def _fall_behind(self, subscriber: Subscriber) -> None:
        subscriber.is_behind = True
        self._behind[subscriber.topic] = subscriber
        self._woken.set()
