"""Owns the methods: each declared once, and the router, the SDK and the document follow from it.

method     what a method is
data       query, count, get, commit
watching   watch, unwatch, resync, feed
insight    explain, live
trail      events
documents  document_get, document_set
upkeep     hello, health, rebuild
actors     actor_register, actor_take, actor_heartbeat, actors, actor_restart
metering   meters, metrics_record
memory     memory.remember and others of the memory steward
"""

from __future__ import annotations

from typing import Any

from pjai_wire.methods.actors import (
    ACTOR_HEARTBEAT,
    ACTOR_REGISTER,
    ACTOR_RESTART,
    ACTOR_TAKE,
    ACTORS,
    ActorHeartbeatParams,
    ActorInfo,
    ActorRegisterParams,
    ActorRegisterResult,
    ActorRestartParams,
    ActorsResult,
    ActorTakeParams,
    ActorTakeResult,
    Outcome,
    Permissions,
)
from pjai_wire.methods.data import (
    COMMIT,
    COUNT,
    GET,
    QUERY,
    CommitParams,
    CountParams,
    CountResult,
    GetParams,
    GetResult,
    NewEvent,
    Receipt,
    RowsResult,
)
from pjai_wire.methods.documents import (
    DOCUMENT_GET,
    DOCUMENT_SET,
    DocumentGetParams,
    DocumentResult,
    DocumentSetParams,
)
from pjai_wire.methods.insight import EXPLAIN, LIVE, ExplainResult, LiveQueryInfo, LiveResult, Mode
from pjai_wire.methods.memory import (
    MEMORY_CONNECT,
    MEMORY_FORGET,
    MEMORY_PIN,
    MEMORY_REMEMBER,
    MEMORY_TOUCH,
    MEMORY_UNPIN,
    MemoryConnectParams,
    MemoryParams,
    MemoryRememberParams,
    MemoryRememberResult,
    MemoryResult,
    MemorySource,
)
from pjai_wire.methods.metering import METERS, METRICS_RECORD, MetersResult, MetricsRecordParams
from pjai_wire.methods.method import Done, Method, Nothing, Params, Result, Scope
from pjai_wire.methods.trail import EVENTS, EventsParams, EventsResult, LoggedEvent
from pjai_wire.methods.upkeep import (
    HEALTH,
    HELLO,
    REBUILD,
    HealthResult,
    HelloParams,
    HelloResult,
    RebuildParams,
    RebuildResult,
    TableComparison,
    VersionRange,
    VersionsAsked,
)
from pjai_wire.methods.watching import (
    FEED,
    RESYNC,
    UNWATCH,
    WATCH,
    FeedParams,
    FeedResult,
    TopicParams,
    WatchParams,
    WatchResult,
)

__all__ = [
    "METHODS",
    "Scope",
    "Method",
    "Params",
    "Result",
    "Nothing",
    "Done",
    "RowsResult",
    "CountParams",
    "CountResult",
    "GetParams",
    "GetResult",
    "NewEvent",
    "CommitParams",
    "Receipt",
    "QUERY",
    "COUNT",
    "GET",
    "COMMIT",
    "WatchParams",
    "WatchResult",
    "TopicParams",
    "FeedParams",
    "FeedResult",
    "WATCH",
    "UNWATCH",
    "RESYNC",
    "FEED",
    "ExplainResult",
    "LiveQueryInfo",
    "LiveResult",
    "Mode",
    "EXPLAIN",
    "LIVE",
    "EventsParams",
    "LoggedEvent",
    "EventsResult",
    "EVENTS",
    "DocumentGetParams",
    "DocumentSetParams",
    "DocumentResult",
    "DOCUMENT_GET",
    "DOCUMENT_SET",
    "VersionRange",
    "VersionsAsked",
    "HelloParams",
    "HelloResult",
    "HealthResult",
    "RebuildParams",
    "TableComparison",
    "RebuildResult",
    "HELLO",
    "HEALTH",
    "REBUILD",
    "ACTOR_HEARTBEAT",
    "ACTOR_REGISTER",
    "ACTOR_RESTART",
    "ACTOR_TAKE",
    "ACTORS",
    "ActorHeartbeatParams",
    "ActorInfo",
    "ActorRegisterParams",
    "ActorRegisterResult",
    "ActorRestartParams",
    "ActorsResult",
    "ActorTakeParams",
    "ActorTakeResult",
    "Outcome",
    "Permissions",
    "METERS",
    "METRICS_RECORD",
    "MetersResult",
    "MetricsRecordParams",
    "MEMORY_CONNECT",
    "MEMORY_FORGET",
    "MEMORY_PIN",
    "MEMORY_REMEMBER",
    "MEMORY_TOUCH",
    "MEMORY_UNPIN",
    "MemoryConnectParams",
    "MemoryParams",
    "MemoryRememberParams",
    "MemoryRememberResult",
    "MemoryResult",
    "MemorySource",
]

METHODS: dict[str, Method[Any, Any]] = {
    method.name: method
    for method in (
        HELLO,
        HEALTH,
        QUERY,
        COUNT,
        GET,
        COMMIT,
        WATCH,
        UNWATCH,
        RESYNC,
        FEED,
        EXPLAIN,
        LIVE,
        EVENTS,
        DOCUMENT_GET,
        DOCUMENT_SET,
        REBUILD,
        ACTOR_REGISTER,
        ACTOR_TAKE,
        ACTOR_HEARTBEAT,
        ACTORS,
        ACTOR_RESTART,
        METERS,
        METRICS_RECORD,
        MEMORY_REMEMBER,
        MEMORY_TOUCH,
        MEMORY_CONNECT,
        MEMORY_PIN,
        MEMORY_UNPIN,
        MEMORY_FORGET,
    )
}
"""Every method by its name."""
