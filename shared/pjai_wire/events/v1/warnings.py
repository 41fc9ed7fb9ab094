"""Owns the events of warnings."""

from __future__ import annotations

from pjai_wire.events.v1.base import Event
from pjai_wire.fields import Id, Word


class WarningRaised(Event, frozen=True, kw_only=True):
    """Something needs somebody's care, or is another than it was."""

    id: Id
    """What it is about, such as `storage.growth:` and a persona's id."""
    kind: Word
    persona_id: Id | None = None
    value: float
    """What was measured, in the unit of its kind."""
    allowed: float
    """What it may be."""


class WarningCleared(Event, frozen=True, kw_only=True):
    """It does so no longer."""

    id: Id
