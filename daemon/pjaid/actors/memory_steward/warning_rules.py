"""Owns which warnings there should be, and what must happen so that there are these (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from pjai_wire.events import v1
from pjai_wire.methods import StorageResult
from pjai_wire.records import Warning as WarningRow
from pjaid.actors.memory_steward.steward_settings import StewardSettings

GROWTH, INDEXES, SAVED = "storage.growth", "storage.indexes", "storage.saved"
KINDS = (GROWTH, INDEXES, SAVED)

MEGABYTE = 1e6

DATABASE_BYTES_MIN = 10 * MEGABYTE
"""Of a small database a few pages of indexes are a large part."""

PACKED_BYTES_MIN = MEGABYTE

SLACK = 0.1
"""A warning ends only when its bound is kept by so much, so that it does not come and go."""

MOVED = 0.25
"""A warning is told again when what it measures has moved by so much."""


class Figure(Struct, frozen=True):
    """Something that is measured, and its bound."""

    id: str
    kind: str
    persona_id: str | None
    value: float
    allowed: float
    is_least: bool = False
    """Whether the bound is the least that it should be, or else the most."""

    @property
    def is_past(self) -> bool:
        """Whether it is past its bound."""
        return self.value < self.allowed if self.is_least else self.value > self.allowed

    @property
    def is_well_within(self) -> bool:
        """Whether it keeps its bound, and not just so."""
        if self.is_least:
            return self.value >= self.allowed * (1 + SLACK)
        return self.value <= self.allowed * (1 - SLACK)


def figures(grown: Mapping[str, int], storage: StorageResult, settings: StewardSettings) -> Iterator[Figure]:
    """What is measured now.

    Args:
        grown: the bytes that were recorded of each persona lately.
        storage: what the daemon says of the file.
        settings: the bounds.
    """
    for persona_id, recorded in grown.items():
        value = recorded / MEGABYTE
        yield Figure(f"{GROWTH}:{persona_id}", GROWTH, persona_id, value, settings.growth_megabytes)
    if storage.database_bytes >= DATABASE_BYTES_MIN:
        share = 100 * storage.index_bytes / storage.database_bytes
        yield Figure(INDEXES, INDEXES, None, share, settings.index_percent)
    if storage.unpacked_bytes >= PACKED_BYTES_MIN:
        saved = 100 * (1 - storage.packed_bytes / storage.unpacked_bytes)
        yield Figure(SAVED, SAVED, None, saved, settings.saved_percent, is_least=True)


def changes(
    there: Iterable[WarningRow], measured: Iterable[Figure]
) -> Iterator[v1.WarningRaised | v1.WarningCleared]:
    """What must happen, which is nothing where nothing has changed.

    Args:
        there: the warnings of our kinds that there are.
        measured: all figures.
    """
    raised = {row.id: row for row in there}
    for figure in measured:
        row = raised.pop(figure.id, None)
        if row is None:
            if figure.is_past:
                yield _raised(figure)
        elif figure.is_well_within:
            yield v1.WarningCleared(id=row.id)
        elif row.allowed != figure.allowed or _has_moved(row, figure):
            yield _raised(figure)
    # What is measured no longer, as its persona is gone, say.
    yield from (v1.WarningCleared(id=left) for left in raised)


def _has_moved(row: WarningRow, figure: Figure) -> bool:
    return abs(figure.value - row.value) > MOVED * max(row.value, row.allowed)


def _raised(figure: Figure) -> v1.WarningRaised:
    return v1.WarningRaised(
        id=figure.id,
        kind=figure.kind,
        persona_id=figure.persona_id,
        value=round(figure.value, 3),
        allowed=figure.allowed,
    )
