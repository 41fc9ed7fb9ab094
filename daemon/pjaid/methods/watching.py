"""Owns the methods of live queries: watch, unwatch, resync."""

from __future__ import annotations

from msgspec import Raw

from pjai_wire.codec import Decoder, encode
from pjai_wire.methods import Done, TopicParams, WatchParams, WatchResult
from pjaid.live.queries import LiveQueries
from pjaid.live.registry import LiveQuery
from pjaid.methods.clients import Client
from pjaid.methods.router import Handler
from pjaid.store.statements import compile_query

_watch = Decoder(WatchParams, "params")
_topic = Decoder(TopicParams, "params")


class WatchMethods:
    """Methods on live queries.

    Args:
        live: what keeps them alive.
    """

    def __init__(self, live: LiveQueries) -> None:
        self._live = live
        self.handlers: dict[str, Handler] = {
            "watch": self.watch,
            "unwatch": self.unwatch,
            "resync": self.resync,
        }

    async def watch(self, client: Client, params: Raw) -> bytes:
        """Opens a live query: its topic, and its result now."""
        asked = _watch.decode(params)
        statement = compile_query(asked.query)
        return _snapshot(await self._live.watch(statement, client.routing_id, asked.label))

    def unwatch(self, _client: Client, params: Raw) -> bytes:
        """Ends a live query; one that has ended stays so."""
        self._live.unwatch(_topic.decode(params).topic)
        return encode(Done())

    async def resync(self, _client: Client, params: Raw) -> bytes:
        """The result of a live query anew."""
        return _snapshot(await self._live.resync(_topic.decode(params).topic))


def _snapshot(query: LiveQuery) -> bytes:
    rows = [Raw(row) for row in query.result.rows]
    return encode(
        WatchResult(topic=query.topic, seq=query.seq, columns=query.statement.columns, rows=rows)  # type: ignore[arg-type] # rows are encoded already
    )
