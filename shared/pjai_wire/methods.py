"""Owns the methods: each declared once, and the router, the SDK and the document follow from it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final, Generic, Literal, TypeVar

from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

from pjai_wire import limits
from pjai_wire.endpoints import Endpoints
from pjai_wire.envelope import Row
from pjai_wire.fields import ClientName, Count, Document, Id, Instant
from pjai_wire.query import Comparison, Identifier, Junction, Query

ParamsT = TypeVar("ParamsT", bound=Struct)
ResultT = TypeVar("ResultT", bound=Struct)


class Scope(StrEnum):
    """What a client must be allowed to do in order to call a method."""

    NONE = "none"
    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


class Method(Generic[ParamsT, ResultT]):
    """A method of the contract.

    Args:
        name: its name on the wire.
        params: the type of its params.
        result: the type of its result.
        needs: the scope that a caller must have.
        repeatable: whether asking twice does no more than asking once, so that a client may ask again
            when an answer was lost.
    """

    def __init__(
        self,
        name: str,
        params: type[ParamsT],
        result: type[ResultT],
        *,
        needs: Scope,
        repeatable: bool = True,
    ) -> None:
        self.name: Final = name
        self.params: Final = params
        self.result: Final = result
        self.needs: Final = needs
        self.repeatable: Final = repeatable

    def __repr__(self) -> str:
        return f"<method {self.name}>"


class Params(
    Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True
):
    """What a method takes."""


class Result(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a method answers; a client ignores fields that it does not know."""


class Nothing(Params, frozen=True, kw_only=True):
    """No params."""


class Done(Result, frozen=True, kw_only=True):
    """No more to say than that it is done."""


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
    write_queue: int
    requests_in_flight: int
    readers: int
    endpoints: Endpoints


class RowsResult(Result, frozen=True, kw_only=True):
    """Rows as arrays, in the order of `columns`."""

    seq: int
    """The state that the rows show."""
    columns: tuple[str, ...]
    rows: list[Row]


class CountParams(Params, frozen=True, kw_only=True):
    """Which rows to count."""

    table: Identifier
    where: tuple[Comparison | Junction, ...] = ()


class CountResult(Result, frozen=True, kw_only=True):
    """How many rows."""

    seq: int
    count: int


class GetParams(Params, frozen=True, kw_only=True):
    """Which row."""

    table: Identifier
    id: str
    select: Annotated[tuple[Identifier, ...], Meta(max_length=limits.QUERY_COLUMNS_MAX)] = ()
    omit: Annotated[tuple[Identifier, ...], Meta(max_length=limits.QUERY_COLUMNS_MAX)] = ()


class GetResult(Result, frozen=True, kw_only=True):
    """The row, or null where there is none."""

    seq: int
    columns: tuple[str, ...]
    row: Row | None


class NewEvent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event to record."""

    id: Id
    """The event's own, made by the client; committing it again answers with the first receipt."""
    name: Annotated[str, Meta(max_length=100)]
    args: Raw


class CommitParams(Params, frozen=True, kw_only=True):
    """Events to record, all or none."""

    events: Annotated[tuple[NewEvent, ...], Meta(min_length=1, max_length=limits.EVENTS_PER_COMMIT_MAX)]


class Receipt(Result, frozen=True, kw_only=True):
    """The events are durable and the state shows them."""

    seq: int
    """The seq of the commit's last event."""
    commit_id: str
    repeated: bool = False
    """The events had been committed before; nothing was written."""


class WatchParams(Params, frozen=True, kw_only=True):
    """Which query to keep alive."""

    query: Query
    label: Annotated[str, Meta(max_length=100)] = ""
    """What the client calls it, for people."""


class WatchResult(Result, frozen=True, kw_only=True):
    """The result now, and the topic on which its changes come."""

    topic: str
    seq: int
    columns: tuple[str, ...]
    rows: list[Row]


class TopicParams(Params, frozen=True, kw_only=True):
    """Which live query."""

    topic: Annotated[str, Meta(max_length=100)]


class EventsParams(Params, frozen=True, kw_only=True):
    """Which part of the audit trail; every filter that is given must hold."""

    names: Annotated[tuple[Identifier, ...], Meta(max_length=100)] = ()
    persona_id: Id | UnsetType = UNSET
    table: Identifier | UnsetType = UNSET
    client: ClientName | UnsetType = UNSET
    since: Instant | UnsetType = UNSET
    """Recorded at or after."""
    until: Instant | UnsetType = UNSET
    """Recorded before."""
    after: Count | UnsetType = UNSET
    """Only seqs greater than this."""
    before: Count | UnsetType = UNSET
    """Only seqs less than this."""
    order: Literal["asc", "desc"] = "asc"
    limit: Annotated[int, Meta(ge=1, le=limits.EVENTS_PAGE_MAX)] = limits.EVENTS_PAGE_DEFAULT


class LoggedEvent(Result, frozen=True, kw_only=True):
    """An event as the log holds it."""

    seq: int
    id: str
    commit_id: str
    name: str
    args: Raw
    """Null (`envelope.NIL`) once the arguments have been erased."""
    args_hash: bytes
    recorded_at: Instant
    client: str
    session: str
    device: str
    persona_id: str | None
    hash: bytes
    """See the module `chain`."""


class EventsResult(Result, frozen=True, kw_only=True):
    """A page of the audit trail."""

    seq: int
    """The log's last."""
    events: list[LoggedEvent]
    next: int | None
    """What to give as `after` (or `before`, going back) for the next page; None after the last one."""


class DocumentGetParams(Params, frozen=True, kw_only=True):
    """Which document of the asking client."""

    name: ClientName
    defaults: Document = field(default_factory=dict)
    """Fills in what the document lacks."""


class DocumentSetParams(Params, frozen=True, kw_only=True):
    """A change to a document of the asking client."""

    name: ClientName
    value: Document
    """Merged into the document (RFC 7396): maps merge, null removes, anything else replaces."""
    defaults: Document = field(default_factory=dict)
    """Fills in what the document then lacks, in the answer."""


class DocumentResult(Result, frozen=True, kw_only=True):
    """A client document."""

    seq: int
    """Counts changes to client documents; not the shared log's."""
    value: Document


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
QUERY = Method("query", Query, RowsResult, needs=Scope.READ)
COUNT = Method("count", CountParams, CountResult, needs=Scope.READ)
GET = Method("get", GetParams, GetResult, needs=Scope.READ)
COMMIT = Method("commit", CommitParams, Receipt, needs=Scope.WRITE)
WATCH = Method("watch", WatchParams, WatchResult, needs=Scope.READ, repeatable=False)
UNWATCH = Method("unwatch", TopicParams, Done, needs=Scope.READ)
RESYNC = Method("resync", TopicParams, WatchResult, needs=Scope.READ)
EVENTS = Method("events", EventsParams, EventsResult, needs=Scope.READ)
DOCUMENT_GET = Method("document_get", DocumentGetParams, DocumentResult, needs=Scope.READ)
DOCUMENT_SET = Method("document_set", DocumentSetParams, DocumentResult, needs=Scope.WRITE)
REBUILD = Method("rebuild", RebuildParams, RebuildResult, needs=Scope.ADMIN)

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
        EVENTS,
        DOCUMENT_GET,
        DOCUMENT_SET,
        REBUILD,
    )
}
"""Every method by its name."""
