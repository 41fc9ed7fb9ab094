"""Owns how far the steward's own work is, for whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
    is_cleaning: bool = False
    expired: int = 0
    purged: int = 0
    archived: int = 0
    unlinked: int = 0
    cleaned_at: int | None = None
    to_pack: int = 0
    packed: int = 0
    left_plain: int = 0

    @contextmanager
    def of_a_pass(self) -> Iterator[Progress]:
        """A pass over some personas, inside the block."""
        self.is_at_work, self.passes, self.seen, self.moved = True, self.passes + 1, 0, 0
        self.began_at = now_ms()
        try:
            yield self
        finally:
            self.is_at_work, self.persona_id, self.ended_at = False, None, now_ms()

    @contextmanager
    def of_a_clean_up(self, at: int) -> Iterator[Callable[[], MemoryCleanResult]]:
        """A clean-up that began then, inside the block; what is yielded tells what it has done so far."""
        before = structs.replace(self)
        self.is_cleaning = True
        try:
            yield lambda: MemoryCleanResult(
                expired=self.expired - before.expired,
                purged=self.purged - before.purged,
                archived=self.archived - before.archived,
                unlinked=self.unlinked - before.unlinked,
            )
            # Not where it ended early: the rest is still due.
            self.cleaned_at = at
        finally:
            self.is_cleaning = False

    @contextmanager
    def of_packing(self, contents: int) -> Iterator[None]:
        """So many contents are tried, inside the block."""
        self.to_pack = contents
        try:
            yield
        finally:
            self.to_pack = 0

    def tried(self, packed: int, left_plain: int) -> None:
        """Some of these contents were packed, and others would not shrink."""
        self.packed += packed
        self.left_plain += left_plain
        self.to_pack = max(0, self.to_pack - packed - left_plain)

    async def status(self, db: Database, _params: Nothing) -> MemoryStatusResult:
        """How far the steward's own work is."""
        read = await read_settings(db)
        return MemoryStatusResult(
            **structs.asdict(self), settings=by_row(read.settings), ignored=read.ignored
        )
