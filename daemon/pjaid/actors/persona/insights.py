"""Owns what there is to know about a persona's memories as a whole, asked once: insights.

`pjai.queries.memory_insights` keeps some of it up to date.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from pjai import Database
from pjai.insights import DAY_MS, memory_groups, tally
from pjai_wire import limits
from pjai_wire.ids import now_ms
from pjai_wire.methods import STORAGE, AgeBucket, PersonaInsights, PersonaParams, StorageParams
from pjai_wire.select import total
from pjai_wire.tables import conversations, memories
from pjaid.actors.persona.declaration import existing, persona

GROWTH_DAYS = 30
WEEK_DAYS, QUARTER_DAYS, YEAR_DAYS = 7, 91, 365


@persona.serves
async def insights(db: Database, params: PersonaParams) -> PersonaInsights:
    """Counts what there is, and reads when what came lately was made."""
    await existing(db, params.id)
    at = now_ms()
    theirs = memories.where(persona_id=params.id)

    async def younger_than(days: int) -> int:
        return await db.count(theirs.where(memories.created_at > at - days * DAY_MS))

    groups = await db.query(memory_groups(params.id))
    counted = tally(groups)
    lately = theirs.where(memories.created_at > at - GROWTH_DAYS * DAY_MS).select("id", "created_at")
    ages_ms = [
        at - row["created_at"] async for rows in db.pages(lately.limit(limits.QUERY_ROWS_MAX)) for row in rows
    ]
    log_bytes, log_bytes_lately = await _stored(db, params.id, at)
    (ends,) = await db.query(theirs.group_by(n=total(memories.connection_count)))
    return PersonaInsights(
        id=params.id,
        at=at,
        memories=counted.total,
        by_type=counted.by_type,
        by_tier=counted.by_tier,
        importance_average=counted.importance_average,
        ages=ages(ages_ms, await younger_than(QUARTER_DAYS), await younger_than(YEAR_DAYS), counted.total),
        growth=growth(ages_ms),
        conversations=await db.count(conversations.where(persona_id=params.id)),
        # Both ends of a link are memories of one persona, and count it.
        links=(ends["n"] or 0) // 2,
        log_bytes=log_bytes,
        log_bytes_lately=log_bytes_lately,
    )


async def _stored(db: Database, persona_id: str, at: int) -> tuple[int, int]:
    """What the log holds of a persona in bytes, and how much of that came lately; reads the whole log."""
    whole = lately = after = 0
    first_day = at // DAY_MS - GROWTH_DAYS + 1
    while True:
        found = await db.call(STORAGE, StorageParams(after=after))
        for part in found.growth:
            if part.persona_id == persona_id:
                whole += part.bytes
                lately += part.bytes if part.day >= first_day else 0
        if found.seq >= found.head:
            return whole, lately
        after = found.seq


def ages(month_ms: Sequence[int], quarter: int, year: int, everything: int) -> tuple[AgeBucket, ...]:
    """How many memories are of which age.

    Args:
        month_ms: the ages of those that are not older than a month, in milliseconds.
        quarter: how many are not older than a quarter.
        year: how many are not older than a year.
        everything: how many there are.
    """
    day = sum(age < DAY_MS for age in month_ms)
    week = sum(age < WEEK_DAYS * DAY_MS for age in month_ms)
    up_to = (0, day, week, len(month_ms), quarter, year, everything)
    # Counted one after the other, a later number may be the smaller one.
    within = [max(0, upper - lower) for lower, upper in pairwise(up_to)]
    day, week, month, quarter, year, older = within
    return (
        AgeBucket(name="day", memories=day),
        AgeBucket(name="week", memories=week),
        AgeBucket(name="month", memories=month),
        AgeBucket(name="quarter", memories=quarter),
        AgeBucket(name="year", memories=year),
        AgeBucket(name="older", memories=older),
    )


def growth(ages_ms: Iterable[int]) -> tuple[int, ...]:
    """How many memories were made on each of the last days, the oldest day first.

    Args:
        ages_ms: in milliseconds, of those that are not older; what is yet to be counts as of now.
    """
    days = [0] * GROWTH_DAYS
    for age in ages_ms:
        days[-1 - max(0, age // DAY_MS)] += 1
    return tuple(days)
