"""Owns what there is to know about a persona's memories as a whole, asked once: insights.

`pjai.queries.memory_insights` keeps some of it up to date.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from pjai import Database
from pjai.insights import DAY_MS
from pjai_wire.ids import now_ms
from pjai_wire.methods import PERSONA_FIGURES, AgeBucket, PersonaInsights, PersonaParams
from pjai_wire.methods.persona import AgeName
from pjai_wire.methods.storage import PersonaFiguresParams
from pjaid.actors.persona.declaration import persona

GROWTH_DAYS = 30
BUCKETS_DAYS: dict[AgeName, int] = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}
"""Memories are younger than so many days in each, and not in one before; older ones are in `older`."""


@persona.serves
async def insights(db: Database, params: PersonaParams) -> PersonaInsights:
    """Adds up what there is of each type, tier and age."""
    at = now_ms()
    since = (at // DAY_MS - GROWTH_DAYS + 1) * DAY_MS
    found = await db.call(PERSONA_FIGURES, PersonaFiguresParams(persona_id=params.id, at=at, since=since))
    by_type, by_tier, by_age = Counter[str](), Counter[str](), Counter[int]()
    for some in found.memories:
        by_type[some.type] += some.memories
        by_tier[some.tier] += some.memories
        by_age[some.days] += some.memories
    number = by_age.total()
    return PersonaInsights(
        id=params.id,
        at=at,
        memories=number,
        by_type=dict(by_type),
        by_tier=dict(by_tier),
        importance_average=sum(some.importance for some in found.memories) / number if number else None,
        ages=ages(by_age),
        growth=growth(by_age),
        conversations=found.conversations,
        # Both ends of a link are memories of one persona, and count it.
        links=sum(some.connections for some in found.memories) // 2,
        log_bytes=found.log_bytes,
        log_bytes_lately=found.log_bytes_lately,
    )


def ages(by_days: Mapping[int, int]) -> tuple[AgeBucket, ...]:
    """How many memories are of which age.

    Args:
        by_days: how many are so many whole days old.
    """
    counted: dict[AgeName, int] = dict.fromkeys((*BUCKETS_DAYS, "older"), 0)
    for days, number in by_days.items():
        counted[next((name for name, limit in BUCKETS_DAYS.items() if days < limit), "older")] += number
    return tuple(AgeBucket(name=name, memories=number) for name, number in counted.items())


def growth(by_days: Mapping[int, int]) -> tuple[int, ...]:
    """How many memories were made on each of the last days, the oldest day first.

    Args:
        by_days: how many are so many whole days old.
    """
    return tuple(by_days.get(days, 0) for days in reversed(range(GROWTH_DAYS)))
