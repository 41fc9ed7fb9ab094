"""Owns pulses: what tells each client, once an interval, how far all that it has open has come (pure)."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET, UnsetType

from pjai_wire import pulse as wire
from pjai_wire.codec import encode

NAMED_MAX = 1_000
"""Topics that a pulse names at most, so that it is no larger than other messages are."""


class Pulse:
    """The pulse of one client.

    It speaks of states for good: what showed a state showed it whenever the pulse is heard. So one for which
    the client's queue has no room may be sent later.

    Args:
        topic: where it is published.
        client: whose it is.
    """

    __slots__ = (
        "_behind",
        "_ended",
        "_local_seq",
        "_seq",
        "client",
        "heard",
        "is_behind",
        "is_heard",
        "topic",
    )

    def __init__(self, topic: str, client: bytes) -> None:
        self.topic = topic
        self.client = client
        self.is_heard = False
        self.is_behind = False
        self.heard = 0
        """How many of the client's topics are heard."""
        self._seq: int | UnsetType = UNSET
        self._local_seq: int | UnsetType = UNSET
        self._behind: list[str] = []
        self._ended: list[str] = []

    def reached(self, seq: int, local_seq: int, behind: Sequence[str]) -> None:
        """All that the client has open but `behind` shows these states."""
        self._seq, self._local_seq, self._behind = seq, local_seq, list(behind)
        self._keep_to_bounds()

    def opened(self, topic: str) -> None:
        """A topic is new, which may begin with an earlier state than is spoken of."""
        if self._seq is not UNSET:
            self._behind.append(topic)
            self._keep_to_bounds()

    def ended(self, topic: str) -> None:
        """A topic ends without its client's doing. Of more than can be named, their number tells."""
        if len(self._ended) < NAMED_MAX:
            self._ended.append(topic)

    def message(self) -> bytes:
        """What is published."""
        return encode(
            wire.Pulse(
                open=self.heard,
                seq=self._seq,
                local_seq=self._local_seq,
                behind=tuple(self._behind),
                ended=tuple(self._ended),
            )
        )

    def delivered(self) -> None:
        """That message was sent; there is no other."""
        self._ended.clear()

    def _keep_to_bounds(self) -> None:
        if len(self._behind) > NAMED_MAX:
            self._seq, self._local_seq, self._behind = UNSET, UNSET, []
