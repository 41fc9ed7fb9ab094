"""Owns random commits to a small world of texts and vectors, and random searches in it."""

from __future__ import annotations

import struct
from collections.abc import Callable
from random import Random
from typing import Any

from msgspec import Raw

from pjai_wire.codec import Decoder, encode
from pjai_wire.ids import new_id
from pjai_wire.methods import CommitParams, NewEvent, SearchParams

Event = tuple[str, dict[str, Any]]

MODEL = "brought"
PERSONAS = ("p0", "p1")
WORDS = ("ant", "bee", "cat", "dog", "ants", "Käfer", "the")
BEARINGS = (-2, -1, 0, 1, 2)
HOUR_MS = 3_600_000

_read = Decoder(SearchParams).decode


def bearing(chance: Random) -> bytes:
    """A vector in the plane, often one that there is already, never zero."""
    while not any(numbers := (chance.choice(BEARINGS), chance.choice(BEARINGS))):
        pass
    return struct.pack("<2f", *numbers)


class SearchWorld:
    """Makes up commits.

    Args:
        chance: decides.
    """

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._made = 0
        self._memories: list[str] = []
        self._links: list[str] = []
        self._conversations: list[str] = []

    def beginning(self) -> CommitParams:
        """The first commit."""
        events: list[Event] = [("v1.PersonaCreated", {"id": name, "name": name}) for name in PERSONAS]
        events += [self._memory() for _ in range(self._chance.randint(1, 20))]
        events[-1][1].update(embedding=bearing(self._chance), embeddingModel=MODEL)
        return _commit(events)

    def commit(self) -> CommitParams:
        """Any commit; some name what is gone, and are refused."""
        makers: list[tuple[int, Callable[[], Event]]] = [
            (6, self._memory),
            (12, self._memory_updated),
            (2, self._memory_accessed),
            (4, self._memory_deleted),
            (3, self._linked),
            (2, self._unlinked),
            (2, self._conversation),
            (3, self._message),
        ]
        weights, makes = zip(*makers, strict=True)
        several = self._chance.choice((1, 1, 1, 2, 5))
        return _commit([make() for make in self._chance.choices(makes, weights, k=several)])

    def search(self) -> SearchParams:
        """A search that means something."""
        chance = self._chance
        asked: dict[str, Any] = {"limit": chance.choice((1, 2, 3, 5, 8)), **self._sought()}
        asked["table"] = "memories" if "vector" in asked else chance.choice(("memories",) * 5 + ("messages",))
        if asked["table"] == "memories":
            asked["where"] = chance.sample(_CONDITIONS, chance.choice((0, 0, 1, 1, 2)))
            asked["links"] = chance.random() < 0.2
            asked["select"] = chance.choice(((), (), ("id", "name"), ("name", "importance")))
        for name, share in (("snippets", 0.2), ("context", 0.2)):
            asked[name] = chance.random() < share
        asked["diversity"] = chance.choice((0.0, 0.0, 0.0, 0.5))
        return _read(encode(asked))

    def _sought(self) -> dict[str, Any]:
        chance = self._chance
        if chance.random() < 0.4:
            return {"vector": bearing(chance), "model": MODEL}
        mode = chance.choice(("words", "meaning", "both", "substring"))
        one, other = chance.sample(WORDS[:-1], 2)
        texts = [one, f"{one} {other}", f"the {one}"]
        if mode in ("words", "both"):
            texts += [f'"{one} {other}"', f"{one[:2]}*", f"{one} AND {other}", f"{one} NOT {other}"]
        asked: dict[str, Any] = {"text": chance.choice(texts), "mode": mode}
        if chance.random() < 0.3:
            asked["weights"] = {"recency": 0.5, "importance": chance.choice((0.0, 1.0)), "connections": 0.5}
        return asked

    def _memory(self) -> Event:
        self._made += 1
        self._memories.append(f"m{self._made}")
        args = {"id": self._memories[-1], "personaId": self._chance.choice(PERSONAS), **self._fields(1.0)}
        return "v1.MemoryEntityCreated", {**args, "at": self._made * HOUR_MS // 2}

    def _memory_updated(self) -> Event:
        return "v1.MemoryEntityUpdated", {"id": self._known(self._memories), **self._fields(0.3)}

    def _fields(self, share: float) -> dict[str, Any]:
        chance = self._chance
        fields: dict[str, Any] = {
            "name": self._text(2),
            "type": chance.choice(("concept", "conversation", "conversation")),
            "summary": self._text(3),
            "content": {"text": self._text(4)},
            "tags": [chance.choice(WORDS)],
            "importance": chance.choice((0, 50, 100)),
            "metadata": chance.choice(({}, {"sessionId": "s"})),
        }
        chosen = {name: value for name, value in fields.items() if chance.random() < share}
        if chance.random() < 0.4:
            chosen |= {"embedding": bearing(chance), "embeddingModel": MODEL}
        elif share < 1 and chance.random() < 0.1:
            chosen |= {"embedding": None, "embeddingModel": None}
        return chosen

    def _memory_accessed(self) -> Event:
        return "v1.MemoryEntityAccessed", {"id": self._known(self._memories)}

    def _memory_deleted(self) -> Event:
        return "v1.MemoryEntityDeleted", {"id": self._gone(self._memories)}

    def _linked(self) -> Event:
        self._made += 1
        self._links.append(f"l{self._made}")
        ends = {"fromId": self._known(self._memories), "toId": self._known(self._memories)}
        return "v1.MemoryEntityLinked", {
            "id": self._links[-1],
            **ends,
            "weight": self._chance.choice((0.5, 1.0)),
        }

    def _unlinked(self) -> Event:
        return "v1.MemoryEntityUnlinked", {"id": self._gone(self._links)}

    def _conversation(self) -> Event:
        self._made += 1
        self._conversations.append(f"c{self._made}")
        return "v1.ConversationStarted", {"id": self._conversations[-1], "personaId": PERSONAS[0]}

    def _message(self) -> Event:
        self._made += 1
        return "v1.ConversationMessageAdded", {
            "id": f"x{self._made}",
            "conversationId": self._known(self._conversations),
            "role": "user",
            "content": self._text(3),
        }

    def _text(self, words: int) -> str:
        return " ".join(self._chance.choices(WORDS, k=words))

    def _known(self, ids: list[str]) -> str:
        return self._chance.choice(ids) if ids else "nobody"

    def _gone(self, ids: list[str]) -> str:
        return ids.pop(self._chance.randrange(len(ids))) if ids else "nobody"


_CONDITIONS: tuple[Any, ...] = (
    ["personaId", "=", "p0"],
    ["importance", ">=", 50],
    ["type", "=", "conversation"],
    ["tags", "contains", "ant"],
    ["name", "like", "%b%"],
    {"or": [["importance", "=", 0], ["personaId", "=", "p1"]]},
)


def _commit(events: list[Event]) -> CommitParams:
    return CommitParams(
        events=tuple(NewEvent(id=new_id(), name=name, args=Raw(encode(args))) for name, args in events)
    )
