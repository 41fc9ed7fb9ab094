"""Owns what the metrics actor does: looks when something happens, and tells Prometheus."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import NoReturn

import anyio

from pjai import Database
from pjai.actor import Actor, Permissions
from pjai_wire.methods import METRICS_RECORD, MetersResult, MetricsRecordParams
from pjaid.actors.metrics.keeping import Keeping

INTERVAL_S = 1.0
BOUND_AGAIN_S = 10.0
"""How long a listener waits whose place is taken."""

metrics = Actor("metrics", may=Permissions(methods=("meters", "metrics_record")))

_log = logging.getLogger("pjai.actor")
_keeping = Keeping()


class _Seen:
    """What was measured last."""

    last: MetersResult | None = None


@metrics.every(INTERVAL_S)
async def look(db: Database) -> None:
    """Keeps a point of what happened, once something does."""
    last = _Seen.last
    now = _Seen.last = (
        await db.meters()
        if last is None
        else await db.meters(after=last.happened, within=_keeping.idle_s_left(last))
    )
    point = _keeping.point(now)
    if point is not None:
        params = MetricsRecordParams(
            at=now.at, counts=point.counts, gauges=point.gauges, latencies=point.latencies
        )
        await db.call(METRICS_RECORD, params)
        _keeping.keep(now)


@metrics.runs
async def tell_prometheus(db: Database) -> None:
    """Answers Prometheus, where the settings say that it asks."""
    port, socket = metrics.settings["prometheus_port"], metrics.settings["prometheus_socket"]
    if not port and not socket:
        await anyio.sleep_forever()
    # Imported where it is wanted: it takes some megabytes.
    from pjaid.actors.metrics import listening

    await try_again(partial(listening.serve, port, Path(socket) if socket else None, db.meters), anyio.sleep)


async def try_again(
    serve: Callable[[], Awaitable[None]], sleep: Callable[[float], Awaitable[None]]
) -> NoReturn:
    """Serves where that can be, and tries again where it cannot, each time after as long.

    The log is told the first time, and then ever more seldom: each time that it is twice as often.

    Args:
        serve: raises `OSError` where it cannot.
        sleep: by which is waited.
    """
    failures = 0
    while True:
        try:
            await serve()
        except OSError as error:
            failures += 1
            if failures.bit_count() == 1:
                _log.error("Prometheus finds nothing: %s (tried %d times)", error.strerror, failures)
        await sleep(BOUND_AGAIN_S)
