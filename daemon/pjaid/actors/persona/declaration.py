"""Owns what the persona actor declares, and what its rooms share."""

from __future__ import annotations

from pjai import Database, v1
from pjai.actor import Actor, Permissions
from pjai_wire.errors import NotFound
from pjai_wire.methods import PersonaChanged
from pjai_wire.records import Persona
from pjai_wire.tables import personas

persona = Actor(
    "persona",
    may=Permissions(
        methods=("query", "get", "commit", "persona_figures", "secret_seal", "secret_open"),
        events=(
            "v1.PersonaCreated",
            "v1.PersonaUpdated",
            "v1.PersonaActivated",
            "v1.PersonaDeactivated",
            "v1.PersonaUsed",
            "v1.PersonaDeleted",
            "v1.PersonaSecretsSet",
            "v1.MemoriesDeleted",
            "v1.ConversationDeleted",
            "v1.MemoryEntityCreated",
            "v1.MemoryEntityLinked",
            "v1.MemoryPinned",
            "v1.SystemConfigSet",
            "v1.SystemConfigRemoved",
        ),
    ),
)


async def existing(db: Database, persona_id: str) -> Persona:
    """The persona with an id.

    Raises:
        NotFound: there is none.
    """
    found = await db.get(personas, persona_id)
    if found is None:
        raise _no_such_persona()
    return found


async def changed(db: Database, persona_id: str, event: v1.Event) -> PersonaChanged:
    """Commits what happens to an existing persona.

    Raises:
        NotFound: there is none.
    """
    try:
        receipt = await db.commit(event)
    except NotFound:
        raise _no_such_persona() from None
    return PersonaChanged(id=persona_id, seq=receipt.seq)


def _no_such_persona() -> NotFound:
    return NotFound("there is no such persona", hint="the table personas has those that there are")
