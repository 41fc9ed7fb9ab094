"""Owns examples of requests and results of the methods that search."""

from __future__ import annotations

from pjai_wire import methods
from pjai_wire.examples.exchange import Reply, Request
from pjai_wire.examples.story import ADA, EMBEDDING, NOON, PULSE, SOURDOUGH, STARTER, TOPIC

SEARCH_REQUESTS = (
    Request("plain words", methods.SEARCH, methods.SearchParams(text="sourdough starter")),
    Request(
        "a vector",
        methods.SEARCH,
        methods.SearchParams(vector=EMBEDDING, model="example-3", where=(("personaId", "=", ADA),)),
    ),
    Request(
        "with all that there is to it",
        methods.SEARCH,
        methods.SearchParams(
            text="sourdough AND (rye OR oat)",
            vector=EMBEDDING,
            model="example-3",
            table="memories",
            where=(("personaId", "=", ADA), ("createdAt", ">=", NOON)),
            mode="both",
            limit=20,
            select=("id", "name", "createdAt"),
            snippets=True,
            context=True,
            links=True,
            diversity=0.25,
            weights=methods.SearchWeights(
                meaning=0.5, recency=0.1, importance=0.0, tier=0.0, connections=0.25
            ),
        ),
    ),
    Request(
        "without columns", methods.SEARCH, methods.SearchParams(text="Brötchen", omit=("content", "metadata"))
    ),
    Request(
        "kept alive",
        methods.WATCH_SEARCH,
        methods.WatchSearchParams(
            search=methods.SearchParams(text="sourdough", where=(("personaId", "=", ADA),)), label="found"
        ),
    ),
    Request("of a message", methods.RECALL, methods.RecallParams(text="did my starter rise?")),
    Request(
        "into a small prompt",
        methods.RECALL,
        methods.RecallParams(
            text="bread",
            where=(("personaId", "=", ADA),),
            mode="words",
            links=True,
            diversity=0.5,
            budget_tokens=500,
            context=False,
        ),
    ),
)

_TEXT = "What is known:\n[1] 2025-06-15 Sourdough · feeds the starter on Sundays"

SEARCH_REPLIES = (
    Reply(
        "two hits",
        methods.SEARCH,
        methods.SearchResult(
            seq=42,
            columns=("id", "name", *methods.HIT_COLUMNS),
            rows=[
                (
                    *(SOURDOUGH, "Sourdough"),
                    *(0.98, 1.0, 0.75, {"recency": 0.02, "importance": 0.014}, None),
                    *(["feeds the ", "starter", " on Sundays"], None, None),
                ),
                (STARTER, "Starter", 0.49, None, None, {}, SOURDOUGH, None, None, None),
            ],
            mode="both",
            meaning="used",
            model="example-3",
        ),
    ),
    Reply(
        "by words alone",
        methods.SEARCH,
        methods.SearchResult(
            seq=42,
            columns=("id", *methods.HIT_COLUMNS),
            rows=[],
            mode="words",
            meaning="unavailable",
            why="no embedder runs",
        ),
    ),
    Reply(
        "no hits yet",
        methods.WATCH_SEARCH,
        methods.WatchSearchResult(
            topic=TOPIC,
            pulse=PULSE,
            seq=42,
            columns=("id", *methods.HIT_COLUMNS),
            rows=[],
            mode="both",
            meaning="used",
            model="example-3",
        ),
    ),
    Reply(
        "a memory",
        methods.RECALL,
        methods.RecallResult(
            seq=42,
            text=_TEXT,
            tokens=24,
            memories=[
                methods.Recalled(
                    id=SOURDOUGH,
                    score=0.98,
                    text="[1] 2025-06-15 Sourdough · feeds the starter on Sundays",
                    tokens=19,
                    created_at=NOON,
                    thread=None,
                )
            ],
            left_out=0,
            mode="both",
            meaning="used",
            model="example-3",
        ),
    ),
)
