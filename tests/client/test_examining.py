"""The look at a daemon by which its rules are held against it, here at a real one."""

from __future__ import annotations

import anyio
import pytest

import pjai
from pjai import Database, examining
from pjai.examining import examined
from pjai.testing import daemon

pytestmark = pytest.mark.anyio

WITHIN_S = 30
HOUR_MS = 3_600_000


async def until_up(db: Database) -> None:
    """Waits until the one actor serves."""
    meters = await db.meters()
    with anyio.fail_after(WITHIN_S):
        while (await db.actors()).actors[0].state != "up":
            # To register is something that happens.
            meters = await db.meters(after=meters.happened, within=WITHIN_S)


async def test_a_metrics_actor_that_keeps_no_points_is_found_once_it_could_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with daemon(actors="metrics") as running:
        async with pjai.connect(running.endpoint) as db:
            await until_up(db)
            assert "metrics_silent" not in {one.rule for one in await examined(db)}
            # As if it were an hour later, and the actor had served all the time.
            monkeypatch.setattr(examining, "SILENT_MS", -HOUR_MS)
            assert "metrics_silent" in {one.rule for one in await examined(db)}
