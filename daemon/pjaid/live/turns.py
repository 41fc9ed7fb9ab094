"""Owns the turns in which work is done that can wait: requests come between them, and commits before them."""

from __future__ import annotations

from time import perf_counter_ns

import anyio
import anyio.lowlevel

from pjaid.live.source import Source

TURN_NS = 50_000
"""How long one turn lasts before somebody else has one; a request may be waiting."""

PAUSE_S = 0.002
"""How long nobody has committed when such work begins. Who commits again and again does so at once, and waits
for the same processor."""


class Turns:
    """One piece of such work, from here on: first it waits for a pause, and then for gaps between commits.

    A thread that writes and a loop that is never idle hinder each other at Python's lock, and the next commit
    makes part of the work needless.

    Args:
        store: whose commits go first.
        patience_s: how long the work waits for a pause, and how long for gaps after that, all in all.
    """

    def __init__(self, store: Source, patience_s: float) -> None:
        self._store = store
        self._pause_until = anyio.current_time() + patience_s
        self._gap_until = self._pause_until + patience_s
        self._writes_seen = -1
        self._ends_at = 0

    async def next(self) -> None:
        """Goes on where the turn has not ended; else lets others run, and waits for the next."""
        if perf_counter_ns() < self._ends_at:
            return
        await anyio.lowlevel.checkpoint()
        if self._writes_seen != self._store.writes:
            await self._give_way()
        self._ends_at = perf_counter_ns() + TURN_NS

    async def _give_way(self) -> None:
        # No scope whose time is up: to cancel takes longer than the work of a turn.
        now = anyio.current_time()
        if now < self._pause_until:
            with anyio.move_on_at(self._pause_until):
                await self._pause()
        elif now < self._gap_until:
            with anyio.move_on_at(self._gap_until):
                await self._store.until_written()

    async def _pause(self) -> None:
        while self._writes_seen != self._store.writes:
            await self._store.until_written()
            self._writes_seen = self._store.writes
            await anyio.sleep(PAUSE_S)
