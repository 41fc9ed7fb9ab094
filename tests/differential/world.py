"""Owns random commits to a small world: what is in it is known, so that most of them are possible."""

from __future__ import annotations

import struct
from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any

from msgspec import Raw

from pjai_wire.codec import encode
from pjai_wire.ids import new_id
from pjai_wire.limits import INTEGER_MAX
from pjai_wire.methods import CommitParams, NewEvent
from tests.differential.values import PERSONAS, WEIGHTS, WORDS

Event = tuple[str, dict[str, Any]]

BULK_EVENTS = (70, 310)
"""More than `Dependents` tells of at once, and more than a view follows."""


class World:
    """Makes up commits, and remembers which ids there are.

    Args:
        chance: decides.
    """

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._bulks = chance.choice((0, 0, 0, 0, 0, 0, 0, 0, 0.1, 0.3))
        self._leaving = chance.choice((0.5, 1, 3, 6, 10))
        self._ids: dict[str, list[str]] = {kind: [] for kind in "pmlcxw"}
        self._made = dict.fromkeys("mlcxw", 0)
        self._before: tuple[dict[str, list[str]], dict[str, int]] | None = None

    def beginning(self) -> CommitParams:
        """The first commit: enough of everything for windows to be full."""
        events = [self._persona_created(name) for name in PERSONAS[:3]]
        for make, most in ((self._memory, 60), (self._conversation, 10), (self._workflow, 5)):
            events += [make() for _ in range(self._chance.randint(0, most))]
        return self._commit(events)

    def commit(self) -> CommitParams:
        """Any commit: mostly of a few events, now and then of many, and some that are refused."""
        self._before = deepcopy((self._ids, self._made))
        how = self._chance.random()
        if how < self._bulks:
            many = self._chance.choice(BULK_EVENTS)
            change = self._chance.choice((self._memory, self._memory_updated, self._memory_accessed))
            return self._commit([change() for _ in range(many)])
        several = self._chance.choice((1, 1, 1, 2, 4, 8))
        events = [self._event() for _ in range(several)]
        if how > 0.95:
            events.append(("v1.PersonaUsed", {"id": "nobody", "at": self._at()}))
        return self._commit(events)

    def refused(self) -> None:
        """The last commit was."""
        assert self._before is not None
        self._ids, self._made = self._before

    def _commit(self, events: list[Event]) -> CommitParams:
        return CommitParams(
            events=tuple(NewEvent(id=new_id(), name=name, args=Raw(encode(args))) for name, args in events)
        )

    def _event(self) -> Event:
        leaving = self._leaving
        makers: list[tuple[float, Callable[[], Event]]] = [
            (6, self._memory),
            (14, self._memory_updated),
            (5, self._memory_accessed),
            (5 * leaving, self._memory_deleted),
            (4, self._linked),
            (2 * leaving, self._unlinked),
            (4, self._persona_changed),
            (1, self._persona),
            (1, self._persona_deleted),
            (3, self._conversation),
            (5, self._conversation_changed),
            (6, self._message),
            (leaving, self._conversation_deleted),
            (4, self._workflow),
            (2, self._workflow_executed),
            (leaving, self._workflow_deleted),
        ]
        weights = [weight for weight, _ in makers]
        choices = [make for _, make in makers]
        return self._chance.choices(choices, weights)[0]()

    def _persona(self) -> Event:
        return self._persona_created(self._chance.choice(PERSONAS))

    def _persona_created(self, name: str) -> Event:
        if name not in self._ids["p"]:
            self._ids["p"].append(name)
        return "v1.PersonaCreated", {
            "id": name,
            "name": name,
            "at": self._at(),
            **self._some(avatar=self._word()),
        }

    def _persona_changed(self) -> Event:
        kind = self._chance.choice(("Activated", "Activated", "Deactivated", "Used", "Updated"))
        args = {"id": self._known("p"), "at": self._at()}
        if kind == "Updated":
            args |= self._some(description=self._word(), avatar=self._word_or_none())
        return f"v1.Persona{kind}", args

    def _persona_deleted(self) -> Event:
        persona = self._known("p")
        if persona in self._ids["p"]:
            self._ids["p"].remove(persona)
        return "v1.PersonaDeleted", {"id": persona, "at": self._at()}

    def _memory(self) -> Event:
        args = {"id": self._new("m"), "personaId": self._known("p"), **self._memory_fields()}
        args |= {"type": self._type(), "name": self._word(), "at": self._at()}
        return "v1.MemoryEntityCreated", args | self._some(lastAccessedAt=self._instant())

    def _memory_updated(self) -> Event:
        if self._chance.random() < 0.1:
            args = {"id": self._known("m"), "version": self._chance.randint(1, 3), "metadata": {"a": 1}}
            return "v2.MemoryEntityUpdated", {**args, "at": self._at()}
        fields = self._memory_fields() | self._some(name=self._word(), type=self._type())
        return "v1.MemoryEntityUpdated", {"id": self._known("m"), "at": self._at(), **fields}

    def _memory_fields(self) -> dict[str, Any]:
        fields = self._some(
            importance=self._chance.randint(0, 5),
            tags=self._words(),
            summary=self._word(),
            memoryTier=self._chance.choice(("hot", "warm", "cold")),
            content={"a": self._chance.randint(0, 2)},
        )
        if self._chance.random() < 0.3:
            fields["embeddingModel"] = self._word()
            if self._chance.random() < 0.5:
                fields["embedding"] = struct.pack("<f", self._chance.randint(0, 2))
        return fields

    def _memory_accessed(self) -> Event:
        return "v1.MemoryEntityAccessed", {"id": self._known("m"), "at": self._instant()}

    def _memory_deleted(self) -> Event:
        return "v1.MemoryEntityDeleted", {"id": self._gone("m"), "at": self._at()}

    def _linked(self) -> Event:
        args = {"id": self._new("l"), "fromId": self._known("m"), "toId": self._known("m")}
        args |= self._some(weight=self._chance.choice(WEIGHTS), kind=self._word())
        return "v1.MemoryEntityLinked", {**args, "at": self._at()}

    def _unlinked(self) -> Event:
        return "v1.MemoryEntityUnlinked", {"id": self._gone("l"), "at": self._at()}

    def _conversation(self) -> Event:
        args = {"id": self._new("c"), "personaId": self._known("p"), "at": self._at()}
        return "v1.ConversationStarted", args | self._conversation_fields() | self._some(
            sessionId=self._word()
        )

    def _conversation_fields(self) -> dict[str, Any]:
        sentiment = self._chance.choice((None, "positive", "negative"))
        return self._some(
            summary=self._word(),
            sentiment=sentiment,
            topics=self._words(),
            importance=self._chance.randint(0, 5),
        )

    def _conversation_changed(self) -> Event:
        kind = self._chance.choice(("Updated", "Updated", "Archived", "Unarchived"))
        fields = self._conversation_fields() if kind == "Updated" else {}
        return f"v1.Conversation{kind}", {"id": self._known("c"), "at": self._at(), **fields}

    def _message(self) -> Event:
        args = {"id": self._new("x"), "conversationId": self._known("c"), "content": self._word()}
        return "v1.ConversationMessageAdded", {
            **args,
            "role": self._chance.choice(("user", "assistant")),
            "at": self._at(),
        }

    def _conversation_deleted(self) -> Event:
        return "v1.ConversationDeleted", {"id": self._gone("c"), "at": self._at()}

    def _workflow(self) -> Event:
        workflow = self._known("w") if self._chance.random() < 0.5 else self._new("w")
        if workflow not in self._ids["w"]:
            self._ids["w"].append(workflow)
        fields = self._some(
            personaId=self._known("p"),
            isPublic=self._chance.random() < 0.5,
            isTemplate=self._chance.random() < 0.5,
            tags=self._words(),
        )
        return "v1.WorkflowSaved", {"id": workflow, "name": self._word(), "at": self._at(), **fields}

    def _workflow_executed(self) -> Event:
        return "v1.WorkflowExecuted", {"id": self._known("w"), "at": self._instant()}

    def _workflow_deleted(self) -> Event:
        return "v1.WorkflowDeleted", {"id": self._gone("w"), "at": self._at()}

    def _new(self, kind: str) -> str:
        made = f"{kind}{self._made[kind]}"
        self._made[kind] += 1
        self._ids[kind].append(made)
        return made

    def _known(self, kind: str) -> str:
        return self._chance.choice(self._ids[kind] or [f"{kind}0"])

    def _gone(self, kind: str) -> str:
        known = self._known(kind)
        if known in self._ids[kind]:
            self._ids[kind].remove(known)
        return known

    def _some(self, **fields: Any) -> dict[str, Any]:
        return {name: value for name, value in fields.items() if self._chance.random() < 0.5}

    def _at(self) -> int:
        return self._chance.randint(0, 6)

    def _instant(self) -> int:
        return self._chance.choice((0, 1, 2, 3, 3, INTEGER_MAX))

    def _word(self) -> str:
        return self._chance.choice(WORDS)

    def _word_or_none(self) -> str | None:
        return self._chance.choice((None, *WORDS))

    def _words(self) -> list[str]:
        return [self._word() for _ in range(self._chance.randint(0, 2))]

    def _type(self) -> str:
        return self._chance.choice(("person", "concept", "event"))
