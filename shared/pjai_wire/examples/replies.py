"""Owns examples of results, of every method."""

from __future__ import annotations

from msgspec import Raw, structs

from pjai_wire import limits, methods
from pjai_wire.chain import ORIGIN, arguments_hash, link
from pjai_wire.codec import encode
from pjai_wire.endpoints import Endpoints
from pjai_wire.examples.embedder import EMBEDDER_REPLIES
from pjai_wire.examples.embedding import EMBEDDING_REPLIES
from pjai_wire.examples.events import EVENTS
from pjai_wire.examples.exchange import Reply
from pjai_wire.examples.memory import MEMORY_REPLIES
from pjai_wire.examples.optimising import OPTIMISING_REPLIES
from pjai_wire.examples.persona import PERSONA_REPLIES
from pjai_wire.examples.search import SEARCH_REPLIES
from pjai_wire.examples.story import (
    ADA,
    COMMIT,
    CONVERSATION,
    EMBEDDING,
    MEASURES,
    MEMORY,
    NOON,
    PERSONA,
    PULSE,
    SEALED,
    SHAPE,
    SOURDOUGH,
    TOPIC,
    example_id,
)
from pjai_wire.tables import conversations, memories, personas
from pjai_wire.version import FEATURES, PROTOCOL, PROTOCOL_MIN

ENDPOINTS = Endpoints(
    requests="ipc:///run/user/1000/pjai/requests.sock", changes="ipc:///run/user/1000/pjai/changes.sock"
)
PERSONA_COLUMNS = tuple(column.name for column in personas.columns)
CONVERSATION_COLUMNS = tuple(column.name for column in conversations.columns)

NIL = Raw(b"\xc0")
CREATED_ARGS = encode(EVENTS[0])
LOGGED = methods.LoggedEvent(
    seq=1,
    id=example_id(100),
    commit_id=COMMIT,
    name="v1.PersonaCreated",
    args=Raw(CREATED_ARGS),
    args_hash=arguments_hash(CREATED_ARGS),
    recorded_at=NOON,
    client="example",
    session="run-1",
    device="01977420-dc00-7000-8000-00000000d0d0",
    persona_id=ADA,
    hash=link(ORIGIN, 1, example_id(100), "v1.PersonaCreated", arguments_hash(CREATED_ARGS)),
)

REPLIES = (
    Reply(
        "the daemon",
        methods.HELLO,
        methods.HelloResult(
            version=PROTOCOL,
            versions=methods.VersionRange(min=PROTOCOL_MIN, max=PROTOCOL),
            features=FEATURES,
            daemon="0.1.0",
            instance="5f0c",
            device="01977420-dc00-7000-8000-00000000d0d0",
            endpoints=ENDPOINTS,
            limits={
                "messageBytes": limits.MESSAGE_BYTES_MAX,
                "resultBytes": 4 * limits.MESSAGE_BYTES_MAX,
                "queryRows": limits.QUERY_ROWS_MAX,
                "eventsPerCommit": limits.EVENTS_PER_COMMIT_MAX,
                "liveQueriesPerClient": 1_000,
                "liveBytesPerClient": 4 * limits.MESSAGE_BYTES_MAX,
            },
            tick_interval_ms=1_000,
            seq=42,
        ),
    ),
    Reply(
        "in health",
        methods.HEALTH,
        methods.HealthResult(
            status="ok",
            version="0.1.0",
            instance="5f0c",
            uptime_ms=90_000,
            seq=42,
            store_id="01977420-dc00-7000-8000-00000000a11e",
            cipher="aegis",
            sqlite_version="3.51.3",
            database_bytes=1_048_576,
            wal_bytes=0,
            memory_bytes=62_914_560,
            clients=2,
            live_queries=3,
            live_views=2,
            feeds=1,
            cache_entries=12,
            cache_bytes=40_960,
            cache_hits=90,
            cache_misses=30,
            embedding_model="example-3",
            embedding_dimension=3,
            embedding_waiting=7,
            codes=5_000,
            codes_bytes=2_120_000,
            write_queue=0,
            requests_in_flight=1,
            readers=2,
            endpoints=ENDPOINTS,
        ),
    ),
    Reply("no row", methods.QUERY, methods.RowsResult(seq=42, columns=PERSONA_COLUMNS, rows=[])),
    Reply(
        "a row",
        methods.QUERY,
        methods.RowsResult(seq=42, columns=PERSONA_COLUMNS, rows=[structs.astuple(PERSONA)]),
    ),
    Reply(
        "a memory",
        methods.QUERY,
        methods.RowsResult(
            seq=42,
            columns=tuple(column.name for column in memories.default_columns),
            rows=[structs.astuple(MEMORY)[: len(memories.default_columns)]],
        ),
    ),
    Reply(
        "selected columns",
        methods.QUERY,
        methods.RowsResult(
            seq=42, columns=("id", "name", "embedding"), rows=[(SOURDOUGH, "Sourdough", EMBEDDING)]
        ),
    ),
    Reply(
        "groups",
        methods.QUERY,
        methods.RowsResult(
            seq=42, columns=("type", "n", "mean"), rows=[("concept", 2, 61.5), ("task", 1, None)]
        ),
    ),
    Reply("a count", methods.COUNT, methods.CountResult(seq=42, count=3)),
    Reply(
        "a row with messages",
        methods.GET,
        methods.GetResult(seq=42, columns=CONVERSATION_COLUMNS, row=structs.astuple(CONVERSATION)),
    ),
    Reply("no row", methods.GET, methods.GetResult(seq=42, columns=("id",), row=None)),
    Reply("a receipt", methods.COMMIT, methods.Receipt(seq=43, commit_id=COMMIT)),
    Reply("a repeated receipt", methods.COMMIT, methods.Receipt(seq=43, commit_id=COMMIT, repeated=True)),
    Reply(
        "a snapshot",
        methods.WATCH,
        methods.WatchResult(
            topic=TOPIC, pulse=PULSE, seq=43, columns=PERSONA_COLUMNS, rows=[structs.astuple(PERSONA)]
        ),
    ),
    Reply("done", methods.UNWATCH, methods.Done()),
    Reply(
        "a snapshot",
        methods.RESYNC,
        methods.WatchResult(topic=TOPIC, pulse=PULSE, seq=45, columns=PERSONA_COLUMNS, rows=[]),
    ),
    Reply(
        "a topic", methods.FEED, methods.FeedResult(topic=TOPIC, pulse=PULSE, seq=43, columns=PERSONA_COLUMNS)
    ),
    Reply(
        "kept by what changes",
        methods.EXPLAIN,
        methods.ExplainResult(
            sql=SHAPE,
            plan=(
                "SEARCH memories USING INDEX memories_by_importance (persona_id=? AND importance>?)",
                "USE TEMP B-TREE FOR ORDER BY",
            ),
            indexes=("memories_by_importance",),
            mode="incremental",
            why="the rows are kept in order, with some beyond the limit",
            found_by=("personaId =", "importance >="),
        ),
    ),
    Reply(
        "one live query",
        methods.LIVE,
        methods.LiveResult(
            seq=57,
            views=1,
            queries=[
                methods.LiveQueryInfo(
                    label="important",
                    client="example",
                    table="memories",
                    shape=SHAPE,
                    mode="incremental",
                    why="the rows are kept in order, with some beyond the limit",
                    rows=2,
                    bytes=4_096,
                    updates=5,
                    spent_us=310,
                    subscribers=1,
                    behind=False,
                    opened_at=NOON,
                    seq=57,
                )
            ],
        ),
    ),
    Reply("no live query", methods.LIVE, methods.LiveResult(seq=57, views=0, queries=[])),
    Reply("a page", methods.EVENTS, methods.EventsResult(seq=42, events=[LOGGED], next=1)),
    Reply(
        "erased arguments",
        methods.EVENTS,
        methods.EventsResult(seq=42, events=[structs.replace(LOGGED, args=NIL)], next=None),
    ),
    Reply("a document", methods.DOCUMENT_GET, methods.DocumentResult(seq=6, value={"width": 800})),
    Reply(
        "a document",
        methods.DOCUMENT_SET,
        methods.DocumentResult(seq=7, value={"width": 1024, "height": 600}),
    ),
    Reply(
        "identical",
        methods.REBUILD,
        methods.RebuildResult(
            seq=42,
            events=42,
            tables={"personas": methods.TableComparison(rows=1, differences=0)},
            identical=True,
            replaced=False,
        ),
    ),
    *OPTIMISING_REPLIES,
    Reply(
        "how to behave",
        methods.ACTOR_REGISTER,
        methods.ActorRegisterResult(
            calls_at_once=16,
            long_calls_at_once=256,
            heartbeat_interval_ms=250,
            silence_ms_max=1_000,
            settings={"pace": 5},
        ),
    ),
    Reply(
        "a call",
        methods.ACTOR_TAKE,
        methods.ActorTakeResult(
            call=4,
            method="notes.total",
            params=Raw(encode({"personaId": ADA})),
            within_ms=29_998,
            client="example",
        ),
    ),
    Reply("done", methods.ACTOR_SETTLE, methods.Done()),
    Reply("done", methods.ACTOR_HEARTBEAT, methods.Done()),
    Reply(
        "one up, one down",
        methods.ACTORS,
        methods.ActorsResult(
            actors=[
                methods.ActorInfo(
                    name="notes",
                    state="up",
                    pid=4711,
                    restarts=1,
                    queue=0,
                    calls=2,
                    last_error="exit -9",
                    memory_bytes=41_943_040,
                    started_at=NOON,
                    methods=("notes.search", "notes.total"),
                ),
                methods.ActorInfo(
                    name="weather",
                    state="down",
                    pid=None,
                    restarts=6,
                    queue=0,
                    calls=0,
                    last_error="exit 1",
                    memory_bytes=0,
                    started_at=None,
                    methods=(),
                ),
            ]
        ),
    ),
    Reply("done", methods.ACTOR_RESTART, methods.Done()),
    Reply(
        "measures",
        methods.METERS,
        methods.MetersResult(instance="5f0c", at=NOON, uptime_ms=90_000, happened=120, measures=MEASURES),
    ),
    Reply("done", methods.METRICS_RECORD, methods.Done()),
    Reply("a sealed secret", methods.SECRET_SEAL, methods.SecretSealResult(sealed=SEALED)),
    Reply(
        "an opened secret",
        methods.SECRET_OPEN,
        methods.SecretOpenResult(value=b"afraid of the oven", seq=44),
    ),
    *PERSONA_REPLIES,
    *SEARCH_REPLIES,
    *MEMORY_REPLIES,
    *EMBEDDING_REPLIES,
    *EMBEDDER_REPLIES,
)
