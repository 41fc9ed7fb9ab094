"""Owns the events of the page cache, whose size follows what is read."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from pjai_wire.events.v1.base import Event
from pjai_wire.fields import Count, Description, Id

Share = Annotated[float, Meta(ge=0, le=1)]
"""Of all pages that were asked for, those that were there."""


class PageCacheProposed(Event, frozen=True, kw_only=True):
    """Another size of the page cache is thought to pay."""

    id: Id
    """Whose cache: `readers`."""
    bytes: Count
    reason: Description


class PageCacheResized(Event, frozen=True, kw_only=True):
    """The page cache may take more or less than before."""

    daemon_only: ClassVar[bool] = True

    id: Id
    """Whose cache: `readers`."""
    bytes_before: Count
    bytes: Count
    reason: Description


class PageCacheMeasured(Event, frozen=True, kw_only=True):
    """A larger page cache was held against the one before."""

    id: Id
    """Whose cache: `readers`."""
    bytes_before: Count
    bytes: Count
    hit_share_before: Share
    hit_share: Share
