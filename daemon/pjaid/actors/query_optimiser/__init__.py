"""Owns the query optimiser: indexes and a page cache for what is really read, measured before and after.

advice    which indexes to think of, and which proof is good enough (pure)
keeping   what a made index gained, and when it goes again (pure)
caching   how large the page cache ought to be (pure)
tuning    what is done about that
looking   a look at everything, and what it leads to
"""

from __future__ import annotations

from pjai import Database
from pjai.actor import Actor, Permissions
from pjai_wire.methods import Nothing, OptimiserRunResult, OptimiserStatusResult
from pjaid.actors.query_optimiser.looking import Looks

LOOKS_EVERY_S = 20.0

optimiser = Actor(
    "optimiser",
    may=Permissions(
        methods=(
            *("query", "commit", "query_shapes", "analyze"),
            *("index_prove", "index_create", "index_drop", "page_cache_resize"),
        ),
        events=(
            *("v1.IndexProposed", "v1.IndexMeasured", "v1.IndexRejected"),
            *("v1.PageCacheProposed", "v1.PageCacheMeasured"),
        ),
    ),
)

_looks = Looks()


@optimiser.serves
async def status(db: Database, _params: Nothing) -> OptimiserStatusResult:
    """What it sees, and did."""
    return await _looks.status(db)


@optimiser.serves_long
async def run(db: Database, _params: Nothing) -> OptimiserRunResult:
    """Looks now."""
    return await _looks.look(db)


@optimiser.every(LOOKS_EVERY_S)
async def look(db: Database) -> None:
    """Looks."""
    await _looks.look(db)
