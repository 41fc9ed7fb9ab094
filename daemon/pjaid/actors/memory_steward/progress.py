"""Owns how far the steward's own work is, for whoever asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct, structs

from pjai import Database
from pjai_wire.ids import now_ms
from pjai_wire.methods import MemoryCleanResult, MemoryStatusResult, Nothing
from pjaid.actors.memory_steward.steward_settings import by_row, read_settings


class Progress(Struct):
    """What the steward is at, and what it has done since it began."""

    is_at_work: bool = False
    persona_id: str | None = None
    passes: int = 0
    seen: int = 0
    moved: int = 0
    began_at: int | None = None
    ended_at: int | None = None
    expired: int = 0
    purged: int = 0
    archived: int = 0
    unlinked: int = 0
    cleaned_at: int | None = None

    @contextmanager
    def of_a_pass(self) -> Iterator[Progress]:
        """A pass over some personas, inside the block."""
        self.is_at_work, self.passes, self.seen, self.moved = True, self.passes + 1, 0, 0
        self.began_at = now_ms()
        try:
            yield self
        finally:
            self.is_at_work, self.persona_id, self.ended_at = False, None, now_ms()

    def cleaned(self, done: MemoryCleanResult, at: int) -> None:
        """A clean-up began then, and is over."""
        self.expired += done.expired
        self.purged += done.purged
        self.archived += done.archived
        self.unlinked += done.unlinked
        self.cleaned_at = at

    async def status(self, db: Database, _params: Nothing) -> MemoryStatusResult:
        """How far the steward's own work is."""
        read = await read_settings(db)
        return MemoryStatusResult(
            **structs.asdict(self), settings=by_row(read.settings), ignored=read.ignored
        )
