"""Owns the methods about the daemon itself: hello, health, rebuild."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from pjai_wire.endpoints import Endpoints
from pjai_wire.fields import ClientName, Id
from pjai_wire.methods.method import Method, Nothing, Params, Result, Scope


class VersionRange(Struct, frozen=True):
    """The protocol versions that one side speaks."""

    min: int
    max: int


class VersionsAsked(VersionRange, frozen=True, forbid_unknown_fields=True):
    """Those of the client; in a request an unknown field is an error."""


class HelloParams(Params, frozen=True, kw_only=True):
    """Who asks. Without a hello a client is called `anonymous`."""

    versions: VersionsAsked
    client: ClientName
    """The program's name; it stands in the audit trail and owns the program's documents."""
    session: Id | UnsetType = UNSET
    """The client's own id for this run; it stands in the audit trail."""


class HelloResult(Result, frozen=True, kw_only=True):
    """Who answers."""

    version: int
    """The protocol version to speak: the highest that both know."""
    versions: VersionRange
    features: tuple[str, ...]
    daemon: str
    """The daemon's own version."""
    instance: str
    """Changes whenever the daemon starts; live queries do not outlive it."""
    device: str
    """The machine's id in the audit trail."""
    endpoints: Endpoints
    limits: dict[str, int]
    tick_interval_ms: int
    seq: int


class HealthResult(Result, frozen=True, kw_only=True):
    """How the daemon is."""

    status: Literal["ok", "stopping"]
    version: str
    instance: str
    uptime_ms: int
    seq: int
    store_id: str
    cipher: str
    sqlite_version: str
    database_bytes: int
    wal_bytes: int
    memory_bytes: int
    clients: int
    live_queries: int
    """Subscriptions: a client and a topic each."""
    live_views: int
    """The computations behind the live queries: equal ones share one."""
    feeds: int
    cache_entries: int
    cache_bytes: int
    cache_hits: int
    """Queries answered from the cache since the daemon started."""
    cache_misses: int
    """Queries that it had to read since then."""
    embedding_model: str
    """What makes vectors of texts; empty where no embedder has asked for any yet."""
    embedding_dimension: int
    embedding_waiting: int
    """Rows that wait for a vector, or may."""
    codes: int
    """Vectors whose codes are in memory, so that they are searched at once."""
    codes_bytes: int
    write_queue: int
    requests_in_flight: int
    readers: int
    endpoints: Endpoints


class RebuildParams(Params, frozen=True, kw_only=True):
    """Whether to keep what the rebuild makes."""

    replace: bool = False
    """Put the rebuilt state in the place of the live one; otherwise only compare them."""


class TableComparison(Result, frozen=True, kw_only=True):
    """A table of the live state beside the rebuilt one."""

    rows: int
    differences: int


class RebuildResult(Result, frozen=True, kw_only=True):
    """What a rebuild of the state from the log found."""

    seq: int
    events: int
    tables: dict[str, TableComparison]
    identical: bool
    replaced: bool


HELLO = Method("hello", HelloParams, HelloResult, needs=Scope.NONE)
HEALTH = Method("health", Nothing, HealthResult, needs=Scope.NONE)
REBUILD = Method("rebuild", RebuildParams, RebuildResult, needs=Scope.ADMIN)
