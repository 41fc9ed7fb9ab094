"""Owns the register of what clients have open: which there are, whose they are, and who never came (pure)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from pjai_wire.errors import LimitExceeded, UnknownTopic
from pjaid.live.pulse import Pulse


class Opened(Protocol):
    """What a client has opened."""

    topic: str
    client: bytes
    opened_at: float
    is_heard: bool

    @property
    def pulse(self) -> Pulse:
        """Its client's."""

    @property
    def bytes_kept(self) -> int:
        """What it keeps in memory."""


OpenedT = TypeVar("OpenedT", bound=Opened)


class Registry(Generic[OpenedT]):
    """Everything that is open, by topic and by client, with the pulse of each client.

    Args:
        most: how much may be open.
        most_per_client: how much of one client.
        bytes_per_client_max: what that may keep in memory together.
    """

    def __init__(self, *, most: int, most_per_client: int, bytes_per_client_max: int) -> None:
        self._most = most
        self._most_per_client = most_per_client
        self.bytes_per_client_max = bytes_per_client_max
        self._by_topic: dict[str, OpenedT] = {}
        self._of_client: defaultdict[bytes, dict[str, OpenedT]] = defaultdict(dict)
        self._pulses: dict[str, Pulse] = {}

    def __len__(self) -> int:
        return len(self._by_topic)

    def __iter__(self) -> Iterator[OpenedT]:
        """Over what is open at this moment; it may end meanwhile."""
        return iter(list(self._by_topic.values()))

    def __contains__(self, topic: str) -> bool:
        return topic in self._by_topic

    def by_client(self) -> list[list[OpenedT]]:
        """What is open at this moment, that of each client together; it may end meanwhile."""
        return [list(own.values()) for own in self._of_client.values()]

    def topics_of(self, client: bytes) -> list[str]:
        """The topics of all that a client has open."""
        return list(self._of_client.get(client, ()))

    def pulse_of(self, client: bytes) -> Pulse | None:
        """The pulse of a client that has anything open."""
        return next((opened.pulse for opened in self._of_client.get(client, {}).values()), None)

    def pulse(self, topic: str) -> Pulse | None:
        """The pulse with a topic, of a client that has anything open."""
        return self._pulses.get(topic)

    def require_room(self, client: bytes, size: int = 0) -> None:
        """Checks that a client may open one more.

        Args:
            client: who asks.
            size: the bytes that it would keep in memory.

        Raises:
            LimitExceeded: there is too much already, of this client or of all.
        """
        if len(self._by_topic) >= self._most:
            raise LimitExceeded(f"{self._most} live queries are open", hint="unwatch some")
        own = self._of_client.get(client, {})
        if len(own) >= self._most_per_client:
            raise LimitExceeded(
                f"this client has {self._most_per_client} live queries open", hint="unwatch some"
            )
        if size + sum(one.bytes_kept for one in own.values()) > self.bytes_per_client_max:
            raise LimitExceeded(
                f"this client's live results would take more than {self.bytes_per_client_max} bytes",
                hint="watch fewer rows (limit) or columns (select, omit), or unwatch some",
            )

    def crowding(self, client: bytes) -> list[OpenedT]:
        """What a client has open that must end for the rest not to take too many bytes: the largest."""
        largest = sorted(self._of_client.get(client, {}).values(), key=lambda one: -one.bytes_kept)
        over = sum(one.bytes_kept for one in largest) - self.bytes_per_client_max
        crowding = []
        for one in largest:
            if over <= 0:
                break
            crowding.append(one)
            over -= one.bytes_kept
        return crowding

    def add(self, opened: OpenedT) -> None:
        """Registers what was opened."""
        self._by_topic[opened.topic] = opened
        self._of_client[opened.client][opened.topic] = opened
        self._pulses[opened.pulse.topic] = opened.pulse
        opened.pulse.opened(opened.topic)

    def get(self, topic: str) -> OpenedT:
        """What a topic belongs to.

        Raises:
            UnknownTopic: it has ended, or never was.
        """
        try:
            return self._by_topic[topic]
        except KeyError:
            raise UnknownTopic("this live query has ended", hint="watch again") from None

    def remove(self, topic: str) -> OpenedT | None:
        """Forgets what a topic belongs to; None where it has ended already."""
        opened = self._by_topic.pop(topic, None)
        if opened is not None:
            own = self._of_client[opened.client]
            del own[topic]
            if not own:
                del self._of_client[opened.client], self._pulses[opened.pulse.topic]
        return opened

    def unclaimed(self, opened_before: float) -> list[OpenedT]:
        """What was opened before then and nobody hears."""
        return [one for one in self._by_topic.values() if not one.is_heard and one.opened_at < opened_before]
