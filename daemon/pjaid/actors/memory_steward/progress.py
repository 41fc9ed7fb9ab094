"""Owns how far the steward's own work is, for whoever asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct

from pjai_wire.ids import now_ms


class Progress(Struct):
    """What the steward is at, and what it has done since it began."""

    is_at_work: bool = False
    persona_id: str | None = None
    passes: int = 0
    seen: int = 0
    moved: int = 0
    began_at: int | None = None
    ended_at: int | None = None

    @contextmanager
    def of_a_pass(self) -> Iterator[Progress]:
        """A pass over some personas, inside the block."""
        self.is_at_work, self.passes, self.seen, self.moved = True, self.passes + 1, 0, 0
        self.began_at = now_ms()
        try:
            yield self
        finally:
            self.is_at_work, self.persona_id, self.ended_at = False, None, now_ms()
