"""Owns the live queries of a connection: their topics on one socket, and how each finds back after a loss."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import anyio
import msgspec
import zmq

from pjai.askable import Askable, query_of
from pjai.connection import SENDS_MAX, Connection
from pjai.exchange import ConnectionLost, decoded
from pjai.live_query import LiveQuery
from pjai.rows import WatchAnswer
from pjai.sockets import Frames, LoopSocket, new_socket
from pjai_wire.envelope import LiveUpdate
from pjai_wire.errors import PjaiError, Unavailable, UnknownTopic
from pjai_wire.methods import RESYNC, UNWATCH, WATCH, TopicParams, WatchParams

T = TypeVar("T")

SILENT_TICKS_MAX = 3
"""Ticks in a row that may stay away before a live query counts as lost."""

RECOVER_AGAIN_S = 0.1
"""How long a lost live query waits before it asks a daemon that cannot answer now again."""

_decode_update = msgspec.msgpack.Decoder(LiveUpdate).decode


class LiveQueries:
    """Every live query of a connection.

    Args:
        connection: asks for the results.
        context: makes the socket.
    """

    def __init__(self, connection: Connection, context: zmq.Context[zmq.Socket[bytes]]) -> None:
        self._connection = connection
        self._context = context
        self._tasks: set[asyncio.Task[None]] = set()
        self._by_topic: dict[str, LiveQuery[Any]] = {}
        self._changes: LoopSocket | None = None
        self._endpoint = ""
        self._is_closed = False
        connection.returned = self._returned
        self._start(self._listen_for_silence())

    @asynccontextmanager
    async def watch(
        self, asked: Askable[T], label: str, timeout: float | None
    ) -> AsyncGenerator[LiveQuery[T]]:
        """Keeps the result of `asked` up to date inside the block.

        Raises:
            PjaiError: as `Connection.ask`.
            InvalidQuery: a record cannot be without a column that is omitted.
            ConnectionLost: the connection was closed.
        """
        live = LiveQuery(query_of(asked), label, self._recover_soon, self._connection.timeout)
        answer = await self._asked_to_watch(live, timeout)
        try:
            live.show(answer)
            self._subscribe(live)
            yield live
        finally:
            self._unsubscribe(live)
            live.close()
            self._connection.tell(UNWATCH, TopicParams(topic=live.topic or answer.topic))

    async def close(self) -> None:
        """Ends every live query, and the socket; no other can begin."""
        self._is_closed = True
        for live in self._by_topic.values():
            live.close()
        self._by_topic.clear()
        if self._changes is not None:
            self._changes.close()
        for task in self._tasks:
            task.cancel()
        # What ends the block may be its cancellation, which must not end this wait too.
        with anyio.CancelScope(shield=True):
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _asked_to_watch(self, live: LiveQuery[Any], timeout: float | None) -> WatchAnswer:
        params = WatchParams(query=live.select.query, label=live.label)
        for _ in range(SENDS_MAX - 1):
            try:
                return decoded(WatchAnswer, await self._connection.ask(WATCH, params, timeout))
            except ConnectionLost:
                continue
        return decoded(WatchAnswer, await self._connection.ask(WATCH, params, timeout))

    def _subscribe(self, live: LiveQuery[Any]) -> None:
        if self._is_closed:
            raise ConnectionLost("the connection was closed")
        self._by_topic[live.topic] = live
        changes = self._connected()
        changes.socket.subscribe(live.topic)
        changes.look()

    def _unsubscribe(self, live: LiveQuery[Any]) -> None:
        if self._by_topic.pop(live.topic, None) is not None:
            changes = self._connected()
            changes.socket.unsubscribe(live.topic)
            changes.look()

    def _connected(self) -> LoopSocket:
        """The socket, connected to where the daemon publishes now."""
        if self._changes is None:
            self._changes = LoopSocket(new_socket(self._context, zmq.SUB), self._arrived)
        endpoint = self._connection.hello.endpoints.changes
        if endpoint != self._endpoint:
            if self._endpoint:
                self._changes.socket.disconnect(self._endpoint)
            self._changes.socket.connect(endpoint)
            self._endpoint = endpoint
        return self._changes

    def _arrived(self, frames: Frames) -> None:
        topic, message = frames
        live = self._by_topic.get(topic.decode())
        if live is None:
            return
        try:
            live.take(_decode_update(message))
        except msgspec.MsgspecError:
            live.lose()

    def _returned(self) -> None:
        for live in self._by_topic.values():
            live.lose()

    async def _listen_for_silence(self) -> None:
        while True:
            tick_s = self._connection.hello.tick_interval_ms / 1000
            await anyio.sleep(tick_s)
            longest = asyncio.get_running_loop().time() - SILENT_TICKS_MAX * tick_s
            for live in self._by_topic.values():
                if live.heard_at < longest:
                    live.lose()

    def _recover_soon(self, live: LiveQuery[Any]) -> None:
        self._start(self._recover(live))

    async def _recover(self, live: LiveQuery[Any]) -> None:
        while live.topic in self._by_topic:
            try:
                self._resume(live, await self._whole_result(live))
            except Unavailable:
                await anyio.sleep(RECOVER_AGAIN_S)
            except PjaiError as problem:
                self._unsubscribe(live)
                live.close(problem)
            else:
                return

    async def _whole_result(self, live: LiveQuery[Any]) -> WatchAnswer:
        try:
            topic = TopicParams(topic=live.topic)
            return decoded(WatchAnswer, await self._connection.ask(RESYNC, topic))
        except UnknownTopic:
            return await self._asked_to_watch(live, None)

    def _resume(self, live: LiveQuery[Any], answer: WatchAnswer) -> None:
        if live.topic not in self._by_topic:
            # Its reader left in the meantime.
            self._connection.tell(UNWATCH, TopicParams(topic=answer.topic))
        elif answer.topic == live.topic:
            live.show(answer)
        else:
            self._unsubscribe(live)
            live.show(answer)
            self._subscribe(live)
