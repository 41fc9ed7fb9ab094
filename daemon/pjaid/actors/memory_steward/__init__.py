"""Owns the memory steward: what is remembered through it, and the care for what is remembered.

remembering  what clients ask of it
sanitiser    what should not lie about in a memory, by the persona's policy; sensitive, check_digits find it
hashing      which memories are equal
"""

from __future__ import annotations

from pjai.actor import Actor, Permissions
from pjaid.actors.memory_steward import remembering

memory = Actor(
    "memory",
    may=Permissions(
        methods=("query", "count", "commit"),
        events=(
            "v1.MemoryEntityCreated",
            "v1.MemoryEntityAccessed",
            "v1.MemoryEntityLinked",
            "v1.MemoryEntityDeleted",
            "v1.MemoryPinned",
            "v1.MemoryUnpinned",
        ),
    ),
)

memory.serves(remembering.remember)
memory.serves(remembering.touch)
memory.serves(remembering.connect)
memory.serves(remembering.pin)
memory.serves(remembering.unpin)
memory.serves(remembering.forget)
