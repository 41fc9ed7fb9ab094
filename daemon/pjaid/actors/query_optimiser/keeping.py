"""Owns what a made index gained, whether it stays, and when SQLite is to look at a table again (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from pjai_wire.methods import QueryShape, QueryShapesResult, TableSize
from pjai_wire.records import Index
from pjaid.actors.query_optimiser.advice import DAY_MS, ROWS_MIN, scanned_a_run, us_a_run

RUNS_MEASURED = 100
"""Of its queries, before an index is judged."""

MEASURED_AGAIN_MS = DAY_MS

PAYS_MIN = 1.2
"""How many times faster its queries must be, or how many times fewer rows they must look at."""

UNUSED_MS_MAX = 30 * DAY_MS

READS_WITHOUT_MIN = 1_000
"""Of its table, by queries that are still asked, before an index is unused: who does not read, needs none."""

GROWN_BY = 2
"""How many times larger than SQLite knows a table is, when it is to look again."""

GAIN_MAX = 1e6
"""A gain that is told; past it a number says no more."""


class Measured(Struct, frozen=True):
    """What an index gained."""

    runs: int
    """Of all queries that use it."""
    judged_runs: int
    """Of those among them that it was made for, and that were looked at closely."""
    time_gain: float
    rows_gain: float
    last_used_at: int | None
    """None where no run since then is known."""

    @property
    def pays(self) -> bool:
        """Whether it is worth its room."""
        return max(self.time_gain, self.rows_gain) >= PAYS_MIN


def measured(index: Index, shapes: Iterable[QueryShape]) -> Measured:
    """What an index gained, by the runs since it was made of the queries that it is for."""
    used = [shape for shape in shapes if index.id in shape.indexes and shape.runs]
    # What others take cannot be held against what these took before.
    its = [shape for shape in used if shape.id in index.shapes and shape.samples]
    return Measured(
        runs=sum(shape.runs for shape in used),
        judged_runs=sum(shape.runs for shape in its),
        time_gain=_ratio(index.us_before, us_a_run(its)) if its else index.time_gain or 1.0,
        rows_gain=_ratio(index.scanned_before, scanned_a_run(its)) if its else index.rows_gain or 1.0,
        last_used_at=max((shape.last_run_at or 0 for shape in used), default=None),
    )


def is_due(index: Index, found: Measured) -> bool:
    """Whether to record what an index gained: when it is known, and then once a day while it is used."""
    if index.time_gain is None and found.judged_runs >= RUNS_MEASURED:
        return True
    is_known = index.time_gain is not None or found.judged_runs > 0
    return is_known and (found.last_used_at or 0) - _last_used(index) >= MEASURED_AGAIN_MS


def objection(index: Index, found: Measured, shapes: Sequence[QueryShape], now_ms: int) -> str:
    """Why a made index should go, in a sentence; empty where it should stay."""
    if found.judged_runs >= RUNS_MEASURED and not found.pays:
        return (
            f"its queries are {found.time_gain:.1f} times faster,"
            f" and look at {found.rows_gain:.1f} times fewer rows"
        )
    passed_by = sum(one.runs for one in shapes if one.id in index.shapes and index.id not in one.indexes)
    if not found.runs and passed_by >= RUNS_MEASURED:
        return f"SQLite did not use it in {passed_by} reads that it was made for"
    used_at = max(_last_used(index), found.last_used_at or 0)
    others = [one for one in shapes if one.table == index.of_table and index.id not in one.indexes]
    reads = sum(one.runs for one in others if (one.last_run_at or 0) >= used_at + UNUSED_MS_MAX)
    if now_ms - used_at >= UNUSED_MS_MAX and reads >= READS_WITHOUT_MIN:
        return f"unused for {UNUSED_MS_MAX // DAY_MS} days"
    return ""


def in_excess(known: Iterable[Index], seen: QueryShapesResult) -> Index | None:
    """The made index that saves the least time for its room, where indexes take more of it than they may.

    They come to that when the database shrinks, an index grows faster than all else, or they may take less.
    """
    if seen.index_bytes <= seen.index_bytes_max:
        return None
    sizes = {one.name: one.bytes for one in seen.indexes}
    made = (index for index in known if index.state == "created" and sizes.get(index.id))
    return min(
        made,
        key=lambda one: (_saved_us(one, seen.shapes) / sizes[one.id], _last_used(one), one.id),
        default=None,
    )


def _saved_us(index: Index, shapes: Iterable[QueryShape]) -> float:
    """What its queries have been spared since they are counted: measured, or else as was predicted."""
    found = measured(index, shapes)
    is_known = index.time_gain is not None or found.judged_runs > 0
    gain = found.time_gain if is_known else index.predicted_gain
    return found.runs * index.us_before * (1 - 1 / max(1.0, gain))


def _last_used(index: Index) -> int:
    """When an index was of use, as far as was recorded; one that was just made is given time."""
    return max(index.created_at or 0, index.last_used_at or 0)


def grown(tables: Iterable[TableSize], looked_at: Mapping[str, int]) -> list[TableSize]:
    """The tables that are much larger than SQLite knows.

    Args:
        tables: with the rows that they have at most.
        looked_at: how many that was when SQLite looked last, by the tables' names, as far as is known. Rows
            that were purged count in it, and SQLite does not find them.
    """
    return [
        one
        for one in tables
        if one.rows >= ROWS_MIN and one.rows >= GROWN_BY * max(1, one.rows_known, looked_at.get(one.name, 0))
    ]


def _ratio(before: float, after: float) -> float:
    """How many times less; nothing that was known before is no gain."""
    return min(GAIN_MAX, before / max(after, 1e-6)) if before else 1.0
