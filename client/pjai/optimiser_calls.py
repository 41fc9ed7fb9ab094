"""Owns what a program asks of the query optimiser."""

from __future__ import annotations

from pjai.connection import Connection
from pjai_wire.methods import (
    INDEX_CREATE,
    INDEX_DROP,
    OPTIMISER_RUN,
    OPTIMISER_STATUS,
    PAGE_CACHE_RESIZE,
    IndexDropParams,
    IndexParams,
    Nothing,
    OptimiserRunResult,
    OptimiserStatusResult,
    PageCacheResizeParams,
    Receipt,
)


class OptimiserCalls:
    """The query optimiser of a daemon, `db.optimiser`.

    Every method takes a `timeout` in seconds, by default that of the connection. `status` and `run` raise
    `UnknownMethod` where the daemon runs no optimiser.

    Args:
        connection: asks the daemon.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def status(self, *, timeout: float | None = None) -> OptimiserStatusResult:
        """Which queries are asked, which indexes were thought of, what each gained, and the page cache."""
        return await self._connection.call(OPTIMISER_STATUS, Nothing(), timeout)

    async def run(self, *, timeout: float | None = None) -> OptimiserRunResult:
        """Lets it look now, and do about it what its mode allows; it looks every twenty seconds anyway."""
        return await self._connection.call(OPTIMISER_RUN, Nothing(), timeout)

    async def create(self, index_id: str, *, timeout: float | None = None) -> Receipt:
        """Makes an index that is proposed; commits wait meanwhile.

        Raises:
            NotFound: nobody has proposed it.
            Conflict: it is made already, or was rejected.
            LimitExceeded: commits would wait for too long, or indexes take too much room.
        """
        return await self._connection.call(INDEX_CREATE, IndexParams(id=index_id), timeout)

    async def drop(self, index_id: str, reason: str, *, timeout: float | None = None) -> Receipt:
        """Drops an index that was made so; the optimiser does not think of it again for a month.

        Raises:
            NotFound: nobody has proposed it.
            Conflict: it is not there.
        """
        return await self._connection.call(INDEX_DROP, IndexDropParams(id=index_id, reason=reason), timeout)

    async def resize_page_cache(
        self, size_bytes: int, reason: str, *, timeout: float | None = None
    ) -> Receipt:
        """Lets the page cache take so much, until the daemon ends or the optimiser finds another size better.

        Raises:
            LimitExceeded: it may not take so much, or so little.
        """
        params = PageCacheResizeParams(bytes=size_bytes, reason=reason)
        return await self._connection.call(PAGE_CACHE_RESIZE, params, timeout)
