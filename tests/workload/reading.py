"""Owns the reads: q1, q2, q5 and q6, beside the same SQL in process and an echo."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from pjai_wire.methods import GetParams
from pjai_wire.select import Select
from pjai_wire.tables import memories
from pjaid.store.statements import Statement, compile_get, compile_query
from tests.workload.bench import Bench
from tests.workload.report import Finding, Target
from tests.workload.timing import Spread, alternate

QUERY_LIMIT = 1.4
POINT_GET_LIMIT = 1.6

FLOOR = "the same SQL in process, every row fetched, + an echo"


async def persona_load(bench: Bench) -> Finding:
    """q1."""
    return await _query(bench, "persona_load", bench.questions.persona_load)


async def memory_filter(bench: Bench) -> Finding:
    """q2."""
    return await _query(bench, "memory_filter", bench.questions.memory_filter)


async def conversation_load(bench: Bench) -> Finding:
    """q5."""
    return await _query(bench, "conversation_load", bench.questions.conversation_load)


async def point_get(bench: Bench) -> Finding:
    """q6, whose target is against the echo alone."""
    ids = bench.questions.point_get
    statements = [compile_get(GetParams(table="memories", id=memory_id)) for memory_id in ids]

    async def get(number: int) -> None:
        assert await bench.db.get(memories, ids[number % len(ids)]) is not None

    spreads = await _beside_floor(bench, statements, get)
    target = Target(spreads["operation"].p50 / spreads["echo"].p50, POINT_GET_LIMIT, "x echo")
    return _finding("point_get", spreads, target, {})


async def _query(bench: Bench, title: str, selects: Sequence[Select[Any]]) -> Finding:
    statements = [compile_query(select.query) for select in selects]

    async def query(number: int) -> None:
        await bench.db.query(selects[number % len(selects)])

    before = await bench.db.health()
    spreads = await _beside_floor(bench, statements, query)
    after = await bench.db.health()
    target = Target(spreads["operation"].p50 / _floor(spreads), QUERY_LIMIT, "x floor")
    hits, misses = after.cache_hits - before.cache_hits, after.cache_misses - before.cache_misses
    return _finding(
        title if bench.keeps_answers else f"{title}, no answer kept",
        spreads,
        target,
        {"from_memory_percent": 100 * hits / (hits + misses)},
    )


async def _beside_floor(
    bench: Bench, statements: Sequence[Statement], operation: Callable[[int], Awaitable[None]]
) -> dict[str, Spread]:
    sizes = [bench.read_floor.answer_bytes(statement) for statement in statements]

    async def sql(number: int) -> None:
        bench.read_floor.run(statements[number % len(statements)])

    async def sized(number: int) -> None:
        await bench.echo.answered(sizes[number % len(sizes)])

    return await alternate(
        bench.progress, bench.runs, echo=bench.echo.run, sized=sized, sql=sql, operation=operation
    )


def _floor(spreads: dict[str, Spread]) -> float:
    return spreads["sql"].p50 + spreads["echo"].p50


def _finding(title: str, spreads: dict[str, Spread], target: Target, details: dict[str, float]) -> Finding:
    return Finding(
        title=title,
        spread=spreads["operation"],
        floor_p50=_floor(spreads),
        floor=FLOOR,
        target=target,
        details={
            "sql_us": spreads["sql"].p50,
            "echo_us": spreads["echo"].p50,
            "echo_with_answers_of_this_size_us": spreads["sized"].p50,
            **details,
        },
    )
