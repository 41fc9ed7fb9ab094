"""Owns what the examples are about.

Ids and instants are fixed, so that the vectors never change by themselves.
"""

from __future__ import annotations

from struct import pack

from pjai_wire.fields import Personality, PersonaSettings
from pjai_wire.measures import Measures, latency
from pjai_wire.records import Conversation, ConversationMessage, MemoryEntity, Persona

NOON = 1_750_000_000_000
"""2025-06-15T15:06:40Z: larger than 2^32, so that it tells how an encoder treats large integers."""


def example_id(number: int) -> str:
    """A UUIDv7 of the instant `NOON`."""
    return f"01977420-dc00-7000-8000-{number:012x}"


ADA, SOURDOUGH, STARTER, LINK, TALK, GREETING, RECIPE, COMMIT = map(example_id, range(1, 9))
INDEX = "auto_memories_by_persona_id_type"
SHAPE = 'SELECT "id" FROM memories WHERE "persona_id" = ? AND "importance" >= ? ORDER BY "id" LIMIT 100'
TOPIC = "q.Zm9yIGV4YW1wbGU"
OTHER_TOPIC = "q.YW5vdGhlciBvbmU"
PULSE = "p.aG93IGZhciBpdCBpcw"
NUMBERS = (0.25, -1.0, 1.5)
"""An embedding of three dimensions whose numbers float32 holds exactly."""
EMBEDDING = pack("<3f", *NUMBERS)

SEALED = b"\1" + bytes(range(12)) + b"sealed, and so nobody's to read"
"""As the daemon seals a secret; no key opens this one."""

PERSONA = Persona(
    id=ADA,
    name="Ada",
    description="",
    avatar=None,
    personality=Personality(traits=("curious",)),
    settings=PersonaSettings(),
    memory_config={},
    is_active=True,
    last_used_at=NOON,
    usage_count=3,
    created_at=NOON,
    updated_at=NOON + 1,
    version=2,
)
MEMORY = MemoryEntity(
    id=SOURDOUGH,
    persona_id=ADA,
    type="concept",
    name="Sourdough",
    content={"flour": "rye", "hydration": 0.8, "days": [1, 2, 3], "shared": None},
    summary="feeds the starter on Sundays",
    tags=("baking", "Brötchen"),
    importance=70,
    last_accessed_at=NOON,
    created_at=NOON,
    updated_at=NOON,
    embedding_model="example-3",
    memory_tier="hot",
    compression_applied=False,
    connection_count=0,
    metadata={},
    version=1,
    deleted_at=None,
    pinned=True,
    embedding=EMBEDDING,
)
CONVERSATION = Conversation(
    id=TALK,
    persona_id=ADA,
    session_id=None,
    summary="",
    sentiment="positive",
    topics=("bread",),
    importance=50,
    is_archived=False,
    archived_at=None,
    message_count=1,
    created_at=NOON,
    updated_at=NOON,
    messages=(
        ConversationMessage(id=GREETING, role="user", content="Good morning ☀️", sent_at=NOON, metadata={}),
    ),
)
MEASURES = Measures(
    counts={"events": 12, "errors:query:unknown_table": 1},
    gauges={"clients": 2, "actor:notes:up": 1},
    latencies={"request:query": latency({12: 1, 50: 9, 51: 2, 90: 1}, 13_500)},
)
