"""Owns what is done about the page cache, as far as the mode allows."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from pjai import Database, v1
from pjai_wire.errors import LimitExceeded
from pjai_wire.methods import (
    PAGE_CACHE_RESIZE,
    OptimiserMode,
    PageCache,
    PageCacheChange,
    PageCacheResizeParams,
    TunedPageCache,
)
from pjaid.actors.query_optimiser import caching
from pjaid.actors.query_optimiser.caching import Gain, Known, Resize

READERS = "readers"
"""Whose page cache it is, as events have it."""


class Tuning:
    """Tunes the page cache; what it learns lasts as long as this process, for it is soon learnt again.

    Args:
        now: the present, in milliseconds since the epoch.
    """

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._known: Known | None = None
        self._proposed: int | None = None
        self._last: PageCacheChange | None = None

    def told(self, cache: PageCache) -> TunedPageCache:
        """What there is to see, and what was done about it."""
        return TunedPageCache(
            bytes=cache.bytes,
            bytes_max=cache.bytes_max,
            used_bytes=cache.used_bytes,
            hit_share=None if self._known is None else self._known.share,
            proposed_bytes=self._proposed if self._proposed != cache.bytes else None,
            last_change=self._last,
        )

    async def look(self, db: Database, cache: PageCache, mode: OptimiserMode) -> int | None:
        """Looks at the cache, and answers the size that it has from now on where that is another."""
        step = caching.look(self._known or caching.begun(cache, self._now()), cache, self._now())
        if mode != "suggest":
            self._proposed = None
        if mode == "auto":
            if step.gain is not None:
                await self._measured(db, step.gain)
            if step.resize is None or await self._resize(db, cache, step.resize):
                self._known = step.known
                return None if step.resize is None else step.resize.bytes
        elif mode == "suggest" and step.resize is not None:
            await self._propose(db, step.resize)
        # What is only proposed, or was refused, leaves the cache as it is.
        self._known = replace(step.known, cache=cache, trial=None) if step.resize else step.known
        return None

    async def _resize(self, db: Database, cache: PageCache, to: Resize) -> bool:
        try:
            await db.call(PAGE_CACHE_RESIZE, PageCacheResizeParams(bytes=to.bytes, reason=to.reason))
        except LimitExceeded:
            # Other connections took the room meanwhile.
            return False
        self._last = PageCacheChange(
            at=self._now(),
            bytes_before=cache.bytes,
            bytes=to.bytes,
            reason=to.reason,
            hit_share_before=to.share,
            hit_share=None,
        )
        return True

    async def _propose(self, db: Database, to: Resize) -> None:
        if to.bytes != self._proposed:
            await db.commit(
                v1.PageCacheProposed(id=READERS, bytes=to.bytes, reason=to.reason, at=self._now())
            )
            self._proposed = to.bytes

    async def _measured(self, db: Database, gain: Gain) -> None:
        await db.commit(
            v1.PageCacheMeasured(
                id=READERS,
                bytes_before=gain.bytes_before,
                bytes=gain.bytes,
                hit_share_before=gain.share_before,
                hit_share=gain.share,
                at=self._now(),
            )
        )
        if self._last is not None:
            self._last = replace(self._last, hit_share=gain.share)
