"""Owns what a pulse means for the topics that it speaks of (pure)."""

from __future__ import annotations

from typing import Protocol

import msgspec
from msgspec import UNSET

from pjai_wire.pulse import Pulse

_decode = msgspec.msgpack.Decoder(Pulse).decode


class Hearer(Protocol):
    """Whoever hears a topic; what is called raises nothing."""

    def arrived(self, message: bytes) -> None:
        """Takes what the topic published."""

    def reached(self, seq: int, local_seq: int) -> None:
        """What was told is right at these states too, of the log and of the tables of this machine alone."""

    def lose(self) -> None:
        """Something was missed, or the topic has ended; called again and again while it stays silent."""


class Hearing:
    """One topic that is heard.

    Args:
        pulse: the topic of the pulse that speaks of it.
        hearer: who hears it.
        now: the present, in seconds.
    """

    __slots__ = ("hearer", "is_begun", "pulse", "since")

    def __init__(self, pulse: str, hearer: Hearer, now: float) -> None:
        self.pulse = pulse
        self.hearer = hearer
        self.since = now
        self.is_begun = False
        """Whether it has had a message, so that the pulse speaks of it."""

    def lose(self, now: float) -> None:
        """Takes it for silent, until a message comes."""
        self.since = now
        self.is_begun = False
        self.hearer.lose()


class Beating:
    """One pulse, and the topics that it speaks of.

    Args:
        now: the present, in seconds.
    """

    def __init__(self, now: float) -> None:
        self.hearings: dict[str, Hearing] = {}
        self._heard_at = now

    def arrived(self, message: bytes, now: float) -> None:
        """Takes what the pulse published."""
        self._heard_at = now
        try:
            pulse = _decode(message)
        except msgspec.MsgspecError:
            self._lose_all(now)
            return
        for topic in pulse.ended:
            if (hearing := self.hearings.get(topic)) is not None:
                hearing.lose(now)
        if sum(hearing.is_begun for hearing in self.hearings.values()) > pulse.open:
            # Some have ended of which nothing came to tell, as after a moment without a connection.
            self._lose_all(now)
        elif pulse.seq is not UNSET and pulse.local_seq is not UNSET:
            self._reached(pulse.seq, pulse.local_seq, set(pulse.behind))

    def look(self, now: float, silence_s_max: float) -> None:
        """Loses what has been silent for longer: all, where the pulse has, and what never began."""
        longest = now - silence_s_max
        if self._heard_at < longest:
            self._heard_at = now
            self._lose_all(now)
        else:
            for hearing in tuple(self.hearings.values()):
                if not hearing.is_begun and hearing.since < longest:
                    hearing.lose(now)

    def _reached(self, seq: int, local_seq: int, behind: set[str]) -> None:
        for topic, hearing in tuple(self.hearings.items()):
            if hearing.is_begun and topic not in behind:
                hearing.hearer.reached(seq, local_seq)

    def _lose_all(self, now: float) -> None:
        for hearing in tuple(self.hearings.values()):
            hearing.lose(now)
