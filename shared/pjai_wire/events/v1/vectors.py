"""Owns the event of vectors; they themselves are derived from texts, and in no log."""

from __future__ import annotations

from typing import ClassVar

from pjai_wire.events.v1.base import Event
from pjai_wire.fields import Count, Id, Word


class VectorsStored(Event, frozen=True, kw_only=True):
    """Rows of a table were given the vectors that a model made of their texts."""

    daemon_only: ClassVar[bool] = True

    id: Id
    """The table's name."""
    model: Word
    dimension: Count
    count: Count
