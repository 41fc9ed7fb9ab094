"""Owns the queries of the workload, and the parameters that are drawn for them from the data."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from typing import Any

from pjai_wire.query import Condition
from pjai_wire.records import Conversation, MemoryEntity, Persona
from pjai_wire.select import Select, either
from pjai_wire.tables import conversations, memories, messages, personas
from tests.workload.data import IMPORTANCE_MAX, MEMORY_TYPES, SEED
from tests.workload.words import WORDS

DRAWN = 200
"""Parameter sets for each operation."""

ROWS_MAX = 10_000


class Questions:
    """What is asked; each list is asked in turn, over and over.

    Args:
        persona_ids: of the data set.
        memory_ids: of the data set.
    """

    def __init__(self, persona_ids: Sequence[str], memory_ids: Sequence[str]) -> None:
        chance = random.Random(SEED)
        self.persona_load: list[Select[Persona]] = [active_personas()]
        self.memory_filter: list[Select[MemoryEntity]] = [
            best_memories(chance.choice(persona_ids), chance.choice(MEMORY_TYPES), chance.randrange(90))
            for _ in range(DRAWN)
        ]
        self.conversation_load: list[Select[Conversation]] = [
            newest_conversations(chance.choice(persona_ids)) for _ in range(DRAWN)
        ]
        self.point_get: list[str] = [chance.choice(memory_ids) for _ in range(DRAWN)]


def active_personas() -> Select[Persona]:
    """q1."""
    return personas.where(is_active=True).order_by(personas.last_used_at.desc())


def best_memories(persona_id: str, kind: str, importance: int) -> Select[MemoryEntity]:
    """q2, and what r1 keeps alive."""
    return (
        memories.where(persona_id=persona_id, type=kind)
        .where(memories.importance >= importance)
        .order_by(memories.importance.desc(), memories.last_accessed_at.desc())
        .limit(100)
    )


def different_memories(persona_ids: Sequence[str]) -> list[Select[MemoryEntity]]:
    """Queries like q2, no two of which are equal, in an order in which each few are spread over all."""
    parameters = list(itertools.product(persona_ids, MEMORY_TYPES, range(IMPORTANCE_MAX + 1)))
    random.Random(SEED).shuffle(parameters)
    return list(itertools.starmap(best_memories, parameters))


def newest_conversations(persona_id: str) -> Select[Conversation]:
    """q5."""
    return (
        conversations.where(persona_id=persona_id, is_archived=False)
        .order_by(conversations.created_at.desc())
        .limit(50)
    )


def slow_in_texts(patterns: int) -> Select[Any]:
    """Reads every message, and sorts; every row fits, but only the last condition says so."""
    absent = [messages.content.like(f"%{word}q%") for word in _repeated(patterns)]
    return _many_rows(messages.where(_unless(absent, messages.position >= 0)).order_by(messages.content))


def slow_in_lists(members: int) -> Select[Any]:
    """Reads every memory, looks into its tags again and again, and sorts."""
    absent = [memories.tags.contains(f"{word}q") for word in _repeated(members)]
    return _many_rows(memories.where(_unless(absent, memories.importance >= 0)).order_by(memories.summary))


def _repeated(number: int) -> list[str]:
    return [WORDS[position % len(WORDS)] for position in range(number)]


def _unless(conditions: Sequence[Condition], last: Condition) -> Condition:
    return either(*conditions, last)


def _many_rows(select: Select[Any]) -> Select[Any]:
    return select.limit(ROWS_MAX)
