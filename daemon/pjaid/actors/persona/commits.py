"""Owns the committing of many events in as few commits as limits allow."""

from __future__ import annotations

from pjai import Database, Event, NewEvent, new_event
from pjai_wire import limits

COMMIT_BYTES = 64 * 2**10
EVENT_BYTES = 300
"""What a commit takes, and each event in it, beside the events' arguments."""


class Commits:
    """Collects events, and commits them where one commit would take no more.

    Args:
        db: where to.
        begun: is committed with the first of several, so that who finds it knows that more are to come.
        over: is committed with the last of several.
    """

    def __init__(self, db: Database, begun: Event, over: Event) -> None:
        self._db = db
        self._bytes_max = db.hello.limits["messageBytes"] - COMMIT_BYTES
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
        # One more may come with each: the first, or the last, of several.
        is_full = len(self._events) + 1 >= limits.EVENTS_PER_COMMIT_MAX
        if self._events and (is_full or self._bytes + size > self._bytes_max):
            if not self.are_several:
                self.are_several = True
                self._events.append(new_event(self._begun))
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
