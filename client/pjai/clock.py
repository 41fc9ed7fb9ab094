"""Owns the present instant as a live value, for queries about the last hour or day."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from pjai.live_value import LiveValue
from pjai.signals import signal
from pjai_wire.ids import now_ms

TICK_S = 60.0


@contextmanager
def clock(tick_s: float = TICK_S) -> Iterator[LiveValue[int]]:
    """The present instant inside the block, in milliseconds since the epoch.

    Args:
        tick_s: seconds between two of its values.
    """
    present = signal(now_ms())
    loop = asyncio.get_running_loop()
    timer = loop.call_later(tick_s, lambda: tick())

    def tick() -> None:
        nonlocal timer
        present.set(now_ms())
        timer = loop.call_later(tick_s, tick)

    try:
        yield present
    finally:
        timer.cancel()
        present.close()
