"""Owns the committing of many events, some hundred at a time with rests between, so that others go on."""

from __future__ import annotations

from pjai import Database, Event, NewEvent, new_event
from pjaid.actors.pace import batch

EVENTS_AT_ONCE = 250
BYTES_AT_ONCE = 2**20
"""What one commit takes, which writes them in some tens of milliseconds; a larger event is by itself."""

EVENT_BYTES = 300
"""What each event takes beside its arguments."""


class Commits:
    """Collects events, and commits them when there are enough.

    Args:
        db: where to.
        begun: is committed with the first of several, so that who finds it knows that more are to come.
        over: is committed with the last of several.
    """

    def __init__(self, db: Database, begun: Event, over: Event) -> None:
        self._db = db
        self._begun, self._over = begun, over
        self._events: list[NewEvent] = []
        self._bytes = 0
        self.seq = 0
        """Of the last commit; 0 before the first."""
        self.has_begun = False
        """Whether a commit was sent, though its answer may not have come."""
        self.are_several = False
        """Whether the first of several was."""

    async def add(self, event: Event) -> None:
        """Commits the event with those that come after it, or before."""
        new = new_event(event)
        size = len(memoryview(new.args)) + EVENT_BYTES
        is_full = len(self._events) >= EVENTS_AT_ONCE or self._bytes + size > BYTES_AT_ONCE
        if self._events and is_full:
            if not self.are_several:
                self.are_several = True
                self._events.append(new_event(self._begun))
            async with batch(is_awaited=True):
                await self._commit()
        self._events.append(new)
        self._bytes += size

    async def finish(self) -> None:
        """Commits what is left."""
        if self.are_several:
            self._events.append(new_event(self._over))
        if self._events:
            await self._commit()

    async def _commit(self) -> None:
        self.has_begun = True
        self.seq = (await self._db.commit(*self._events)).seq
        self._events.clear()
        self._bytes = 0
