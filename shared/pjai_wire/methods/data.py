"""Owns the methods that read and write the data: query, count, get, commit."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Raw, Struct

from pjai_wire import limits
from pjai_wire.envelope import Row
from pjai_wire.fields import Id
from pjai_wire.methods.method import Method, Params, Result, Scope
from pjai_wire.query import Comparison, Identifier, Junction, Query


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


QUERY = Method("query", Query, RowsResult, needs=Scope.READ)
COUNT = Method("count", CountParams, CountResult, needs=Scope.READ)
GET = Method("get", GetParams, GetResult, needs=Scope.READ)
COMMIT = Method("commit", CommitParams, Receipt, needs=Scope.WRITE)
