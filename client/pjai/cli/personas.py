"""Owns the finding of a persona by what people call it."""

from __future__ import annotations

from pjai.database import Database
from pjai_wire.errors import NotFound
from pjai_wire.records import Persona
from pjai_wire.select import either
from pjai_wire.tables import personas


async def persona_called(db: Database, name: str) -> Persona | None:
    """The persona with that name, else the one with that id, else None."""
    found = await db.query(personas.where(either(personas.name == name, personas.id == name)))
    return min(found, key=lambda persona: persona.name != name, default=None)


async def existing_persona(db: Database, name: str) -> Persona:
    """The persona with that name, else the one with that id.

    Raises:
        NotFound: there is none.
    """
    found = await persona_called(db, name)
    if found is None:
        raise NotFound(f"there is no persona {name!r}", hint="see: pjai persona list")
    return found
