"""Owns the moving of memories to the tiers where they belong: now and then, and when somebody asks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any

from msgspec import UNSET, convert

from pjai import Database, memories, personas, v1
from pjai_wire.errors import Conflict, NotFound, PjaiError
from pjai_wire.ids import now_ms
from pjai_wire.methods import MemoryTendParams, MemoryTendResult
from pjaid.actors.memory_steward.progress import Progress
from pjaid.actors.memory_steward.rounds import due
from pjaid.actors.memory_steward.sharing import OneAtATime
from pjaid.actors.memory_steward.tiers import Doubtful, Standing, Verdict, doubtful, verdict
from pjaid.actors.pace import batch

ROUND_S = 300.0

ROWS_AT_ONCE = 100
"""Few, as a commit that moves many holds up those of others."""

PERSONAS_AT_ONCE = 1_000

_COLUMNS = ("id", "last_accessed_at", "importance", "connection_count", "pinned")


class Tiering:
    """Moves memories.

    Args:
        progress: told how far it is.
        take_grown: tells of whom something was recorded since it was asked last.
        present: the clock, in milliseconds since the epoch.
    """

    def __init__(
        self,
        progress: Progress,
        take_grown: Callable[[], Collection[str]],
        present: Callable[[], int] = now_ms,
    ) -> None:
        self._progress = progress
        self._take_grown = take_grown
        self._present = present
        self._looked_at: dict[str, int] = {}
        self._grown: set[str] = set()
        """Of whom something was recorded, and who were not looked at since."""
        self._one_at_a_time = OneAtATime[MemoryTendResult]()

    async def round(self, db: Database) -> None:
        """Looks at the memories of personas in use, and at those of others once a day."""
        known = [one async for page in db.pages(personas.limit(PERSONAS_AT_ONCE)) for one in page]
        self._grown.update(self._take_grown())
        ids = due(known, self._looked_at, self._grown, self._present())
        await self._one_at_a_time.do(tuple(ids), partial(self._look_at, db, ids))
        self._looked_at = {one.id: at for one in known if (at := self._looked_at.get(one.id)) is not None}
        self._grown.clear()

    async def tend(self, db: Database, params: MemoryTendParams) -> MemoryTendResult:
        """Looks at the memories of a persona, or of all, now. Who asks while others wait for that shares it.

        Raises:
            NotFound: there is no such persona.
        """
        some = personas.all() if params.persona_id is UNSET else personas.where(id=params.persona_id)
        ids = some.select("id").limit(PERSONAS_AT_ONCE)
        found = [row["id"] async for page in db.pages(ids) for row in page]
        if not found and params.persona_id is not UNSET:
            raise NotFound("there is no such persona", hint="see: pjai query personas")
        return await self._one_at_a_time.do(tuple(found), partial(self._look_at, db, found))

    async def _look_at(self, db: Database, persona_ids: Iterable[str]) -> MemoryTendResult:
        problems: list[PjaiError] = []
        with self._progress.of_a_pass() as progress:
            for persona_id in persona_ids:
                progress.persona_id = persona_id
                now = self._present()
                try:
                    for some in doubtful(now):
                        await self._settle(db, persona_id, some, now)
                except PjaiError as problem:
                    # Of one persona it may be for ever: those after it have their turn all the same.
                    problems.append(problem)
                else:
                    # Not before: it may end in the middle, and the next round is to look again.
                    self._looked_at[persona_id] = now
        if problems:
            raise problems[0]
        return MemoryTendResult(seen=progress.seen, moved=progress.moved)

    async def _settle(self, db: Database, persona_id: str, some: Doubtful, now: int) -> None:
        """Moves those of some doubtful memories that belong elsewhere."""
        asked = (
            memories.where(*some.conditions, persona_id=persona_id, pinned=some.pinned, memory_tier=some.tier)
            .order_by(memories.importance)
            .limit(ROWS_AT_ONCE)
            .select(*_COLUMNS)
        )
        pages = aiter(db.pages(asked))
        while True:
            async with batch():
                page = await anext(pages, None)
                if page is None:
                    return
                self._progress.seen += len(page)
                moves = _moves(page, some.tier, now)
                if moves:
                    self._progress.moved += await _commit(db, persona_id, moves)


def _moves(page: Iterable[Mapping[str, Any]], tier: str, now: int) -> dict[Verdict, list[str]]:
    """Which memories belong elsewhere: their ids, by where and why."""
    moves: defaultdict[Verdict, list[str]] = defaultdict(list)
    for row in page:
        found = verdict(convert(row, Standing), now)
        if found is not None and found.tier != tier:
            moves[found].append(row["id"])
    return moves


async def _commit(db: Database, persona_id: str, moves: Mapping[Verdict, list[str]]) -> int:
    """Moves memories; how many."""
    events = [
        v1.MemoriesTiered(id=persona_id, ids=tuple(ids), tier=found.tier, reason=found.reason)
        for found, ids in moves.items()
    ]
    try:
        await db.commit(*events)
    except Conflict:
        # One was deleted or pinned meanwhile: the next round looks at the others again.
        return 0
    return sum(map(len, moves.values()))
