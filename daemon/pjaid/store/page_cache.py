"""Owns the page caches of the reading connections: what they may take together, and what one is asked.

Nearly all reads run on the connection of the event loop, so its cache is the one whose size can be changed.
Those of threads have as much as they need for what is read once, and what they take counts in the budget.
"""

from __future__ import annotations

import apsw

from pjai_wire.errors import LimitExceeded
from pjai_wire.methods import PageCache

LOOP_BYTES = 2**20
"""What the event loop's connection keeps until more is asked for, where the budget has room for it."""

POOLED_BYTES = 2**18
"""What a connection of the pool may keep: the inner pages that a long read comes by again and again."""

BYTES_TAKEN_PER_BYTE = 1.04
"""SQLite counts pages, and not what it has to know of each."""

PAGES_QUIET = 1_000
"""Pages that were looked at between two rests, below which nobody reads."""


def fit(connection: apsw.Connection, size: int) -> None:
    """Lets a connection keep pages that take `size` bytes at most; what is beyond goes at once."""
    connection.pragma("cache_size", -int(size / BYTES_TAKEN_PER_BYTE / 1024))


class LoopCache:
    """The cache of the event loop's connection, beside those of the pool.

    Args:
        connection: that of the event loop.
        budget: what the caches of all reading connections may take together, in bytes.
        pooled: how many connections the pool has.
        pooled_max: how many it may open.
    """

    def __init__(self, connection: apsw.Connection, *, budget: int, pooled: int, pooled_max: int) -> None:
        self._connection = connection
        self._budget = budget
        self.pooled_bytes = min(POOLED_BYTES, budget // (1 + pooled_max))
        """What each connection of the pool may keep, so that all have room."""
        self.bytes_min = min(LOOP_BYTES, budget - pooled_max * self.pooled_bytes)
        """What the event loop's may keep at least, however many connections the pool opens."""
        self._wanted = self.bytes_min
        self._pooled = pooled
        self._looked_at = 0
        self._fit()

    @property
    def bytes_max(self) -> int:
        """What it may take beside the pool as that is now."""
        return self._budget - self._pooled * self.pooled_bytes

    @property
    def bytes(self) -> int:
        """What it may take, as it is set."""
        return min(self._wanted, self.bytes_max)

    def told(self, reads: int) -> PageCache:
        """How large it is, and what so many reads asked of it since it was opened."""
        return PageCache(
            bytes=self.bytes,
            bytes_min=self.bytes_min,
            bytes_max=self.bytes_max,
            used_bytes=self._status(apsw.SQLITE_DBSTATUS_CACHE_USED),
            hits=self._status(apsw.SQLITE_DBSTATUS_CACHE_HIT),
            misses=self._status(apsw.SQLITE_DBSTATUS_CACHE_MISS),
            reads=reads,
        )

    def check(self, size: int) -> None:
        """Checks that it may take `size` bytes.

        Raises:
            LimitExceeded: it may not, or so little is no cache.
        """
        if not self.bytes_min <= size <= self.bytes_max:
            raise LimitExceeded(
                f"the page cache may take {self.bytes_min} to {self.bytes_max} bytes, and not {size}",
                hint="reader_cache_bytes_max is the setting, for all reading connections",
            )

    def resize(self, size: int) -> None:
        """Lets it take `size` bytes, as far as the pool leaves room."""
        self._wanted = size
        self._fit()

    def beside(self, pooled: int) -> None:
        """Makes room for a pool of so many connections, or takes what they left."""
        if pooled != self._pooled:
            self._pooled = pooled
            self._fit()

    def rest(self) -> None:
        """Lets go of its pages where little was read since the last call; to read them again is soon done."""
        looked_at = self._status(apsw.SQLITE_DBSTATUS_CACHE_HIT)
        looked_at += self._status(apsw.SQLITE_DBSTATUS_CACHE_MISS)
        if looked_at - self._looked_at < PAGES_QUIET:
            self._connection.release_memory()
        self._looked_at = looked_at

    def _fit(self) -> None:
        fit(self._connection, self.bytes)

    def _status(self, which: int) -> int:
        return self._connection.status(which)[0]
