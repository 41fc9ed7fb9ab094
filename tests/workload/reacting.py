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

SOME_ROUNDS = 5
MANY_ROUNDS = 1
"""How often the others come and go: a machine may be half as quick again a minute later. Many take ten
seconds to come."""


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
    return await _react_among(bench, bench.some_live_queries, SOME_LIMIT, SOME_ROUNDS)


async def react_among_many(bench: Bench) -> Finding:
    """r3."""
    return await _react_among(bench, bench.live_queries, MANY_LIMIT, MANY_ROUNDS)


async def _react_among(bench: Bench, others: int, limit: float, rounds: int) -> Finding:
    """r1 while another process has so many live queries open, in turns with r1 while it has none, last too.

    They are of the same kind, and so each write changes those of its persona and type as well, whose updates
    are sent too. Reactions to writes that change no other query, told beside it, take turns with these: the
    first persona's, of whom the others have none.
    """
    first, *rest = bench.data.persona_ids
    beside, apart = parameters(rest), parameters([first])
    without, among, unmixed = Times(), Times(), Times()
    runs, alone_runs = -(-bench.runs // rounds), -(-bench.runs // (rounds + 1))
    async with pjai.connect(bench.home.endpoint, client="subscriber") as subscriber:
        for number in range(rounds):
            await react_in_blocks(bench, subscriber, alone_runs, beside, without)
            async with crowd(bench.db, bench.home.endpoint, others):
                for start in range(0, runs, BLOCK_RUNS):
                    some = min(BLOCK_RUNS, runs - start)
                    await react_in_blocks(bench, subscriber, some, beside, among)
                    await react_in_blocks(bench, subscriber, some, apart, unmixed)
                    bench.progress.at((number + start / runs) / rounds)
        await react_in_blocks(bench, subscriber, alone_runs, beside, without)
    reaction, alone = spread(among.reactions), spread(without.reactions)
    changing_none = spread(unmixed.reactions)
    return Finding(
        title=f"react_1 among {others} live queries",
        spread=reaction,
        floor_p50=alone.p50,
        floor="r1 in turns with it, nobody else has a live query open",
        target=Target(reaction.p50 / alone.p50, limit, "x r1"),
        details={
            "others_changed_too": others / (len(rest) * len(MEMORY_TYPES)),
            "changing_no_other_us": changing_none.p50,
            "changing_no_other_x_r1": changing_none.p50 / alone.p50,
            "r1_us": alone.p50,
            "w1_us": spread(among.commits + unmixed.commits).p50,
            "receipt_us": spread(among.receipts).p50,
            "echo_us": spread(among.echoes + unmixed.echoes).p50,
        },
    )
