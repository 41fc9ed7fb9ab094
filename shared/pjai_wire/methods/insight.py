"""Owns the methods that look into the daemon's work: explain, live."""

from __future__ import annotations

from typing import Literal

from pjai_wire.fields import Instant
from pjai_wire.methods.method import Method, Nothing, Result, Scope
from pjai_wire.query import Query

Mode = Literal["incremental", "rerun"]
"""How the result of a live query is kept: by the rows that change, or by running the query again."""


class ExplainResult(Result, frozen=True, kw_only=True):
    """How a query is answered, and how a live query of it would be kept."""

    sql: str
    """With placeholders in the place of values."""
    plan: tuple[str, ...]
    """SQLite's query plan, a step each; one within another is indented by two spaces."""
    indexes: tuple[str, ...]
    """The indexes that the plan uses."""
    mode: Mode
    why: str
    """Why it is kept so, for people."""
    found_by: tuple[str, ...]
    """What a changed row must meet to be looked at, such as `personaId =`; empty where every one is."""


class LiveQueryInfo(Result, frozen=True, kw_only=True):
    """An open live query, as its daemon sees it."""

    label: str
    client: str
    """The name in its client's hello."""
    table: str
    shape: str
    """Its SQL with placeholders; never a value, and never its topic, which is the subscriber's secret."""
    mode: Mode
    why: str
    """Why it is kept so, for people. What `explain` tells may have changed since, where a result grew."""
    rows: int
    """Rows of its result."""
    bytes: int
    """What its computation holds in memory, with what subscribers share of it."""
    updates: int
    """Updates published to it, ticks not counted."""
    spent_us: int
    """Microseconds spent on its computation since that began, for all who share it."""
    subscribers: int
    """How many live queries share its computation, this one among them."""
    behind: bool
    """It reads too slowly: what changes is merged until it can take more."""
    opened_at: Instant
    seq: int
    """The state of which it was told last."""


class LiveResult(Result, frozen=True, kw_only=True):
    """The open live queries of all clients, the oldest first."""

    seq: int
    views: int
    """The computations behind them: equal ones share one."""
    queries: list[LiveQueryInfo]


EXPLAIN = Method("explain", Query, ExplainResult, needs=Scope.READ)
LIVE = Method("live", Nothing, LiveResult, needs=Scope.ADMIN)
