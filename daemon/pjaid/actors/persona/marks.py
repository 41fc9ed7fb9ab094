"""Owns the marks of what takes several commits: rows of `system_config` named for a persona."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from msgspec import Struct

from pjai import Database, v1
from pjai_wire import limits
from pjai_wire.errors import NotFound
from pjai_wire.tables import system_config

DIGEST_BYTES = 16


class Mark(Struct, frozen=True):
    """Says that something is under way with a persona; where nobody is at it, who was has ended."""

    prefix: str
    """What the row's id begins with; the persona's follows, or its digest where that is too long."""

    def begun(self, persona_id: str) -> v1.SystemConfigSet:
        """The event that marks a persona."""
        return v1.SystemConfigSet(id=self._row(persona_id), value=persona_id)

    def over(self, persona_id: str) -> v1.SystemConfigRemoved:
        """The event that ends that."""
        return v1.SystemConfigRemoved(id=self._row(persona_id))

    async def remove(self, db: Database, persona_id: str) -> None:
        """Ends it; somebody else may have."""
        with suppress(NotFound):
            await db.commit(self.over(persona_id))

    async def marked(self, db: Database) -> list[str]:
        """The ids of the personas that are marked."""
        marks = system_config.where(system_config.id.like(f"{self.prefix}%")).select("id", "value")
        pages = db.pages(marks.limit(limits.QUERY_ROWS_MAX))
        return [self._persona(row) async for rows in pages for row in rows]

    def _persona(self, row: Mapping[str, Any]) -> str:
        told: Any = row["value"]
        # Whoever set it otherwise meant the id that the row's own ends with.
        return told if isinstance(told, str) else str(row["id"]).removeprefix(self.prefix)

    def _row(self, persona_id: str) -> str:
        row = self.prefix + persona_id
        if len(row) <= limits.ID_CHARACTERS_MAX:
            return row
        return self.prefix + hashlib.blake2b(persona_id.encode(), digest_size=DIGEST_BYTES).hexdigest()
