"""Owns `pjai top`: what the daemon is at, and again each second."""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import AsyncIterator

import anyio
import click
from rich.live import Live

from pjai.cli.dashboard import HISTORY, Look, dashboard
from pjai.cli.invocation import Invocation, invoked
from pjai.cli.keys import pressed, single_keys
from pjai.database import Database
from pjai.queries import metric_series
from pjai.readings import Reading, reading, reading_of
from pjai_wire.measures import Measures, increase
from pjai_wire.methods import MetersResult

SECOND_MS = 1_000
IDLE = reading(Measures(), 1)


@click.command()
@invoked
@click.option(
    "--interval",
    type=click.FloatRange(min=0.1, max=60),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="Between two looks.",
)
@click.option("--once", is_flag=True, help="Look once, and end.")
async def top(invocation: Invocation, interval: float, *, once: bool) -> None:
    """What the daemon is at: rates, times, actors, live queries, storage; again each second.

    At a terminal a screen that keeps itself up to date, until q or Ctrl-C; otherwise a JSON line for each
    look. Each is about the time since the one before.
    """
    output = invocation.output
    async with invocation.connect() as db:
        if once:
            look = await anext(_looks(db, interval))
            if output.is_terminal:
                output.console.print(dashboard(look, [look.reading], output.console.width))
            else:
                output.document(look)
            return
        if output.is_terminal:
            await _show(invocation, db, interval)
            return
        async for look in _looks(db, interval):
            output.line(look)
            output.flush()


async def _show(invocation: Invocation, db: Database, interval: float) -> None:
    """Shows looks until somebody has seen enough."""
    with (
        single_keys(),
        Live(console=invocation.output.console, screen=True, auto_refresh=False) as screen,
    ):
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_draw, screen, db, interval)
                tasks.start_soon(_hear_signals, tasks.cancel_scope)
                await pressed("q", "Q")
                tasks.cancel_scope.cancel()
        except ExceptionGroup as group:
            raise group.exceptions[0] from None


async def _draw(screen: Live, db: Database, interval: float) -> None:
    history = deque(await _before(db), maxlen=HISTORY)
    async for look in _looks(db, interval):
        history.append(look.reading)
        screen.update(dashboard(look, list(history), screen.console.width), refresh=True)


async def _hear_signals(scope: anyio.CancelScope) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            scope.cancel()


async def _looks(db: Database, interval: float) -> AsyncIterator[Look]:
    """What is seen, each time of what came since the last."""
    before = await db.meters()
    while True:
        await anyio.sleep(interval)
        now = await db.meters()
        yield Look(
            at=now.at,
            version=db.hello.daemon,
            uptime_ms=now.uptime_ms,
            reading=_between(before, now),
            actors=tuple((await db.actors()).actors),
            live=tuple((await db.live_queries()).queries),
        )
        before = now


def _between(before: MetersResult, now: MetersResult) -> Reading:
    if before.instance != now.instance:
        return reading(now.measures, now.uptime_ms / 1000)
    passed_ms = now.uptime_ms - before.uptime_ms
    return reading(increase(before.measures, now.measures), passed_ms / 1000)


async def _before(db: Database) -> list[Reading]:
    """What the metrics actor has kept of the seconds before, idle ones too."""
    now = (await db.meters()).at // SECOND_MS * SECOND_MS
    begin = now - (HISTORY - 1) * SECOND_MS
    kept = {point.at: reading_of(point) for point in await db.query(metric_series(since=begin))}
    return [kept.get(at, IDLE) for at in range(begin, now, SECOND_MS)] if kept else []
