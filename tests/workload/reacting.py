"""Owns the reactions, r1 alone, r2 and r3 among many other live queries."""

from __future__ import annotations

import pjai
from tests.workload.bench import Bench
from tests.workload.crowd import crowd
from tests.workload.data import MEMORY_TYPES
from tests.workload.reactions import Times, parameters, react_in_blocks
from tests.workload.report import Finding, Target
from tests.workload.timing import BLOCK_RUNS, spread

ECHOES_OVER_COMMIT = 2.0
"""How much longer than a commit the reaction to it may take."""

SOME_LIMIT = 1.2
MANY_LIMIT = 1.5


async def react(bench: Bench) -> Finding:
    """r1.

    The subscriber is a second connection of this process. Blocks of echoes and of commits with no live query
    open take turns with the reactions, because they are what a reaction is compared with.
    """
    async with pjai.connect(bench.home.endpoint, client="subscriber") as subscriber:
        times = Times()
        await react_in_blocks(bench, subscriber, bench.runs, parameters(bench.data.persona_ids), times)
    reaction, commit, echo = (spread(taken) for taken in (times.reactions, times.commits, times.echoes))
    over_us = reaction.p50 - commit.p50
    return Finding(
        title="react_1",
        spread=reaction,
        floor_p50=commit.p50,
        floor="w1 in turns with it, no live query open",
        target=Target(over_us / echo.p50, ECHOES_OVER_COMMIT, "echoes over w1"),
        details={"echo_us": echo.p50, "over_w1_us": over_us, "receipt_us": spread(times.receipts).p50},
    )


async def react_among_some(bench: Bench) -> Finding:
    """r2."""
    return await _react_among(bench, bench.some_live_queries, SOME_LIMIT)


async def react_among_many(bench: Bench) -> Finding:
    """r3."""
    return await _react_among(bench, bench.live_queries, MANY_LIMIT)


async def _react_among(bench: Bench, others: int, limit: float) -> Finding:
    """r1 while another process has so many live queries open, beside r1 before and after it.

    They are of the same kind, and so each write changes those of its persona and type as well, whose updates
    are sent too. Reactions to writes that change no other query, told beside it, take turns with these: the
    first persona's, of whom the others have none.
    """
    first, *rest = bench.data.persona_ids
    beside, apart = parameters(rest), parameters([first])
    before, after, among, unmixed = Times(), Times(), Times(), Times()
    async with pjai.connect(bench.home.endpoint, client="subscriber") as subscriber:
        await react_in_blocks(bench, subscriber, bench.runs // 2 + 1, beside, before)
        async with crowd(bench.db, bench.home.endpoint, others):
            for start in range(0, bench.runs, BLOCK_RUNS):
                runs = min(BLOCK_RUNS, bench.runs - start)
                await react_in_blocks(bench, subscriber, runs, beside, among)
                await react_in_blocks(bench, subscriber, runs, apart, unmixed)
                bench.progress.at(start / bench.runs)
        await react_in_blocks(bench, subscriber, bench.runs // 2 + 1, beside, after)
    reaction, alone = spread(among.reactions), spread(before.reactions + after.reactions)
    changing_none = spread(unmixed.reactions)
    return Finding(
        title=f"react_1 among {others} live queries",
        spread=reaction,
        floor_p50=alone.p50,
        floor="r1 before and after, together",
        target=Target(reaction.p50 / alone.p50, limit, "x r1"),
        details={
            "others_changed_too": others / (len(rest) * len(MEMORY_TYPES)),
            "changing_no_other_us": changing_none.p50,
            "changing_no_other_x_r1": changing_none.p50 / alone.p50,
            "r1_before_us": spread(before.reactions).p50,
            "r1_after_us": spread(after.reactions).p50,
            "w1_us": spread(among.commits + unmixed.commits).p50,
            "receipt_us": spread(among.receipts).p50,
            "echo_us": spread(among.echoes + unmixed.echoes).p50,
        },
    )
