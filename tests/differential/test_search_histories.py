"""Whatever happens, and in whichever order it is heard of: a watched search equals a fresh one."""

from __future__ import annotations

import os

import anyio
import pytest

from tests.differential.search_history import play
from tests.differential.test_histories import FIRST, ONLY

HISTORIES = min(1_000, int(os.environ.get("PJAI_TEST_HISTORIES", "50")))
SEEDS = [int(ONLY)] if ONLY else range(FIRST, FIRST + HISTORIES)
HISTORIES_PER_TEST = 25


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, len(SEEDS), HISTORIES_PER_TEST))
def test_a_watched_search_equals_a_fresh_one(start: int) -> None:
    async def play_some() -> None:
        for seed in SEEDS[start : start + HISTORIES_PER_TEST]:
            await play(seed)

    anyio.run(play_some, backend_options={"use_uvloop": True})
