"""Owns the methods about what is measured: meters, metrics_record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import UNSET, Meta, UnsetType, field

from pjai_wire import limits
from pjai_wire.fields import Count, Instant
from pjai_wire.measures import Latency, MeasureName, Measures
from pjai_wire.methods.method import Done, Method, Params, Result, Scope


class _LatencyAsked(Latency, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A latency in a request: there, unlike in an answer, an unknown field is an error."""


if TYPE_CHECKING:
    LatencyLike = Latency
else:
    LatencyLike = _LatencyAsked

Counts = Annotated[dict[MeasureName, Count], Meta(max_length=limits.MEASURES_MAX)]


class MetersParams(Params, frozen=True, kw_only=True):
    """How long the answer may wait for something to tell of."""

    after: Count | UnsetType = UNSET
    """What `happened` was. Where nothing has happened since, it is told a second after something does."""
    wait_ms: Annotated[int, Meta(ge=0, le=limits.METERS_WAIT_MS_MAX)] = 0
    """When it comes all the same."""


class MetersResult(Result, frozen=True, kw_only=True):
    """What the daemon has measured since it started; who wants to know of a span asks at both its ends."""

    instance: str
    """Changes whenever the daemon starts, and all begins at zero."""
    at: Instant
    uptime_ms: int
    happened: int
    """How many requests were answered, but those that are about what happens."""
    measures: Measures


class MetricsRecordParams(Params, frozen=True, kw_only=True):
    """What was measured in the second of an instant."""

    at: Instant
    counts: Counts = field(default_factory=dict)
    gauges: Counts = field(default_factory=dict)
    latencies: Annotated[dict[MeasureName, LatencyLike], Meta(max_length=limits.MEASURES_MAX)] = field(
        default_factory=dict
    )


METERS = Method("meters", MetersParams, MetersResult, needs=Scope.READ)
METRICS_RECORD = Method("metrics_record", MetricsRecordParams, Done, needs=Scope.WRITE, repeatable=False)
