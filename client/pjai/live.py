"""Owns what is live on a connection: it begins with `watch`, and all of it ends with the connection."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import zmq

from pjai.askable import Askable, query_of
from pjai.connection import Connection
from pjai.exchange import decoded
from pjai.feed import Feed, FeedAnswer, feed_params
from pjai.following import Aim, Following
from pjai.live_query import LiveQuery
from pjai.streams import Streams
from pjai.topics import Topics
from pjai.wanted import Wanted, WantedQuery
from pjai_wire.methods import FEED, UNWATCH, TopicParams

T = TypeVar("T")


class LiveQueries:
    """Every live query and feed of a connection.

    Args:
        connection: asks for the results.
        context: makes the socket.
    """

    def __init__(self, connection: Connection, context: zmq.Context[zmq.Socket[bytes]]) -> None:
        self._connection = connection
        self._topics = Topics(connection, context)
        self._streams = Streams(connection, self._topics)
        self._feeds: set[Feed[Any]] = set()
        connection.returned = self._returned

    @asynccontextmanager
    async def watch(
        self, asked: Askable[T] | Callable[[], Askable[T]], label: str, timeout: float | None
    ) -> AsyncGenerator[LiveQuery[T]]:
        """Keeps the result of `asked`, or of the query that it returns, up to date inside the block.

        Raises:
            InvalidQuery: a record cannot be without a column that is omitted.
            Exception: as `wanted`.
        """
        query = asked if callable(asked) else lambda: asked
        async with self.wanted(lambda: WantedQuery(query_of(query())), label, timeout) as live:
            yield live

    @asynccontextmanager
    async def wanted(
        self, wanted: Callable[[], Wanted[T]], label: str, timeout: float | None
    ) -> AsyncGenerator[LiveQuery[T]]:
        """Keeps the result of what `wanted` returns up to date inside the block.

        Raises:
            PjaiError: as `Connection.ask`.
            ConnectionLost: the connection was closed.
            Exception: whatever `wanted` raises.
        """
        live: LiveQuery[T] = LiveQuery(label, self._connection.timeout)
        following = Following(live, self._streams)
        # A variable of this block's, as what the function reads holds it weakly.
        aim = Aim(wanted, following)
        try:
            aim.take()
            await live.begun(timeout)
            yield live
        finally:
            following.leave()

    @asynccontextmanager
    async def changes(self, asked: Askable[T], label: str, timeout: float | None) -> AsyncGenerator[Feed[T]]:
        """Tells each change to the rows that meet the conditions of `asked`, inside the block.

        Raises:
            PjaiError: as `Connection.ask`.
            InvalidQuery: `asked` has more than conditions.
            ConnectionLost: the connection was closed.
        """
        select = query_of(asked)
        params = feed_params(select, label)
        answer = decoded(FeedAnswer, await self._connection.ask_again(FEED, params, timeout))
        feed = Feed(select, answer, self._connection.hello.instance)
        try:
            self._topics.subscribe(answer.topic, answer.pulse, feed)
            self._feeds.add(feed)
            yield feed
        finally:
            self._feeds.discard(feed)
            self._topics.unsubscribe(answer.topic)
            feed.close()
            self._connection.tell(UNWATCH, TopicParams(topic=answer.topic))

    async def close(self) -> None:
        """Ends every live query and feed, and the socket; no other can begin."""
        for feed in self._feeds:
            feed.close()
        self._topics.close()
        await self._streams.close()

    def _returned(self) -> None:
        self._streams.returned()
        for feed in self._feeds:
            feed.returned(self._connection.hello.instance)
