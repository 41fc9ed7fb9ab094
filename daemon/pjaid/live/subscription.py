"""Owns a subscription: what its subscriber was told, and what waits because it can't be told yet (pure)."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Raw, Struct

from pjai_wire.changes import Change
from pjai_wire.codec import encode
from pjai_wire.envelope import LiveUpdate
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
    waiting: list[Change[Raw]] | None = []
    """Changes after `seq`; None where the whole result is the shorter message."""
    waiting_bytes: int = 0
    updates: int = 0

    @property
    def bytes_kept(self) -> int:
        """What the rows take that are kept for it, and perhaps for others."""
        return self.view.bytes_kept

    def put_off(self, seq: int, changes: Sequence[Change[Raw]] | None) -> None:
        """Keeps changes that lead to `seq`, or None for the whole result, until they can be told."""
        self.shown_seq = seq
        if changes is None or self.waiting is None:
            self.waiting = None
            return
        self.waiting += changes
        self.waiting_bytes += carried(changes)
        # Not what the view keeps: rows that nobody is shown come and go without a change to tell.
        if changes and self.waiting_bytes > sum(map(len, self.view.shown().rows)):
            self.waiting = None

    def message(self) -> bytes | None:
        """An update with all that waits; None while the result is being read and can't be told as a whole."""
        if self.waiting is None and not self.view.is_told:
            return None
        return self.update(self.shown_seq, self.waiting)

    def update(self, seq: int, changes: Sequence[Change[Raw]] | None) -> bytes:
        """The update that leads from what the subscriber was told to the view's result at `seq`.

        Where that is large it leads from `seq` itself: whoever hears it finds the gap, and asks for the whole
        result when it has room for it.
        """
        if changes is None:
            rows = tuple(map(Raw, self.view.shown().rows))
            update = LiveUpdate(seq=seq, prev=self.seq, rows=rows)
        else:
            update = LiveUpdate(seq=seq, prev=self.seq, changes=tuple(changes))
        encoded = encode(update)
        if len(encoded) <= UPDATE_BYTES_MAX:
            return encoded
        return encode(LiveUpdate(seq=seq, prev=seq, changes=()))

    def delivered(self) -> None:
        """The update with all that waits was sent."""
        self.updates += self.waiting != []
        self.told(self.shown_seq)

    def told(self, seq: int) -> None:
        """The subscriber knows the state at `seq`."""
        self.seq = self.shown_seq = seq
        self.waiting = []
        self.waiting_bytes = 0
