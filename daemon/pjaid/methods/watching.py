"""Owns the methods of what is kept alive: watch, watch_search, unwatch, resync, feed."""

from __future__ import annotations

from msgspec import Raw

from pjai_wire.codec import Decoder, encode
from pjai_wire.methods import (
    Done,
    FeedParams,
    FeedResult,
    TopicParams,
    WatchParams,
    WatchResult,
    WatchSearchParams,
    WatchSearchResult,
)
from pjaid.live.queries import LiveQueries, Snapshot
from pjaid.methods.clients import Client
from pjaid.methods.router import Handler
from pjaid.methods.search_plans import planned
from pjaid.search.searches import Searches

_watch = Decoder(WatchParams, "params")
_watch_search = Decoder(WatchSearchParams, "params")
_topic = Decoder(TopicParams, "params")
_feed = Decoder(FeedParams, "params")


class WatchMethods:
    """Methods on live queries and feeds.

    Args:
        live: what keeps them alive.
        searches: what finds, where a search is watched.
    """

    def __init__(self, live: LiveQueries, searches: Searches) -> None:
        self._live = live
        self._searches = searches
        self.handlers: dict[str, Handler] = {
            "watch": self.watch,
            "watch_search": self.watch_search,
            "unwatch": self.unwatch,
            "resync": self.resync,
            "feed": self.feed,
        }

    async def watch(self, client: Client, params: Raw) -> bytes:
        """Opens a live query: its topic, and its result now."""
        asked = _watch.decode(params)
        return _encoded(await self._live.watch(asked.query, client.routing_id, asked.label))

    async def watch_search(self, client: Client, params: Raw) -> bytes:
        """Opens a live search: its topic, and its hits now."""
        asked = _watch_search.decode(params)
        found = await planned(self._searches, asked.search)
        snapshot = await self._live.watch_search(found.plan, client.routing_id, asked.label)
        return encode(
            WatchSearchResult(
                topic=snapshot.topic,
                pulse=snapshot.pulse,
                seq=snapshot.seq,
                columns=snapshot.columns,
                rows=[Raw(row) for row in snapshot.rows],  # type: ignore[misc] # rows are encoded already
                mode=found.ready.mode,
                meaning=found.ready.meaning,
                why=found.ready.why,
                model=found.ready.model,
            )
        )

    def unwatch(self, _client: Client, params: Raw) -> bytes:
        """Ends a live query or a feed; one that has ended stays so."""
        self._live.unwatch(_topic.decode(params).topic)
        return encode(Done())

    async def resync(self, _client: Client, params: Raw) -> bytes:
        """The result of a live query anew."""
        return _encoded(await self._live.resync(_topic.decode(params).topic))

    def feed(self, client: Client, params: Raw) -> bytes:
        """Opens a feed: its topic, and the state after which its changes come."""
        feed = self._live.feed(_feed.decode(params), client.routing_id)
        return encode(
            FeedResult(topic=feed.topic, pulse=feed.pulse.topic, seq=feed.seq, columns=feed.columns)
        )


def _encoded(snapshot: Snapshot) -> bytes:
    rows = [Raw(row) for row in snapshot.rows]
    return encode(
        WatchResult(
            topic=snapshot.topic,
            pulse=snapshot.pulse,
            seq=snapshot.seq,
            columns=snapshot.columns,
            rows=rows,  # type: ignore[arg-type] # rows are encoded already
        )
    )
