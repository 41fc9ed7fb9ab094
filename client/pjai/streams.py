"""Owns the streams of a connection: one for each query, and how each finds back after a loss."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Coroutine
from typing import Any, TypeVar

import anyio

from pjai.connection import Connection
from pjai.exchange import ConnectionLost, decoded
from pjai.rows import WatchAnswer
from pjai.stream import Stream
from pjai.topics import Topics
from pjai.wanted import Wanted
from pjai_wire.errors import PjaiError, Unavailable, UnknownTopic
from pjai_wire.methods import RESYNC, UNWATCH, TopicParams

T = TypeVar("T")

RECOVER_AGAIN_S = 0.1
"""How long a lost stream waits before it asks a daemon that cannot answer now again."""


class Streams:
    """Every stream of a connection, by its query.

    Args:
        connection: asks for the results.
        topics: hears the changes.
    """

    def __init__(self, connection: Connection, topics: Topics) -> None:
        self._connection = connection
        self._topics = topics
        self._streams: dict[bytes, Stream[Any]] = {}
        self._opening: dict[Stream[Any], asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closed = False

    def of(self, wanted: Wanted[T], label: str) -> Stream[T]:
        """The stream of a query, which the caller joins at once: the one that there is, or a new one.

        Args:
            wanted: the query.
            label: what the daemon is told that the program calls it, where the stream is new.

        Raises:
            ConnectionLost: the connection was closed.
            RuntimeError: the connection belongs to another event loop.
        """
        self._connection.check_loop()
        if self._is_closed:
            raise ConnectionLost("the connection was closed")
        stream = self._streams.get(wanted.key)
        if stream is None:
            stream = Stream(wanted, label, lost=self._recover_soon, deserted=self._deserted)
            self._streams[wanted.key] = stream
            self._opening[stream] = self._start(self._open(stream))
        return stream

    def returned(self) -> None:
        """The connection was made anew, perhaps to a daemon that knows nothing of any stream."""
        for stream in tuple(self._streams.values()):
            stream.lose()

    async def close(self) -> None:
        """Ends every stream; there can be no other."""
        self._is_closed = True
        streams, self._streams = self._streams, {}
        for stream in streams.values():
            stream.end()
        for task in self._tasks:
            task.cancel()
        # What ends the block may be its cancellation, which must not end this wait too.
        with anyio.CancelScope(shield=True):
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _open(self, stream: Stream[Any]) -> None:
        try:
            # Each of those who wait for it has a patience of its own.
            self._show(stream, await self._asked_to_watch(stream, math.inf))
        except PjaiError as problem:
            self._end(stream, problem)
        self._opening.pop(stream, None)

    async def _asked_to_watch(self, stream: Stream[Any], timeout: float | None) -> WatchAnswer:
        method, params = stream.wanted.asked(stream.label)
        return decoded(WatchAnswer, await self._connection.ask_again(method, params, timeout))

    def _show(self, stream: Stream[Any], answer: WatchAnswer) -> None:
        """Shows a whole result, and hears what comes after it; all may have left before it came."""
        if not stream.followers:
            self._forget(stream)
            self._unwatch(answer.topic)
            return
        if answer.topic != stream.topic:
            self._topics.unsubscribe(stream.topic)
        self._topics.subscribe(answer.topic, answer.pulse, stream)
        stream.show(answer)

    def _deserted(self, stream: Stream[Any]) -> None:
        if stream.topic:
            self._drop(stream)
        elif not self._connection.is_connected:
            self._opening.pop(stream).cancel()
            self._forget(stream)
        # Otherwise an answer is on its way, with a topic that must be ended.

    def _drop(self, stream: Stream[Any]) -> None:
        self._forget(stream)
        self._topics.unsubscribe(stream.topic)
        self._unwatch(stream.topic)

    def _end(self, stream: Stream[Any], problem: PjaiError) -> None:
        if stream.topic:
            self._drop(stream)
        else:
            self._forget(stream)
        stream.end(problem)

    def _forget(self, stream: Stream[Any]) -> None:
        if self._streams.get(stream.wanted.key) is stream:
            del self._streams[stream.wanted.key]

    def _unwatch(self, topic: str) -> None:
        self._connection.tell(UNWATCH, TopicParams(topic=topic))

    def _recover_soon(self, stream: Stream[Any]) -> None:
        self._start(self._recover(stream))

    async def _recover(self, stream: Stream[Any]) -> None:
        while stream.followers:
            try:
                self._show(stream, await self._whole_result(stream))
            except Unavailable:
                await anyio.sleep(RECOVER_AGAIN_S)
            except PjaiError as problem:
                self._end(stream, problem)
            else:
                return

    async def _whole_result(self, stream: Stream[Any]) -> WatchAnswer:
        try:
            topic = TopicParams(topic=stream.topic)
            return decoded(WatchAnswer, await self._connection.ask(RESYNC, topic))
        except UnknownTopic:
            return await self._asked_to_watch(stream, None)
