"""Owns the methods of what is kept alive: watch, watch_search, unwatch, resync, feed."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pjai_wire.envelope import Row
from pjai_wire.methods.method import Done, Method, Params, Result, Scope
from pjai_wire.methods.search import MeaningState, SearchMode, SearchParams
from pjai_wire.query import Comparison, Identifier, Junction, Query

Label = Annotated[str, Meta(max_length=100, description="what the client calls it, for people")]


class WatchParams(Params, frozen=True, kw_only=True):
    """Which query to keep alive."""

    query: Query
    label: Label = ""


class WatchResult(Result, frozen=True, kw_only=True):
    """The result now, and the topic on which its changes come."""

    topic: str
    pulse: str
    """The topic that tells how far all that the client has open has come."""
    seq: int
    columns: tuple[str, ...]
    rows: list[Row]


class WatchSearchParams(Params, frozen=True, kw_only=True):
    """Which search to keep alive."""

    search: SearchParams
    label: Label = ""


class WatchSearchResult(WatchResult, frozen=True, kw_only=True):
    """The hits now, and the topic on which their changes come."""

    mode: SearchMode
    """How was searched, as in a `SearchResult`."""
    meaning: MeaningState
    why: str = ""
    model: str | None = None


class TopicParams(Params, frozen=True, kw_only=True):
    """Which live query."""

    topic: Annotated[str, Meta(max_length=100)]


class FeedParams(Params, frozen=True, kw_only=True):
    """Which rows to hear of, one by one."""

    table: Identifier
    where: tuple[Comparison | Junction, ...] = ()
    """Only rows that meet all of them, as in a query; one that comes to meet them counts as inserted."""
    label: Label = ""


class FeedResult(Result, frozen=True, kw_only=True):
    """The topic on which rows come as they change; the rows that are there already do not."""

    topic: str
    pulse: str
    """As in a `WatchResult`."""
    seq: int
    """The state after which every change is told."""
    columns: tuple[str, ...]
    """What stands where in the row of a change."""


WATCH = Method("watch", WatchParams, WatchResult, needs=Scope.READ, repeatable=False)
WATCH_SEARCH = Method(
    "watch_search", WatchSearchParams, WatchSearchResult, needs=Scope.READ, repeatable=False
)
UNWATCH = Method("unwatch", TopicParams, Done, needs=Scope.READ)
RESYNC = Method("resync", TopicParams, WatchResult, needs=Scope.READ)
FEED = Method("feed", FeedParams, FeedResult, needs=Scope.READ, repeatable=False)
