"""Prometheus finds nobody while a place is taken: that is tried again, and told ever more seldom."""

from __future__ import annotations

import logging

import pytest

from pjaid.actors.metrics.actor import BOUND_AGAIN_S, try_again

pytestmark = pytest.mark.anyio


class Enough(Exception):
    """The test has seen what it wanted."""


async def test_a_place_that_stays_taken_is_told_ever_more_seldom(caplog: pytest.LogCaptureFixture) -> None:
    slept: list[float] = []
    tried = 0

    async def serve() -> None:
        nonlocal tried
        tried += 1
        raise OSError(98, "Address already in use")

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 100:
            raise Enough

    with caplog.at_level(logging.ERROR, "pjai.actor"), pytest.raises(Enough):
        await try_again(serve, sleep)
    assert (tried, slept) == (100, [BOUND_AGAIN_S] * 100)
    told = [record.getMessage() for record in caplog.records]
    assert [int(line.split()[-2]) for line in told] == [1, 2, 4, 8, 16, 32, 64]
    assert all("Address already in use" in line for line in told)
