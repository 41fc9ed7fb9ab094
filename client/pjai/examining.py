"""Owns the look at a daemon by which its rules are held against it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from pjai.database import Database
from pjai.queries import metric_series
from pjai.readings import reading, reading_of
from pjai.wellness import Finding, findings
from pjai_wire.methods import ActorInfo, MetersResult
from pjai_wire.tables import warnings

RECENTLY_MS = 60_000
SECONDS_MAX = 60

SILENT_MS = 180_000
"""While all is well there is a point a minute at least, whether anything happens or not."""


async def examined(db: Database) -> Sequence[Finding]:
    """What is not as it should be with a daemon, the worst first.

    Rates and times are those of the last minute, of which the metrics actor keeps points. Where it does not
    run, or nothing happened, there are none.

    Raises:
        PjaiError: the daemon does not answer, which is worse than anything that could be found.
    """
    meters = await db.meters()
    points = await db.query(metric_series(since=meters.at - RECENTLY_MS, limit=SECONDS_MAX))
    actors = (await db.actors()).actors
    present = reading(meters.measures, 0).gauges
    return findings(
        replace(reading_of(*points), gauges=present),
        actors,
        await db.query(warnings.all()),
        is_measured=await _is_measured(db, meters, actors),
    )


async def _is_measured(db: Database, meters: MetersResult, actors: Sequence[ActorInfo]) -> bool:
    """Whether there are points where there should be; an actor that is not up is found by itself."""
    since = meters.at - SILENT_MS
    serving = (one.started_at for one in actors if one.name == "metrics" and one.state == "up")
    if not any(begun is not None and begun < since for begun in serving):
        return True
    return bool(await db.query(metric_series("1min", since=since, limit=1)))
