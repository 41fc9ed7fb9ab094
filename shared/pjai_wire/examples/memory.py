"""Owns examples of requests and results of the memory steward's methods, and of that by which it measures."""

from __future__ import annotations

from pjai_wire import methods
from pjai_wire.examples.exchange import Reply, Request
from pjai_wire.examples.story import ADA, EMBEDDING, GREETING, LINK, NOON, SOURDOUGH, STARTER
from pjai_wire.methods.memory import (
    MEMORY_REMEMBER_ALL,
    MemoryRememberAllParams,
    MemoryRememberAllResult,
    MemoryRemembered,
)
from pjai_wire.methods.storage import MemoryFigures, PersonaFiguresParams, PersonaFiguresResult

MEMORY_REQUESTS = (
    Request("the whole log", methods.STORAGE, methods.StorageParams()),
    Request("of late", methods.STORAGE, methods.StorageParams(after=42, since=NOON)),
    Request(
        "a persona",
        methods.PERSONA_FIGURES,
        PersonaFiguresParams(persona_id=ADA, at=NOON, since=NOON - 86_400_000),
    ),
    Request(
        "something",
        methods.MEMORY_REMEMBER,
        methods.MemoryRememberParams(persona_id=ADA, type="concept", name="Sourdough"),
    ),
    Request(
        "with all that there is to it",
        methods.MEMORY_REMEMBER,
        methods.MemoryRememberParams(
            persona_id=ADA,
            type="concept",
            name="Sourdough",
            content={"flour": "rye"},
            summary="feeds the starter on Sundays",
            tags=("baking",),
            importance=70,
            embedding=EMBEDDING,
            embedding_model="example-3",
            metadata={"mood": "calm"},
            id=SOURDOUGH,
            source=methods.MemorySource(kind="message", id=GREETING),
        ),
    ),
    Request(
        "two things",
        MEMORY_REMEMBER_ALL,
        MemoryRememberAllParams(
            memories=(
                methods.MemoryRememberParams(persona_id=ADA, type="concept", name="Sourdough"),
                methods.MemoryRememberParams(persona_id=ADA, type="task", name="Feed the starter"),
            )
        ),
    ),
    Request("a memory", methods.MEMORY_TOUCH, methods.MemoryParams(id=SOURDOUGH)),
    Request(
        "two memories",
        methods.MEMORY_CONNECT,
        methods.MemoryConnectParams(from_id=SOURDOUGH, to_id=STARTER, kind="needs", weight=0.5),
    ),
    Request("a memory", methods.MEMORY_PIN, methods.MemoryParams(id=SOURDOUGH)),
    Request("a memory", methods.MEMORY_UNPIN, methods.MemoryParams(id=SOURDOUGH)),
    Request("a memory", methods.MEMORY_FORGET, methods.MemoryParams(id=SOURDOUGH)),
    Request("all personas", methods.MEMORY_TEND, methods.MemoryTendParams()),
    Request("a persona", methods.MEMORY_TEND, methods.MemoryTendParams(persona_id=ADA)),
    Request("no params", methods.MEMORY_CLEAN, methods.Nothing()),
    Request("no params", methods.MEMORY_STATUS, methods.Nothing()),
)

MEMORY_REPLIES = (
    Reply(
        "a persona's days",
        methods.STORAGE,
        methods.StorageResult(
            seq=57,
            head=57,
            growth=[
                methods.LogGrowth(persona_id=ADA, day=20_253, bytes=4_096),
                methods.LogGrowth(persona_id=ADA, day=20_254, bytes=512),
                methods.LogGrowth(persona_id=None, day=20_254, bytes=20),
            ],
            database_bytes=1_048_576,
            index_bytes=131_072,
            packed_bytes=3_000,
            unpacked_bytes=9_000,
            measured_at=NOON,
        ),
    ),
    Reply(
        "of two ages",
        methods.PERSONA_FIGURES,
        PersonaFiguresResult(
            memories=[
                MemoryFigures(type="concept", tier="hot", days=0, memories=2, importance=110, connections=1),
                MemoryFigures(type="task", tier="cold", days=365, memories=1, importance=20, connections=1),
            ],
            conversations=3,
            log_bytes=4_608,
            log_bytes_lately=512,
        ),
    ),
    Reply(
        "a new memory",
        methods.MEMORY_REMEMBER,
        methods.MemoryRememberResult(id=SOURDOUGH, seq=43, is_new=True, redactions=1),
    ),
    Reply(
        "one new, one known",
        MEMORY_REMEMBER_ALL,
        MemoryRememberAllResult(
            seq=44,
            memories=(
                MemoryRemembered(id=SOURDOUGH, is_new=True, redactions=0),
                MemoryRemembered(id=STARTER, is_new=False, redactions=0),
            ),
        ),
    ),
    Reply("a memory", methods.MEMORY_TOUCH, methods.MemoryResult(id=SOURDOUGH, seq=44)),
    Reply("a connection", methods.MEMORY_CONNECT, methods.MemoryResult(id=LINK, seq=45)),
    Reply("a memory", methods.MEMORY_PIN, methods.MemoryResult(id=SOURDOUGH, seq=46)),
    Reply("a memory", methods.MEMORY_UNPIN, methods.MemoryResult(id=SOURDOUGH, seq=47)),
    Reply("a memory", methods.MEMORY_FORGET, methods.MemoryResult(id=SOURDOUGH, seq=48)),
    Reply("a pass", methods.MEMORY_TEND, methods.MemoryTendResult(seen=1_200, moved=800)),
    Reply(
        "a clean-up",
        methods.MEMORY_CLEAN,
        methods.MemoryCleanResult(expired=12, purged=3, archived=1, unlinked=0),
    ),
    Reply(
        "at work",
        methods.MEMORY_STATUS,
        methods.MemoryStatusResult(
            is_at_work=True,
            persona_id=ADA,
            passes=3,
            seen=1_200,
            moved=800,
            began_at=NOON + 300_000,
            ended_at=NOON,
            is_cleaning=True,
            expired=12,
            purged=3,
            archived=1,
            unlinked=0,
            cleaned_at=NOON,
            to_pack=450,
            packed=7_000,
            left_plain=60,
            settings={"memory.cleanUpHours": 12, "memory.purgeAfterDays": 14, "memory.archiveAfterDays": 90},
            ignored=("memory.archiveAfterDays",),
        ),
    ),
)
