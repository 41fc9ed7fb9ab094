"""Owns examples of requests, of every method, the smallest first."""

from __future__ import annotations

from msgspec import Raw

from pjai_wire import limits, methods
from pjai_wire.codec import encode
from pjai_wire.errors import NotFound
from pjai_wire.events import v1
from pjai_wire.examples.embedder import EMBEDDER_REQUESTS
from pjai_wire.examples.embedding import EMBEDDING_REQUESTS
from pjai_wire.examples.events import EVENTS, new_event
from pjai_wire.examples.exchange import Request
from pjai_wire.examples.memory import MEMORY_REQUESTS
from pjai_wire.examples.optimising import OPTIMISING_REQUESTS
from pjai_wire.examples.persona import PERSONA_REQUESTS
from pjai_wire.examples.search import SEARCH_REQUESTS
from pjai_wire.examples.story import (
    ADA,
    MEASURES,
    NOON,
    SOURDOUGH,
    STARTER,
    TALK,
    TOPIC,
)
from pjai_wire.query import Junction, Query

REQUESTS = (
    Request(
        "of a program",
        methods.HELLO,
        methods.HelloParams(versions=methods.VersionsAsked(min=1, max=1), client="example"),
    ),
    Request(
        "of a session",
        methods.HELLO,
        methods.HelloParams(versions=methods.VersionsAsked(min=1, max=3), client="my app", session="run-1"),
    ),
    Request("no params", methods.HEALTH, methods.Nothing()),
    Request("a table", methods.QUERY, Query(table="personas")),
    Request(
        "every operator",
        methods.QUERY,
        Query(
            table="memories",
            where=(
                ("personaId", "=", ADA),
                ("memoryTier", "!=", "cold"),
                ("importance", "<", 90),
                ("importance", "<=", 80),
                ("importance", ">", 10),
                ("lastAccessedAt", ">=", NOON),
                ("type", "in", ["concept", "knowledge"]),
                ("id", "not_in", [STARTER]),
                ("name", "like", "sour%"),
                ("tags", "contains", "baking"),
                ("deletedAt", "is_null", True),
            ),
        ),
    ),
    Request(
        "and, or, not",
        methods.QUERY,
        Query(
            table="memories",
            where=(
                Junction(
                    any_of=(
                        ("type", "=", "task"),
                        Junction(
                            all_of=(("importance", ">=", 50), Junction(none_of=("tags", "contains", "old")))
                        ),
                    )
                ),
            ),
        ),
    ),
    Request(
        "a page with a vector",
        methods.QUERY,
        Query(
            table="memories",
            order_by=(("importance", "desc"), ("lastAccessedAt", "asc")),
            limit=10,
            after=(70, NOON, SOURDOUGH),
            select=("id", "name", "embedding"),
        ),
    ),
    Request(
        "without messages",
        methods.QUERY,
        Query(table="conversations", limit=limits.QUERY_ROWS_MAX, offset=20, omit=("messages",)),
    ),
    Request(
        "groups",
        methods.QUERY,
        Query(
            table="memories",
            group_by=("type",),
            aggregates={
                "n": ("count", "*"),
                "all": ("sum", "importance"),
                "mean": ("avg", "importance"),
                "least": ("min", "createdAt"),
                "most": ("max", "createdAt"),
            },
        ),
    ),
    Request("a table", methods.COUNT, methods.CountParams(table="personas")),
    Request(
        "a condition",
        methods.COUNT,
        methods.CountParams(table="memories", where=(("importance", ">=", 50),)),
    ),
    Request("a row", methods.GET, methods.GetParams(table="memories", id=SOURDOUGH)),
    Request(
        "a column", methods.GET, methods.GetParams(table="memories", id=SOURDOUGH, select=("embedding",))
    ),
    Request(
        "without a column",
        methods.GET,
        methods.GetParams(table="conversations", id=TALK, omit=("messages",)),
    ),
    Request(
        "an event",
        methods.COMMIT,
        methods.CommitParams(events=(new_event(0, v1.PersonaActivated(at=NOON, id=ADA)),)),
    ),
    Request(
        "an event of each kind",
        methods.COMMIT,
        methods.CommitParams(events=tuple(new_event(number, event) for number, event in enumerate(EVENTS))),
    ),
    Request("a table", methods.WATCH, methods.WatchParams(query=Query(table="personas"))),
    Request(
        "a query with a label",
        methods.WATCH,
        methods.WatchParams(
            query=Query(table="personas", where=(("isActive", "=", True),), limit=1), label="active persona"
        ),
    ),
    Request("a topic", methods.UNWATCH, methods.TopicParams(topic=TOPIC)),
    Request("a topic", methods.RESYNC, methods.TopicParams(topic=TOPIC)),
    Request("a table", methods.FEED, methods.FeedParams(table="memories")),
    Request(
        "some rows with a label",
        methods.FEED,
        methods.FeedParams(table="memories", where=(("personaId", "=", ADA),), label="search index"),
    ),
    Request(
        "a query",
        methods.EXPLAIN,
        Query(table="memories", where=(("personaId", "=", ADA), ("importance", ">=", 50))),
    ),
    Request("no params", methods.LIVE, methods.Nothing()),
    Request("the first page", methods.EVENTS, methods.EventsParams()),
    Request(
        "every filter",
        methods.EVENTS,
        methods.EventsParams(
            names=("v1.PersonaCreated", "v1.PersonaUpdated"),
            persona_id=ADA,
            table="personas",
            client="example",
            since=NOON,
            until=NOON + 1_000,
            after=10,
            before=100,
            order="desc",
            limit=50,
        ),
    ),
    Request("a document", methods.DOCUMENT_GET, methods.DocumentGetParams(name="window")),
    Request(
        "with defaults",
        methods.DOCUMENT_GET,
        methods.DocumentGetParams(name="window", defaults={"width": 800, "panes": {"left": True}}),
    ),
    Request(
        "a merge",
        methods.DOCUMENT_SET,
        methods.DocumentSetParams(name="window", value={"width": 1024, "panes": {"left": None}}),
    ),
    Request(
        "with defaults",
        methods.DOCUMENT_SET,
        methods.DocumentSetParams(name="window", value={"width": 1024}, defaults={"height": 600}),
    ),
    Request("compare", methods.REBUILD, methods.RebuildParams()),
    Request("replace", methods.REBUILD, methods.RebuildParams(replace=True)),
    *OPTIMISING_REQUESTS,
    Request(
        "of an actor",
        methods.ACTOR_REGISTER,
        methods.ActorRegisterParams(
            name="notes",
            token="what the daemon gave it",  # noqa: S106 # nobody's
            methods=("notes.total", "notes.search"),
            may=methods.Permissions(methods=("count", "commit"), events=("v1.MemoryEntityAccessed",)),
        ),
    ),
    Request("the first call", methods.ACTOR_TAKE, methods.ActorTakeParams()),
    Request(
        "after a result",
        methods.ACTOR_TAKE,
        methods.ActorTakeParams(outcome=methods.Outcome(call=4, result=Raw(encode({"total": 3})))),
    ),
    Request(
        "after an error",
        methods.ACTOR_TAKE,
        methods.ActorTakeParams(
            outcome=methods.Outcome(call=5, error=NotFound("there is no such persona").body())
        ),
    ),
    Request(
        "a result, late",
        methods.ACTOR_SETTLE,
        methods.ActorSettleParams(outcome=methods.Outcome(call=4, result=Raw(encode({"total": 3})))),
    ),
    Request("all is well", methods.ACTOR_HEARTBEAT, methods.ActorHeartbeatParams()),
    Request(
        "work has failed", methods.ACTOR_HEARTBEAT, methods.ActorHeartbeatParams(last_error="unavailable")
    ),
    Request(
        "with figures",
        methods.ACTOR_HEARTBEAT,
        methods.ActorHeartbeatParams(counts={"calls": 12, "errors": 0}, gauges={"open": 3}),
    ),
    Request("no params", methods.ACTORS, methods.Nothing()),
    Request("an actor", methods.ACTOR_RESTART, methods.ActorRestartParams(name="notes")),
    Request("now", methods.METERS, methods.MetersParams()),
    Request("once something happens", methods.METERS, methods.MetersParams(after=120, wait_ms=60_000)),
    Request("an idle second", methods.METRICS_RECORD, methods.MetricsRecordParams(at=NOON)),
    Request(
        "a second",
        methods.METRICS_RECORD,
        methods.MetricsRecordParams(
            at=NOON, counts=MEASURES.counts, gauges=MEASURES.gauges, latencies=MEASURES.latencies
        ),
    ),
    Request(
        "a secret",
        methods.SECRET_SEAL,
        methods.SecretSealParams(
            table="persona_secrets", id=ADA, column="privateMemory", value=b"afraid of the oven"
        ),
    ),
    Request(
        "for a client",
        methods.SECRET_OPEN,
        methods.SecretOpenParams(table="persona_secrets", id=ADA, column="privateMemory", client="example"),
    ),
    *PERSONA_REQUESTS,
    *SEARCH_REQUESTS,
    *MEMORY_REQUESTS,
    *EMBEDDING_REQUESTS,
    *EMBEDDER_REQUESTS,
)
