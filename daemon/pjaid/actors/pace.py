"""Owns the pace of long work: a batch, and then a rest, so that others go first."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

REST = 4.0
"""How much longer a rest is than the batch before it, where nobody waits for the work."""

REST_IF_AWAITED = 1.0
"""The same where somebody does."""

REST_S_MAX = 2.0


@asynccontextmanager
async def batch(*, is_awaited: bool = False) -> AsyncIterator[None]:
    """Rests after the block, in proportion to the time that it took."""
    begun = time.monotonic()
    yield
    rest = REST_IF_AWAITED if is_awaited else REST
    await anyio.sleep(min(rest * (time.monotonic() - begun), REST_S_MAX))
