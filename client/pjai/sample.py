"""Owns made-up records to test with: the same ones every time, but for their ids."""

from __future__ import annotations

from msgspec import Struct

from pjai.database import Database
from pjai_wire.events import Event, v1
from pjai_wire.fields import MemoryTier, MemoryType, Role
from pjai_wire.ids import new_id

MEMORY_TYPES: tuple[MemoryType, ...] = ("person", "concept", "event", "task", "conversation", "knowledge")
MEMORY_TIERS: tuple[MemoryTier, ...] = ("hot", "warm", "cold")
DIALOGUE: tuple[tuple[Role, str], ...] = (("user", "How is the starter?"), ("assistant", "Fed on Sunday."))


class Sample(Struct, frozen=True):
    """Events that make a few records, and the ids of these."""

    events: list[Event]
    personas: list[str]
    memories: list[str]
    conversations: list[str]


def sample(*, personas: int = 2, memories: int = 12, conversations: int = 2) -> Sample:
    """Made-up records.

    Args:
        personas: how many, at least one; the first is active.
        memories: how many: of all types, tiers and importances, in turn among the personas.
        conversations: how many, with two messages each, in turn among the personas.
    """
    owners = [new_id() for _ in range(personas)]
    remembered = [_memory(number, owners[number % personas]) for number in range(memories)]
    begun = [
        v1.ConversationStarted(id=new_id(), persona_id=owners[number % personas], topics=["bread"])
        for number in range(conversations)
    ]
    events: list[Event] = [
        *(v1.PersonaCreated(id=owner, name=f"Persona {owner}", description="Made up") for owner in owners),
        v1.PersonaActivated(id=owners[0]),
        *remembered,
        *begun,
    ]
    events += [
        v1.ConversationMessageAdded(id=new_id(), conversation_id=one.id, role=role, content=content)
        for one in begun
        for role, content in DIALOGUE
    ]
    return Sample(events, owners, [one.id for one in remembered], [one.id for one in begun])


async def seed(
    database: Database, *, personas: int = 2, memories: int = 12, conversations: int = 2
) -> Sample:
    """Commits a `sample`, and tells what it was."""
    made = sample(personas=personas, memories=memories, conversations=conversations)
    await database.commit(*made.events)
    return made


def _memory(number: int, owner: str) -> v1.MemoryEntityCreated:
    return v1.MemoryEntityCreated(
        id=new_id(),
        persona_id=owner,
        type=MEMORY_TYPES[number % len(MEMORY_TYPES)],
        name=f"Memory {number}",
        summary=f"Something to remember, number {number}",
        tags=["sample", f"tag-{number % 3}"],
        importance=number * 10 % 101,
        memory_tier=MEMORY_TIERS[number % len(MEMORY_TIERS)],
    )
