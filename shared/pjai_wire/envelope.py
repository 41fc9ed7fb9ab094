"""Owns what stands around every message: the request, the reply and the live update."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

from pjai_wire import limits
from pjai_wire.changes import Change
from pjai_wire.errors import ErrorBody

RequestId = int | Annotated[str, Meta(max_length=100)]

EMPTY_MAP = Raw(b"\x80")
NIL = Raw(b"\xc0")


class Request(Struct, frozen=True, forbid_unknown_fields=True):
    """One request, in one ZeroMQ message."""

    v: int
    """The protocol's version."""
    id: RequestId
    """The client's own; the reply carries it."""
    method: Annotated[str, Meta(max_length=100)]
    params: Raw = EMPTY_MAP
    """A map of the method's shape."""
    within_ms: Annotated[int, Meta(ge=0, le=limits.WITHIN_MS_MAX)] | UnsetType = field(
        default=UNSET, name="withinMs"
    )
    """How long the client waits for the answer, which an actor is told."""


class Reply(Struct, frozen=True, omit_defaults=True):
    """The answer to one request: either a result or an error."""

    v: int
    id: RequestId | None
    """None where the request was so malformed that it had no id."""
    result: Raw | UnsetType = UNSET
    error: ErrorBody | UnsetType = UNSET


class LiveUpdate(Struct, frozen=True, omit_defaults=True):
    """What a topic publishes: the result's state moved from `prev` to `seq`.

    Either `changes` or, where that is the shorter message, the whole result in `rows`. A tick is an update
    without changes. A client that does not hold `prev` has missed a message and asks `resync`.
    """

    seq: int
    prev: int
    changes: tuple[Change[Raw], ...] | UnsetType = UNSET
    rows: tuple[Raw, ...] | UnsetType = UNSET


Row = tuple[Any, ...]
"""Values in the order of the answer's columns."""
