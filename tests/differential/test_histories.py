"""Whatever happens, and in whichever order it is heard of: what is maintained equals a fresh query."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import anyio
import pytest

from tests.differential.history import play

HISTORIES = int(os.environ.get("PJAI_TEST_HISTORIES", "300"))
"""`make soak-live` asks for 10,000."""

ONLY = os.environ.get("PJAI_TEST_SEED")
"""The seed of the only history to play."""

FIRST = int(os.environ.get("PJAI_TEST_FIRST_SEED", "0"))

SEEDS = [int(ONLY)] if ONLY else range(FIRST, FIRST + HISTORIES)
HISTORIES_PER_TEST = 100


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, len(SEEDS), HISTORIES_PER_TEST))
def test_what_is_maintained_equals_a_fresh_query(start: int, capsys: pytest.CaptureFixture[str]) -> None:
    some = SEEDS[start : start + HISTORIES_PER_TEST]
    anyio.run(play_all, some, backend_options={"use_uvloop": True})
    if len(SEEDS) > 300:
        with capsys.disabled():
            sys.stdout.write(f"\r{start + len(some)} of {len(SEEDS)} histories ")
            sys.stdout.flush()


async def play_all(seeds: Sequence[int]) -> None:
    """Plays the histories of some seeds."""
    for seed in seeds:
        await play(seed)
