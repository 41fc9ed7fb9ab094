"""Owns the events of dictionaries, with which contents are packed."""

from __future__ import annotations

from typing import Literal

from pjai_wire.events.v1.base import Event
from pjai_wire.fields import Count, DictionaryData, DictionaryVersion, Id, Weight


class DictionaryTrained(Event, frozen=True, kw_only=True):
    """A dictionary was made of what contents of memories have in common."""

    id: Id
    version: DictionaryVersion
    data: DictionaryData
    samples: Count
    """How many contents it was trained on."""
    saved: Weight
    """Which part of the samples' bytes it saves."""
    reason: Literal["first", "grown", "drifted"]
    """There was none; there is much more to learn from; the last one saves less than it did."""
