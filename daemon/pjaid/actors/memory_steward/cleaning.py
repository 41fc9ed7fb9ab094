"""Owns the clean-up: what has expired, was deleted long ago, rests for long, or hangs loose."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial

from pjai import Database, conversations, memories, memory_links, personas, v1
from pjai_wire.errors import Conflict, NotFound
from pjai_wire.events import Event
from pjai_wire.ids import now_ms
from pjai_wire.methods import MemoryCleanResult, Nothing
from pjaid.actors.memory_steward.progress import Progress
from pjaid.actors.memory_steward.sharing import OneAtATime
from pjaid.actors.memory_steward.steward_settings import StewardSettings, read_settings
from pjaid.actors.pace import batch

LOOK_S = 600.0
"""How often is looked whether a clean-up is due."""

ROWS_AT_ONCE = 100
PERSONAS_AT_ONCE = 1_000

LINKS_AT_ONCE = 500
LINKS_EACH_TIME = 20_000
"""Connections that one clean-up looks at; the next one goes on from there."""

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


class Cleaning:
    """Cleans up.

    Args:
        progress: told what was done.
        present: the clock, in milliseconds since the epoch.
    """

    def __init__(self, progress: Progress, present: Callable[[], int] = now_ms) -> None:
        self._progress = progress
        self._present = present
        self._one_at_a_time = OneAtATime[MemoryCleanResult]()
        self._links_after: str | None = None

    async def when_due(self, db: Database) -> None:
        """Cleans up where the last time is long enough ago; the first time when the actor begins."""
        settings = (await read_settings(db)).settings
        last = self._progress.cleaned_at
        if last is None or last + settings.clean_up_hours * HOUR_MS <= self._present():
            await self._one_at_a_time.do(settings, partial(self._clean_up, db, settings))

    async def clean(self, db: Database, _params: Nothing) -> MemoryCleanResult:
        """Cleans up now. Who asks while others wait for that shares it."""
        settings = (await read_settings(db)).settings
        return await self._one_at_a_time.do(settings, partial(self._clean_up, db, settings))

    async def _clean_up(self, db: Database, settings: StewardSettings) -> MemoryCleanResult:
        now = self._present()
        with self._progress.of_a_clean_up(now) as done:
            await self._expire(db, now)
            await self._purge(db, now - settings.purge_after_days * DAY_MS)
            if settings.archive_after_days:
                await self._archive(db, now - settings.archive_after_days * DAY_MS)
            await self._unlink(db)
        return done()

    async def _expire(self, db: Database, now: int) -> None:
        """Deletes what its persona has not accessed for as long as it keeps memories."""
        async for page in db.pages(personas.limit(PERSONAS_AT_ONCE)):
            for persona in page:
                if not persona.settings.memory_retention:
                    continue
                before = now - persona.settings.memory_retention * DAY_MS
                old = memories.where(memories.last_accessed_at < before, persona_id=persona.id, pinned=False)
                asked = old.order_by(memories.importance).select("id", "importance").limit(ROWS_AT_ONCE)
                async for rows in db.pages(asked):
                    async with batch():
                        ids = tuple(row["id"] for row in rows)
                        event = v1.MemoriesExpired(id=persona.id, ids=ids, reason="retention", before=before)
                        self._progress.expired += await _commit(db, [event], len(ids))

    async def _purge(self, db: Database, before: int) -> None:
        """Removes the rows of memories that were deleted long ago, whether their persona is there or not."""
        deleted = memories.where(memories.deleted_at < before).order_by(memories.deleted_at)
        async for rows in db.pages(deleted.select("id", "persona_id", "deleted_at").limit(ROWS_AT_ONCE)):
            async with batch():
                owned: defaultdict[str, list[str]] = defaultdict(list)
                for row in rows:
                    owned[row["persona_id"]].append(row["id"])
                events = [
                    v1.MemoriesPurged(id=persona, ids=tuple(ids), reason="deleted_long_ago", before=before)
                    for persona, ids in owned.items()
                ]
                self._progress.purged += await _commit(db, events, len(rows))

    async def _archive(self, db: Database, before: int) -> None:
        """Puts away conversations that nobody touched for long."""
        resting = conversations.where(conversations.updated_at < before, is_archived=False)
        async for rows in db.pages(resting.select("id").limit(ROWS_AT_ONCE)):
            async with batch():
                events = [
                    v1.ConversationArchived(id=row["id"], reason="untouched", before=before) for row in rows
                ]
                self._progress.archived += await _commit(db, events, len(rows))

    async def _unlink(self, db: Database) -> None:
        """Ends connections one end of which is gone; none should be, and this is to make sure."""
        looked_at = 0
        while looked_at < LINKS_EACH_TIME:
            asked = memory_links.select("id", "from_id", "to_id").limit(LINKS_AT_ONCE)
            async with batch():
                page = await db.query(asked.after(self._links_after) if self._links_after else asked)
                self._links_after = page[-1]["id"] if len(page) == LINKS_AT_ONCE else None
                ends = {row[end] for row in page for end in ("from_id", "to_id")}
                there = memories.where(memories.id.in_(ends)).select("id").limit(max(1, len(ends)))
                alive = {row["id"] for row in await db.query(there)}
                loose = [row["id"] for row in page if not {row["from_id"], row["to_id"]} <= alive]
                self._progress.unlinked += await _commit(
                    db, [v1.MemoryEntityUnlinked(id=link, reason="orphaned") for link in loose], len(loose)
                )
            looked_at += len(page)
            if self._links_after is None:
                return


async def _commit(db: Database, events: Sequence[Event], rows: int) -> int:
    """Commits events about so many rows; how many that came to be."""
    if not events:
        return 0
    try:
        await db.commit(*events)
    except (Conflict, NotFound):
        # One of them changed or went meanwhile: the next clean-up finds the others again.
        return 0
    return rows
