"""Owns what every event is."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct, field

from pjai_wire.fields import Instant
from pjai_wire.ids import now_ms


class Event(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Something that happened."""

    withheld: ClassVar[bool] = False
    """Whether the audit trail tells of it without its arguments, because they hold secrets."""

    daemon_only: ClassVar[bool] = False
    """Whether the daemon alone records it, of what it does itself; a commit that brings it is `forbidden`."""

    at: Instant = field(default_factory=now_ms)
    """When it happened; the daemon fills in the present where it is left out."""
