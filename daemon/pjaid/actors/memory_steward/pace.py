"""Owns the pace of work that nobody waits for: a batch, and then a rest, so that others go first."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

REST = 4.0
"""How much longer a rest is than the batch before it."""

REST_S_MAX = 2.0


@asynccontextmanager
async def batch() -> AsyncIterator[None]:
    """Rests after the block, in proportion to the time that it took."""
    begun = time.monotonic()
    yield
    await anyio.sleep(min(REST * (time.monotonic() - begun), REST_S_MAX))
