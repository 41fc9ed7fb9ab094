"""Owns how events of vectors become rows: they do not, as `store/embedding.py` stores what they tell of."""

from __future__ import annotations

from collections.abc import Iterator

from pjai_wire.events import v1
from pjaid.store.materializers.registry import Read, materializes
from pjaid.store.writes import Write


@materializes(v1.VectorsStored)
def vectors_stored(_event: v1.VectorsStored, _read: Read) -> Iterator[Write]:
    """Vectors are derived, and may be gone when the state is made anew."""
    yield from ()
