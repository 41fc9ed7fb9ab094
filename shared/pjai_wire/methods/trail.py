"""Owns the method that reads the audit trail: events."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Raw, UnsetType

from pjai_wire import limits
from pjai_wire.fields import ClientName, Count, Id, Instant
from pjai_wire.methods.method import Method, Params, Result, Scope
from pjai_wire.query import Identifier


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
    """Null (`envelope.NIL`) once the arguments have been erased, and where they are withheld."""
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


EVENTS = Method("events", EventsParams, EventsResult, needs=Scope.READ)
