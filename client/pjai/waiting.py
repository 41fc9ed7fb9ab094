"""Owns the tasks that wait until something has changed."""

from __future__ import annotations

import asyncio


class Waiting:
    """Tasks that wait for the next change, whichever it is.

    An event would have to be made anew for each change and each value; a thousand live queries that move at
    once feel it.
    """

    __slots__ = ("_first", "_others")

    def __init__(self) -> None:
        # Mostly one task waits, if any.
        self._first: asyncio.Future[None] | None = None
        self._others: list[asyncio.Future[None]] | None = None

    async def change(self) -> None:
        """Returns once `wake` is called."""
        future = self.join()
        try:
            await future
        except asyncio.CancelledError:
            self.leave(future)
            raise

    def join(self) -> asyncio.Future[None]:
        """What is done once `wake` is called; who gives up before must `leave`."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._first is None:
            self._first = future
        elif self._others is None:
            self._others = [future]
        else:
            self._others.append(future)
        return future

    def leave(self, future: asyncio.Future[None]) -> None:
        """Waits no more."""
        if future is self._first:
            self._first = None
        # Where it was woken already it stands here no more.
        elif self._others is not None and future in self._others:
            self._others.remove(future)

    def wake(self) -> None:
        """Lets all go on that wait now."""
        first, self._first = self._first, None
        if first is not None and not first.done():
            first.set_result(None)
        if self._others is not None:
            others, self._others = self._others, None
            for future in others:
                if not future.done():
                    future.set_result(None)
