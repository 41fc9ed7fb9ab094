"""Owns the data set: the same events for the same number of memories, on every machine.

20 personas, the memories with their embeddings (384 numbers, in clusters, as the approximate indexes of
other systems are judged fairly only so), and 2,000 conversations of 10 to 60 messages; fewer conversations
where there are few memories.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from pjai_wire.events import Event, v1
from pjai_wire.fields import MemoryTier, MemoryType, Role
from tests.workload.words import WORDS

SEED = 20250101
BEGIN_MS = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp() * 1000)
SPAN_S = 40_000_000
"""The instants of the data lie this far apart at most: a little more than a year."""
AFTER_ALL_MS = BEGIN_MS + 2_000 * SPAN_S
"""Later than every instant of the data."""

PERSONAS = 20
CONVERSATIONS_MAX = 2_000
MEMORIES_PER_CONVERSATION = 5
MESSAGES_MIN, MESSAGES_MAX = 10, 60

IMPORTANCE_MAX = 100

DIMENSIONS = 384
CLUSTERS = 256
SPREAD = 0.9
EMBEDDINGS_AT_ONCE = 1_000
EMBEDDING_MODEL = "clustered-noise"

MEMORY_TYPES: tuple[MemoryType, ...] = get_args(MemoryType)
TIERS: tuple[MemoryTier, ...] = get_args(MemoryTier)
SPEAKERS: tuple[Role, Role] = ("user", "assistant")

_COMMONNESS = [1 / (rank + 1) ** 0.7 for rank in range(len(WORDS))]


class DataSet:
    """The events that make the data set, in an order in which they can be committed.

    Args:
        memories: how many there are.
    """

    def __init__(self, memories: int) -> None:
        self.memories = memories
        self.conversations = min(CONVERSATIONS_MAX, memories // MEMORIES_PER_CONVERSATION)
        self._random = random.Random(SEED)
        self._numbers = np.random.default_rng(SEED)
        self._centres = self._numbers.standard_normal((CLUSTERS, DIMENSIONS), dtype=np.float32)
        self.made = 0
        """How many ids were made."""
        self._conversations_made = 0
        self.persona_ids = [self._id() for _ in range(PERSONAS)]
        self.memory_ids: list[str] = []
        """Of the memories that `events` has made so far."""

    def events(self) -> Iterator[Event]:
        """Every event, once."""
        yield from self._personas()
        for memory in self._memories(self.memories):
            self.memory_ids.append(memory.id)
            yield memory
        for number in range(self.conversations):
            yield from self._conversation()
            self._conversations_made = number + 1

    @property
    def share_made(self) -> float:
        """How much of the data set `events` has made, of 1."""
        made = len(self.memory_ids) + self._conversations_made
        return made / max(1, self.memories + self.conversations)

    def more_memories(self, number: int) -> list[v1.MemoryEntityCreated]:
        """Further memories, which are not in `memory_ids`."""
        return list(self._memories(number))

    def _personas(self) -> Iterator[Event]:
        for number, persona_id in enumerate(self.persona_ids):
            made = self._random.randrange(SPAN_S // 4)
            yield v1.PersonaCreated(
                at=_instant(made),
                id=persona_id,
                name=f"Persona {number:02d} {self._random.choice(WORDS)}",
                description=self._text(20),
                personality={
                    "traits": self._words(4),
                    "temperament": self._random.choice(["calm", "lively"]),
                    "communicationStyle": self._random.choice(["direct", "casual", "formal"]),
                },
                settings={
                    "memoryRetention": self._random.randrange(30, 365),
                    "privacyLevel": self._random.choice(["low", "medium", "high"]),
                    "autoLearn": self._random.random() < 0.8,
                },
            )
            yield v1.PersonaUsed(at=_instant(made + self._random.randrange(1_000_000)), id=persona_id)
        yield v1.PersonaActivated(at=_instant(SPAN_S // 2), id=self.persona_ids[0])

    def _memories(self, number: int) -> Iterator[v1.MemoryEntityCreated]:
        for start in range(0, number, EMBEDDINGS_AT_ONCE):
            for embedding in self._embeddings(min(EMBEDDINGS_AT_ONCE, number - start)):
                yield self._memory(embedding)

    def _memory(self, embedding: NDArray[np.float32]) -> v1.MemoryEntityCreated:
        made = self._random.randrange(SPAN_S)
        return v1.MemoryEntityCreated(
            at=_instant(made),
            id=self._id(),
            persona_id=self._random.choice(self.persona_ids),
            type=self._random.choice(MEMORY_TYPES),
            name=self._text(5),
            content={"text": self._text(40), "source": self._random.choice(["chat", "file", "web"])},
            summary=self._text(15),
            tags=sorted(set(self._words(4))),
            importance=self._random.randint(0, IMPORTANCE_MAX),
            last_accessed_at=_instant(made + self._random.randrange(1_000_000)),
            embedding=embedding.tobytes(),
            embedding_model=EMBEDDING_MODEL,
            memory_tier=self._random.choices(TIERS, [2, 3, 5])[0],
            metadata={"lang": "en", "confidence": round(self._random.random(), 3)},
        )

    def _embeddings(self, number: int) -> NDArray[np.float32]:
        chosen = self._centres[self._numbers.integers(0, CLUSTERS, number)]
        noise = self._numbers.standard_normal((number, DIMENSIONS), dtype=np.float32)
        vectors = chosen + np.float32(SPREAD) * noise
        unit: NDArray[Any] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit.astype("<f4")

    def _conversation(self) -> Iterator[Event]:
        begun = self._random.randrange(SPAN_S)
        conversation_id = self._id()
        yield v1.ConversationStarted(
            at=_instant(begun),
            id=conversation_id,
            persona_id=self._random.choice(self.persona_ids),
            session_id=self._id(),
            summary=self._text(20),
            topics=self._words(3),
            importance=self._random.randint(0, IMPORTANCE_MAX),
        )
        for number in range(self._random.randint(MESSAGES_MIN, MESSAGES_MAX)):
            yield v1.ConversationMessageAdded(
                at=_instant(begun + 30 * number),
                id=self._id(),
                conversation_id=conversation_id,
                role=SPEAKERS[number % 2],
                content=self._text(self._random.randrange(8, 60)),
            )
        if self._random.random() < 0.2:
            yield v1.ConversationArchived(at=_instant(begun + 3600), id=conversation_id)

    def _id(self) -> str:
        """A UUIDv7 as a client makes them one after the other, so that ids ascend."""
        self.made += 1
        stamp = BEGIN_MS + self.made
        return str(uuid.UUID(int=stamp << 80 | 0x7 << 76 | 0b10 << 62 | self._random.getrandbits(62)))

    def _words(self, number: int) -> list[str]:
        return self._random.choices(WORDS, _COMMONNESS, k=number)

    def _text(self, words: int) -> str:
        return " ".join(self._words(words))


def _instant(seconds: int) -> int:
    return BEGIN_MS + 1000 * seconds
