"""Owns an example of each event."""

from __future__ import annotations

from msgspec import Raw

from pjai_wire.codec import encode
from pjai_wire.events import Event, event_name, v1, v2
from pjai_wire.examples.story import (
    ADA,
    EMBEDDING,
    GREETING,
    LINK,
    NOON,
    RECIPE,
    SOURDOUGH,
    STARTER,
    TALK,
    example_id,
)
from pjai_wire.fields import Personality, PersonaSettings
from pjai_wire.methods import NewEvent

EVENTS: tuple[Event, ...] = (
    v1.PersonaCreated(
        at=NOON,
        id=ADA,
        name="Ada",
        description="bakes bread",
        avatar="https://example.org/ada.png",
        personality=Personality(traits=("curious", "calm"), temperament="warm", communication_style="brief"),
        settings=PersonaSettings(memory_retention=30, privacy_level="high", auto_learn=False),
        memory_config={"hotLimit": 200},
    ),
    v1.PersonaUpdated(at=NOON, id=ADA, name="Ada Lovelace", avatar=None),
    v1.PersonaActivated(at=NOON, id=ADA),
    v1.PersonaDeactivated(at=NOON, id=ADA),
    v1.PersonaUsed(at=NOON, id=ADA),
    v1.PersonaDeleted(at=NOON, id=ADA),
    v1.MemoryEntityCreated(
        at=NOON,
        id=SOURDOUGH,
        persona_id=ADA,
        type="concept",
        name="Sourdough",
        content={"flour": "rye", "hydration": 0.8, "days": [1, 2, 3], "shared": None},
        summary="feeds the starter on Sundays",
        tags=("baking", "Brötchen"),
        importance=70,
        last_accessed_at=NOON - 86_400_000,
        embedding=EMBEDDING,
        embedding_model="example-3",
        memory_tier="warm",
        metadata={"source": "talk"},
        content_hash="0123456789abcdef0123456789abcdef",
    ),
    v1.MemoryEntityUpdated(at=NOON, id=SOURDOUGH, importance=80, embedding=None, embedding_model=None),
    v1.MemoryEntityAccessed(at=NOON, id=SOURDOUGH),
    v1.MemoryEntityLinked(at=NOON, id=LINK, from_id=SOURDOUGH, to_id=STARTER, kind="needs", weight=0.5),
    v1.MemoryEntityUnlinked(at=NOON, id=LINK, reason="orphaned"),
    v1.MemoryEntityDeleted(at=NOON, id=SOURDOUGH),
    v1.MemoryPinned(at=NOON, id=SOURDOUGH),
    v1.MemoryUnpinned(at=NOON, id=SOURDOUGH),
    v1.MemoriesTiered(at=NOON, id=ADA, ids=(SOURDOUGH, STARTER), tier="cold", reason="old_and_unimportant"),
    v1.MemoriesExpired(at=NOON, id=ADA, ids=(STARTER,), reason="retention", before=NOON - 86_400_000),
    v1.MemoriesPurged(at=NOON, id=ADA, ids=(STARTER,), reason="deleted_long_ago", before=NOON - 86_400_000),
    v1.MemoriesPacked(at=NOON, id=ADA, ids=(SOURDOUGH, STARTER), dictionary=1, reason="seldom_read"),
    v1.MemoriesLeftPlain(at=NOON, id=ADA, ids=(STARTER,), dictionary=1, reason="would_not_shrink"),
    v1.DictionaryTrained(
        at=NOON,
        id=example_id(9),
        version=1,
        data=bytes.fromhex("37a430ec"),
        samples=1_200,
        saved=0.66,
        reason="first",
    ),
    v1.ConversationStarted(
        at=NOON,
        id=TALK,
        persona_id=ADA,
        session_id="session-1",
        summary="About bread",
        sentiment="positive",
        topics=("bread",),
        importance=60,
    ),
    v1.ConversationMessageAdded(
        at=NOON,
        id=GREETING,
        conversation_id=TALK,
        role="user",
        content="Good morning ☀️",
        metadata={"tokens": 3},
    ),
    v1.ConversationUpdated(at=NOON, id=TALK, summary="About rye bread", sentiment=None),
    v1.ConversationArchived(at=NOON, id=TALK, reason="untouched"),
    v1.ConversationUnarchived(at=NOON, id=TALK),
    v1.ConversationDeleted(at=NOON, id=TALK),
    v1.WorkflowSaved(
        at=NOON,
        id=RECIPE,
        name="Bake",
        description="from starter to loaf",
        persona_id=ADA,
        definition={"steps": [{"do": "mix"}, {"do": "wait", "hours": 12}]},
        is_template=True,
        is_public=False,
        tags=("baking",),
    ),
    v1.WorkflowExecuted(at=NOON, id=RECIPE),
    v1.WorkflowDeleted(at=NOON, id=RECIPE),
    v1.PluginInstalled(
        at=NOON, id="weather", name="Weather", version="1.2.0", manifest={"permissions": []}, is_enabled=False
    ),
    v1.PluginEnabled(at=NOON, id="weather"),
    v1.PluginDisabled(at=NOON, id="weather"),
    v1.PluginRemoved(at=NOON, id="weather"),
    v1.SystemConfigSet(at=NOON, id="backup.hour", value=3),
    v1.SystemConfigRemoved(at=NOON, id="backup.hour"),
    v1.UserPreferenceSet(at=NOON, id="theme", value={"dark": True, "accent": "#aa3300"}),
    v1.UserPreferenceRemoved(at=NOON, id="theme"),
    v1.WarningRaised(
        at=NOON,
        id="storage.growth:" + ADA,
        kind="storage.growth",
        persona_id=ADA,
        value=12_000_000.0,
        allowed=10_000_000.0,
    ),
    v1.WarningCleared(at=NOON, id="storage.growth:" + ADA),
    v2.MemoryEntityUpdated(
        at=NOON,
        id=SOURDOUGH,
        version=2,
        type="knowledge",
        name="Sourdough bread",
        content={},
        summary="",
        tags=(),
        importance=80,
        embedding=EMBEDDING,
        embedding_model="example-3",
        memory_tier="hot",
        metadata={"source": "book"},
    ),
    v1.ActorRefused(at=NOON, id="actor.notes", wanted="rebuild"),
)
"""One event of each kind, with all its fields or the telling ones."""


def new_event(number: int, event: Event) -> NewEvent:
    """`event` as a commit carries it, its own id made of `number`."""
    return NewEvent(id=example_id(100 + number), name=event_name(event), args=Raw(encode(event)))
