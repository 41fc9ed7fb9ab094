"""Owns the start, s1, the first search after it, s4, and the memory that a daemon takes, s2."""

from __future__ import annotations

import sys
from time import perf_counter_ns

import anyio

import pjai
from pjai.database import Database
from pjai_wire.tables import memories
from tests.workload.data import EMBEDDING_MODEL, DataSet
from tests.workload.floors import unlocked
from tests.workload.processes import Home, child, daemon, memory_bytes
from tests.workload.progress import Progress
from tests.workload.questions import Questions, active_personas
from tests.workload.report import Finding, Target
from tests.workload.timing import spread

STARTS_MAX = 20
START_LIMIT_S = 0.5

MIXED_QUERIES_MAX = 1_000
MEMORY_LIMIT_MB = 50.0
MEGABYTE = 1e6


async def cold_start(home: Home, runs: int, progress: Progress) -> Finding:
    """s1, on files that the system has in its cache; the passphrase comes from the environment."""
    starts: list[float] = []
    empty: list[float] = []
    keys: list[float] = []
    times = min(runs, STARTS_MAX)
    for number in range(times + 1):
        begun = perf_counter_ns()
        await anyio.run_process([sys.executable, "-c", ""])
        interpreter_done = perf_counter_ns()
        unlocked(home)
        key_done = perf_counter_ns()
        starts.append(await _start(home))
        empty.append((interpreter_done - begun) / 1000)
        keys.append((key_done - interpreter_done) / 1000)
        progress.at(number / times)
    start, interpreter, key = (spread(taken[1:]) for taken in (starts, empty, keys))
    return Finding(
        title="cold_start to the first q1",
        spread=start,
        floor_p50=interpreter.p50 + key.p50,
        floor="an empty interpreter, and the passphrase's Argon2id",
        target=Target(start.p50 / 1e6, START_LIMIT_S, "s"),
        details={"interpreter_us": interpreter.p50, "argon2id_us": key.p50},
    )


async def first_search(home: Home, data: DataSet, runs: int, progress: Progress) -> Finding:
    """s4: the first search by meaning of a daemon that was just started, in one persona and across all."""
    (memory,) = data.more_memories(1)
    assert memory.embedding is not None
    across: list[float] = []
    inside: list[float] = []
    times = min(runs, STARTS_MAX)
    for number in range(times + 1):
        for taken, among in (
            (across, memories.all()),
            (inside, memories.where(persona_id=memory.persona_id)),
        ):
            async with daemon(home), pjai.connect(home.endpoint, client="benchmark") as db:
                begun = perf_counter_ns()
                await db.search("", among, vector=memory.embedding, model=EMBEDDING_MODEL)
                taken.append((perf_counter_ns() - begun) / 1000)
        progress.at(number / times)
    found = spread(across[1:])
    return Finding(
        title="first search after a restart, all personas",
        spread=found,
        target=Target(found.p50 / 1e6, START_LIMIT_S, "s"),
        details={"inside_a_persona_us": spread(inside[1:]).p50},
    )


async def _start(home: Home) -> float:
    begun = perf_counter_ns()
    async with daemon(home), pjai.connect(home.endpoint, client="benchmark") as db:
        await db.query(active_personas())
        return (perf_counter_ns() - begun) / 1000


async def memory(home: Home, questions: Questions, runs: int) -> Finding:
    """s2, of a daemon that was just started."""
    async with (
        daemon(home) as process,
        pjai.connect(home.endpoint, client="benchmark") as db,
        child("-c", "print(flush=True); input()") as empty,
    ):
        await empty.line()
        await db.query(active_personas())
        started = memory_bytes(process.pid)
        await _mixed_queries(db, questions, min(runs, MIXED_QUERIES_MAX))
        taken, floor = memory_bytes(process.pid), memory_bytes(empty.pid)
    over = (taken - floor) / MEGABYTE
    return Finding(
        title="memory",
        target=Target(over, MEMORY_LIMIT_MB, "MB over an empty interpreter"),
        details={
            "megabytes": taken / MEGABYTE,
            "after_start_megabytes": started / MEGABYTE,
            "empty_interpreter_megabytes": floor / MEGABYTE,
        },
    )


async def _mixed_queries(db: Database, questions: Questions, number: int) -> None:
    for position in range(0, number, 4):
        await db.query(questions.persona_load[position % len(questions.persona_load)])
        await db.query(questions.memory_filter[position % len(questions.memory_filter)])
        await db.query(questions.conversation_load[position % len(questions.conversation_load)])
        await db.get(memories, questions.point_get[position % len(questions.point_get)])
