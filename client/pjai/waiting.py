"""Owns the tasks that wait until something has changed."""

from __future__ import annotations

import asyncio


class Waiting:
    """Tasks that wait for the next change, whichever it is.

    An event would have to be made anew for each change and each value; a thousand live queries that move at
    once feel it.
    """

    __slots__ = ("_futures",)

    def __init__(self) -> None:
        self._futures: list[asyncio.Future[None]] = []

    async def change(self) -> None:
        """Returns once `wake` is called."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._futures.append(future)
        try:
            await future
        except asyncio.CancelledError:
            # Where it was woken already it stands here no more.
            if future in self._futures:
                self._futures.remove(future)
            raise

    def wake(self) -> None:
        """Lets all go on that wait now."""
        if not self._futures:
            return
        futures, self._futures = self._futures, []
        for future in futures:
            if not future.done():
                future.set_result(None)
