"""Owns a subscription: what its subscriber was told, and what waits because it can't be told yet (pure)."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Raw, Struct

from pjai_wire.changes import Change
from pjai_wire.codec import encode
from pjai_wire.envelope import LiveUpdate
from pjaid.live.pulse import Pulse
from pjaid.live.view import View, carried

UPDATE_BYTES_MAX = 64 * 2**10
"""A larger update is not sent but asked for, so that a subscriber who does not read fills no memory."""


class Subscription(Struct, eq=False):
    """One client's interest in a view.

    A subscriber that is behind gets what waits for it in one update. Changes are put one after the other, and
    once the whole result is the shorter message they make way for it, so that never more than that waits.
    """

    topic: str
    client: bytes
    label: str
    view: View
    pulse: Pulse
    """Its client's."""
    opened_at: float
    """On the clock of leases, in seconds."""
    opened_at_ms: int
    seq: int
    """The state of which the subscriber was told last."""
    shown_seq: int
    """The state to which what waits leads."""
    is_heard: bool = False
    """Whether somebody hears the topic."""
    is_behind: bool = False
    """Whether an update found the subscriber's queue full."""
    is_tick_due: bool = False
    """Whether a tick is to follow what was told last, which a subscriber that missed it finds the gap by."""
    waiting: list[Change[Raw]] | None = []
    """Changes after `seq`; None where the whole result is the shorter message."""
    waiting_bytes: int = 0
    is_to_ask: bool = False
    """Whether the whole result was found too large for an update, so that each try would find the same."""
    updates: int = 0

    @property
    def bytes_kept(self) -> int:
        """What the rows take that are kept for it, and perhaps for others."""
        return self.view.bytes_kept

    def put_off(self, seq: int, changes: Sequence[Change[Raw]] | None) -> None:
        """Keeps changes that lead to `seq`, or None for the whole result, until they can be told."""
        self.shown_seq = seq
        if self.waiting is None:
            return
        if changes is not None:
            self.waiting += changes
            self.waiting_bytes += carried(changes)
            if not changes or self.waiting_bytes <= min(UPDATE_BYTES_MAX, self._shown_bytes()):
                return
        self.waiting = None
        self.is_to_ask = False

    def message(self) -> bytes | None:
        """An update with all that waits; None while the result is being read and can't be told as a whole.

        A queue that is full is tried again and again, so no try may cost more than such an update.
        """
        if self.waiting is not None:
            return self.update(self.shown_seq, self.waiting)
        if not self.is_to_ask:
            if not self.view.is_told:
                return None
            self.is_to_ask = self._shown_bytes() > UPDATE_BYTES_MAX
        return _gap(self.shown_seq) if self.is_to_ask else self.update(self.shown_seq, None)

    def update(self, seq: int, changes: Sequence[Change[Raw]] | None) -> bytes:
        """The update that leads from what the subscriber was told to the view's result at `seq`.

        Where that is large it leads from `seq` itself: whoever hears it finds the gap, and asks for the whole
        result when it has room for it.
        """
        if changes is None:
            if self._shown_bytes() > UPDATE_BYTES_MAX:
                return _gap(seq)
            rows = tuple(map(Raw, self.view.shown().rows))
            update = LiveUpdate(seq=seq, prev=self.seq, rows=rows)
        else:
            update = LiveUpdate(seq=seq, prev=self.seq, changes=tuple(changes))
        encoded = encode(update)
        return encoded if len(encoded) <= UPDATE_BYTES_MAX else _gap(seq)

    def delivered(self) -> None:
        """The update with all that waits was sent; there is no other."""
        self.updates += self.waiting != []
        self.told(self.shown_seq)

    def told(self, seq: int) -> None:
        """The subscriber knows the state at `seq`."""
        self.seq = self.shown_seq = seq
        self.is_tick_due = True
        self.waiting = []
        self.waiting_bytes = 0

    def _shown_bytes(self) -> int:
        # Not what the view keeps: rows that nobody is shown come and go without a change to tell.
        return sum(map(len, self.view.shown().rows))


def _gap(seq: int) -> bytes:
    return encode(LiveUpdate(seq=seq, prev=seq, changes=()))
