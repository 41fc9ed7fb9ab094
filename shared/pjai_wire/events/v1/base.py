"""Owns what every event is."""

from __future__ import annotations

from msgspec import Struct, field

from pjai_wire.fields import Instant
from pjai_wire.ids import now_ms


class Event(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Something that happened."""

    at: Instant = field(default_factory=now_ms)
    """When it happened; the daemon fills in the present where it is left out."""
