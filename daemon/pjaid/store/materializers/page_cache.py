"""Owns the events of the page cache, which are for the audit trail alone."""

from __future__ import annotations

from collections.abc import Iterator

from pjai_wire.events import v1
from pjaid.store.materializers.registry import Read, materializes
from pjaid.store.writes import Write


@materializes(v1.PageCacheProposed)
def page_cache_proposed(_event: v1.PageCacheProposed, _read: Read) -> Iterator[Write]:
    """It waits for nobody."""
    yield from ()


@materializes(v1.PageCacheResized)
def page_cache_resized(_event: v1.PageCacheResized, _read: Read) -> Iterator[Write]:
    """A daemon begins with the smallest cache, and not with that of the last one."""
    yield from ()


@materializes(v1.PageCacheMeasured)
def page_cache_measured(_event: v1.PageCacheMeasured, _read: Read) -> Iterator[Write]:
    """What it gained is of this machine, and of what was read then."""
    yield from ()
