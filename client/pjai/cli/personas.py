"""Owns the finding of a persona by what people call it."""

from __future__ import annotations

from pjai.database import Database
from pjai_wire.records import Persona
from pjai_wire.select import either
from pjai_wire.tables import personas


async def persona_called(db: Database, name: str) -> Persona | None:
    """The persona with that name, else the one with that id, else None."""
    found = await db.query(personas.where(either(personas.name == name, personas.id == name)))
    return min(found, key=lambda persona: persona.name != name, default=None)
