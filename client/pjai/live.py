"""Owns what is live on a connection: it begins with `watch`, and all of it ends with the connection."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import zmq

from pjai.askable import Askable
from pjai.connection import Connection
from pjai.following import Aim, Following
from pjai.live_query import LiveQuery
from pjai.streams import Streams
from pjai.topics import Topics

T = TypeVar("T")


class LiveQueries:
    """Every live query of a connection.

    Args:
        connection: asks for the results.
        context: makes the socket.
    """

    def __init__(self, connection: Connection, context: zmq.Context[zmq.Socket[bytes]]) -> None:
        self._connection = connection
        self._topics = Topics(connection, context)
        self._streams = Streams(connection, self._topics)

    @asynccontextmanager
    async def watch(
        self, asked: Askable[T] | Callable[[], Askable[T]], label: str, timeout: float | None
    ) -> AsyncGenerator[LiveQuery[T]]:
        """Keeps the result of `asked`, or of the query that it returns, up to date inside the block.

        Raises:
            PjaiError: as `Connection.ask`.
            InvalidQuery: a record cannot be without a column that is omitted.
            ConnectionLost: the connection was closed.
            Exception: whatever `asked` raises where it is a function.
        """
        live: LiveQuery[T] = LiveQuery(label, self._connection.timeout)
        following = Following(live, self._streams)
        # A variable of this block's, as what the function reads holds it weakly.
        aim = Aim(asked if callable(asked) else lambda: asked, following)
        try:
            aim.take()
            await live.begun(timeout)
            yield live
        finally:
            following.leave()

    async def close(self) -> None:
        """Ends every live query, and the socket; no other can begin."""
        await self._streams.close()
        self._topics.close()
