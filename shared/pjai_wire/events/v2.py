"""Owns the events of version 2: those whose version 1 was found wanting."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from pjai_wire.events import v1
from pjai_wire.fields import Document, Version


class MemoryEntityUpdated(v1.MemoryEntityUpdated, frozen=True, kw_only=True):
    """A memory's fields change, its metadata among them.

    `version` is the one that the update makes: it must follow the row's, so that of two clients who both
    changed version 3 the second is told.
    """

    version: Version
    metadata: Document | UnsetType = UNSET
