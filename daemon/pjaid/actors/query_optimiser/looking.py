"""Owns a look at the daemon's queries, indexes and page cache, and what it leads to."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import anyio
from msgspec import Struct, field

from pjai import Database, indexes, system_config, v1
from pjai_wire import limits
from pjai_wire.errors import Conflict, LimitExceeded
from pjai_wire.ids import now_ms
from pjai_wire.methods import (
    ANALYZE,
    INDEX_CREATE,
    INDEX_DROP,
    INDEX_PROVE,
    QUERY_SHAPES,
    AdvisedIndex,
    AnalyzeParams,
    IndexDropParams,
    IndexParams,
    IndexProof,
    IndexProveParams,
    Nothing,
    OptimiserMode,
    OptimiserRunResult,
    OptimiserStatusResult,
    QueryShape,
    QueryShapesResult,
)
from pjai_wire.records import Index
from pjaid.actors.query_optimiser import keeping
from pjaid.actors.query_optimiser.advice import Candidate, advise, candidates, scanned_a_run, us_a_run
from pjaid.actors.query_optimiser.tuning import Tuning

MODE = "optimiser.mode"
"""The row of `system_config` that chooses; where it is no mode, its owner wanted something else than all."""

MODES: tuple[OptimiserMode, ...] = get_args(OptimiserMode)
MODE_DEFAULT: OptimiserMode = "auto"
MODE_MISTAKEN: OptimiserMode = "observe"

SHAPES_TOLD_MAX = 50
INDEXES_MAX = limits.QUERY_ROWS_MAX


class _Led(Struct):
    """What a look has led to so far."""

    proposed: list[str] = field(default_factory=list)
    created: list[str] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    measured: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    analyzed: list[str] = field(default_factory=list)


class Looks:
    """Looks, one after the other.

    Args:
        now: the present, in milliseconds since the epoch.
    """

    def __init__(self, now: Callable[[], int] = now_ms) -> None:
        self._now = now
        self._one_at_a_time = anyio.Lock()
        self._looked_at: int | None = None
        self._tuning = Tuning(now)
        self._rows_analyzed: dict[str, int] = {}
        """How many rows tables had at most when SQLite was let to look again."""

    async def status(self, db: Database) -> OptimiserStatusResult:
        """What there is to see now, and what was done about it."""
        seen = await db.call(QUERY_SHAPES, Nothing())
        return OptimiserStatusResult(
            mode=await _mode(db),
            looked_at=self._looked_at,
            shapes=seen.shapes[:SHAPES_TOLD_MAX],
            indexes=[_advised(one) for one in await _known(db)],
            database_bytes=seen.database_bytes,
            index_bytes=seen.index_bytes,
            index_bytes_max=seen.index_bytes_max,
            page_cache=self._tuning.told(seen.page_cache),
        )

    async def look(self, db: Database) -> OptimiserRunResult:
        """Looks at everything, and does about it what the mode allows."""
        async with self._one_at_a_time:
            mode = await _mode(db)
            led = _Led()
            seen = await db.call(QUERY_SHAPES, Nothing())
            size = await self._tuning.look(db, seen.page_cache, mode)
            if mode != "observe":
                known = await _known(db)
                await self._keep(db, seen, known, led, may_drop=mode == "auto")
                await self._propose(db, seen, known, led)
                if mode == "auto":
                    await _create(db, led)
                    await self._analyze(db, seen, led)
            self._looked_at = self._now()
        return OptimiserRunResult(
            proposed=tuple(led.proposed),
            created=tuple(led.created),
            rejected=tuple(led.rejected),
            measured=tuple(led.measured),
            dropped=tuple(led.dropped),
            analyzed=tuple(led.analyzed),
            page_cache_bytes=size,
        )

    async def _keep(
        self, db: Database, seen: QueryShapesResult, known: list[Index], led: _Led, *, may_drop: bool
    ) -> None:
        """Measures the indexes that were made, and drops those that should go."""
        for index in known:
            if index.state != "created":
                continue
            found = keeping.measured(index, seen.shapes)
            if keeping.is_due(index, found):
                await db.commit(
                    v1.IndexMeasured(
                        id=index.id,
                        runs=found.runs,
                        time_gain=found.time_gain,
                        rows_gain=found.rows_gain,
                        last_used_at=found.last_used_at,
                        at=self._now(),
                    )
                )
                led.measured.append(index.id)
            reason = keeping.objection(index, found, seen.shapes, self._now())
            if reason and may_drop:
                await _drop(db, index, reason, led)
        # One at a time: what is left to do without, the next look knows.
        excess = keeping.in_excess(known, seen)
        if excess is not None and may_drop and not led.dropped:
            room = f"indexes take {seen.index_bytes} bytes, and may take {seen.index_bytes_max}"
            await _drop(db, excess, f"{room}; for its own it saved the least time", led)

    async def _propose(self, db: Database, seen: QueryShapesResult, known: list[Index], led: _Led) -> None:
        """Proves what is worth a thought, and proposes what is worth its room."""
        thought_of = candidates(seen, known, self._now())
        proved = [
            (one, await db.call(INDEX_PROVE, IndexProveParams(table=one.table, columns=one.columns)))
            for one in thought_of
        ]
        advice = advise(proved)
        for proposal in advice.proposals:
            await db.commit(_proposed(proposal.candidate, proposal.proof, proposal.shapes, proposal.reason))
            led.proposed.append(proposal.proof.id)
        for candidate, proof, reason in advice.rejected:
            await db.commit(
                _proposed(candidate, proof, candidate.shapes, ""),
                v1.IndexRejected(id=proof.id, reason=reason),
            )
            led.rejected.append(proof.id)

    async def _analyze(self, db: Database, seen: QueryShapesResult, led: _Led) -> None:
        """Lets SQLite look again at tables that have grown; making an index does that too."""
        made = {index.of_table for index in await _known(db) if index.id in led.created}
        for table in keeping.grown(seen.tables, self._rows_analyzed):
            if table.name not in made:
                await db.call(ANALYZE, AnalyzeParams(table=table.name))
                self._rows_analyzed[table.name] = table.rows
                led.analyzed.append(table.name)


async def _drop(db: Database, index: Index, reason: str, led: _Led) -> None:
    await db.call(INDEX_DROP, IndexDropParams(id=index.id, reason=reason))
    led.dropped.append(index.id)


async def _create(db: Database, led: _Led) -> None:
    """Makes what is proposed, now or by whoever; what there is no room or no time for is rejected."""
    for index in await db.query(indexes.where(state="proposed").limit(INDEXES_MAX)):
        try:
            await db.call(INDEX_CREATE, IndexParams(id=index.id))
            led.created.append(index.id)
        except LimitExceeded as problem:
            await db.commit(v1.IndexRejected(id=index.id, reason=problem.message))
            led.rejected.append(index.id)
        except Conflict:
            # Somebody else was faster.
            continue


async def _mode(db: Database) -> OptimiserMode:
    row = await db.first(system_config.where(id=MODE))
    if row is None:
        return MODE_DEFAULT
    chosen: OptimiserMode = row.value if row.value in MODES else MODE_MISTAKEN
    return chosen


async def _known(db: Database) -> list[Index]:
    return await db.query(indexes.order_by(indexes.updated_at.desc()).limit(INDEXES_MAX))


def _proposed(
    candidate: Candidate, proof: IndexProof, shapes: tuple[QueryShape, ...], reason: str
) -> v1.IndexProposed:
    return v1.IndexProposed(
        id=proof.id,
        of_table=candidate.table,
        on_columns=candidate.columns,
        reason=reason,
        shapes=tuple(shape.id for shape in shapes[: limits.TAGS_MAX]),
        predicted_gain=min(keeping.GAIN_MAX, proof.gain),
        bytes_estimated=proof.bytes_estimated,
        scanned_before=scanned_a_run(shapes),
        us_before=us_a_run(shapes),
    )


def _advised(index: Index) -> AdvisedIndex:
    return AdvisedIndex(
        id=index.id,
        table=index.of_table,
        columns=index.on_columns,
        state=index.state,
        reason=index.reason,
        predicted_gain=index.predicted_gain,
        time_gain=index.time_gain,
        rows_gain=index.rows_gain,
        bytes=index.bytes_estimated if index.bytes is None else index.bytes,
        last_used_at=index.last_used_at,
    )
