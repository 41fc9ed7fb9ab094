"""Owns the cache: how many of the workload's repeated queries the daemon answers from memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pjai_wire.select import Select
from tests.workload.bench import Bench
from tests.workload.report import Finding, Target

HIT_PERCENT = 80.0
MEGABYTE = 1e6


async def hit_rate(bench: Bench) -> Finding:
    """The answers from memory of all, while q1, q2 and q5 are asked as they are measured, one by one.

    The daemon was just started, so whatever is asked first counts as a miss; nothing is committed. Asked in
    turns with each other, which is told beside it, the answers of all three must find room at once.
    """
    questions = bench.questions
    repeated: dict[str, Sequence[Select[Any]]] = {
        "q1": questions.persona_load,
        "q2": questions.memory_filter,
        "q5": questions.conversation_load,
    }
    counts = {}
    for done, (name, selects) in enumerate(repeated.items()):
        counts[name] = await _asked(bench, [selects])
        bench.progress.at((done + 1) / (len(repeated) + 1))
    mixed = await _asked(bench, list(repeated.values()))
    health = await bench.db.health()
    hits, asked = (sum(column) for column in zip(*counts.values(), strict=True))
    return Finding(
        title="answers from memory",
        target=Target(100 * hits / asked, HIT_PERCENT, "% of q1, q2, q5", at_least=True),
        details={
            **{f"{name}_percent": 100 * found / asked for name, (found, asked) in counts.items()},
            "in_turns_percent": 100 * mixed[0] / mixed[1],
            "answers": health.cache_entries,
            "megabytes": health.cache_bytes / MEGABYTE,
        },
    )


async def _asked(bench: Bench, kinds: Sequence[Sequence[Select[Any]]]) -> tuple[int, int]:
    """How many answers came from memory, and how many there were."""
    before = await bench.db.health()
    for number in range(bench.runs):
        for selects in kinds:
            await bench.db.query(selects[number % len(selects)])
    after = await bench.db.health()
    hits = after.cache_hits - before.cache_hits
    return hits, hits + after.cache_misses - before.cache_misses
