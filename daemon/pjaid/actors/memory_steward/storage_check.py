"""Owns the look at what is stored, each minute, and the warnings that come of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from pjai import Database, personas, warnings
from pjai_wire.errors import NotFound
from pjai_wire.ids import now_ms
from pjai_wire.methods import STORAGE, StorageParams, StorageResult
from pjai_wire.records import Warning as WarningRow
from pjaid.actors.memory_steward.steward_settings import read_settings
from pjaid.actors.memory_steward.warning_rules import KINDS, changes, figures
from pjaid.actors.pace import batch

CHECK_S = 60.0

MEASURED_WITHIN_S = 600.0
"""How long the daemon may look at what is stored: now and then at every page."""

DAY_MS = 86_400_000
DAYS = 30
"""Of growth that are added up."""

ROWS_AT_ONCE = 1_000


class StorageCheck:
    """Looks at what is stored.

    Args:
        present: the clock, in milliseconds since the epoch.
    """

    def __init__(self, present: Callable[[], int] = now_ms) -> None:
        self._present = present
        self._days: defaultdict[str, defaultdict[int, int]] = defaultdict(lambda: defaultdict(int))
        """What was recorded of each persona, by day."""
        self._after = 0
        self._grown: set[str] = set()

    def take_grown(self) -> set[str]:
        """The personas of whom something was recorded since this was asked last."""
        grown, self._grown = self._grown, set()
        return grown

    async def check(self, db: Database) -> None:
        """Adds up what was recorded since the last time, and raises or clears warnings."""
        storage = await self._follow(db)
        ids = [
            row["id"] async for page in db.pages(personas.select("id").limit(ROWS_AT_ONCE)) for row in page
        ]
        self._forget(ids)
        grown = {one: sum(self._days[one].values()) for one in ids if one in self._days}
        settings = (await read_settings(db)).settings
        there: list[WarningRow] = [
            row
            async for page in db.pages(warnings.where(warnings.kind.in_(KINDS)).limit(ROWS_AT_ONCE))
            for row in page
        ]
        for event in changes(there, figures(grown, storage, settings)):
            try:
                await db.commit(event)
            except NotFound:
                # The persona or the warning has just gone: the next minute knows.
                continue

    async def _follow(self, db: Database) -> StorageResult:
        """Adds up the log from where the last time ended, or from some days ago on."""
        while True:
            is_first = not self._after
            since = self._present() - DAYS * DAY_MS
            params = StorageParams(since=since) if is_first else StorageParams(after=self._after)
            async with batch():
                storage = await db.call(STORAGE, params, timeout=MEASURED_WITHIN_S)
            for part in storage.growth:
                if part.persona_id is not None:
                    self._days[part.persona_id][part.day] += part.bytes
                    if not is_first:
                        self._grown.add(part.persona_id)
            self._after = storage.seq
            if storage.seq >= storage.head:
                return storage

    def _forget(self, ids: list[str]) -> None:
        """Lets go of personas that are gone, and of days that are over."""
        first = self._present() // DAY_MS - DAYS + 1
        for gone in self._days.keys() - set(ids):
            del self._days[gone]
        for days in self._days.values():
            for day in [day for day in days if day < first]:
                del days[day]
