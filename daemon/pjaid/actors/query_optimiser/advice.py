"""Owns which indexes are worth a thought, and which of those that were proved to make (pure).

A query shape deserves an index when it was asked often and looks at far more rows than it answers. The
columns that it compares with one value come first, then one range or its order: so SQLite uses all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from pjai_wire import limits
from pjai_wire.methods import IndexProof, IndexSize, QueryShape, QueryShapesResult
from pjai_wire.records import Index

RUNS_MIN = 100
"""A shape that was asked no more than so often deserves no index."""

SCANNED_MIN = 50
"""Rows that one run looks at; fewer are quick without an index."""

SCANNED_PER_ROW = 4
"""Rows that a run looks at for each that it answers, from which on an index is missing."""

SORTED_MIN = 1_000
"""Rows that one run sorts, from which on an index in that order is missing."""

ROWS_MIN = 1_000
"""A table with fewer rows is small."""

GAIN_MIN = 2.0
"""How many times less work an index must promise."""

CANDIDATES_MAX = 8
"""Proved in one look."""

DAY_MS = 24 * 3600 * 1000
RECONSIDERED_MS = 30 * DAY_MS
"""After which what was rejected or dropped is thought of again."""

GROWN_BY = 4
"""How many times as many rows reads must look at, for what was rejected to be thought of before."""

NO_MATTER = ("id", "deletedAt")
"""The index of ids needs no other beside it; and almost every row is not deleted."""


class Candidate(Struct, frozen=True):
    """An index to think of."""

    table: str
    columns: tuple[str, ...]
    shapes: tuple[QueryShape, ...]
    """That ask for it."""

    @property
    def total_us(self) -> int:
        """What they took."""
        return sum(shape.total_us for shape in self.shapes)


class Proposal(Struct, frozen=True):
    """An index that was proved, and is worth its room."""

    candidate: Candidate
    proof: IndexProof
    shapes: tuple[QueryShape, ...]
    """That would use it, and ask for it."""

    @property
    def saved_us(self) -> float:
        """What its shapes would have been spared."""
        gains = {one.shape: one.gain for one in self.proof.shapes}
        return sum(shape.total_us * (1 - 1 / gains[shape.id]) for shape in self.shapes)

    @property
    def reason(self) -> str:
        """Why, in a sentence without a value of anybody's."""
        runs = sum(shape.runs for shape in self.shapes)
        looked, answered = scanned_a_run(self.shapes), answered_a_run(self.shapes)
        told = f"{runs} reads looked at {looked:.0f} rows each and answered {answered:.0f}"
        return f"{told}; sorted after they were found" if all(one.sorts for one in self.shapes) else told


class Advice(Struct, frozen=True):
    """What to make of the proofs."""

    proposals: tuple[Proposal, ...]
    rejected: tuple[tuple[Candidate, IndexProof, str], ...]
    """Each with the reason."""


def candidates(seen: QueryShapesResult, known: Sequence[Index], now_ms: int) -> list[Candidate]:
    """The indexes to prove, those whose shapes took the longest first.

    A shape for which an index is proposed waits until that is made, so that nobody proposes another one too.

    Args:
        seen: what the daemon tells of its queries and indexes.
        known: what was thought of before.
        now_ms: the present, since the epoch.
    """
    rows = {table.name: table.rows for table in seen.tables}
    settled = {(one.of_table, one.on_columns): one for one in known if not _is_open(one, now_ms)}
    waiting = {shape for one in known if one.state == "proposed" for shape in one.shapes}
    asked: dict[tuple[str, tuple[str, ...]], list[QueryShape]] = {}
    slow = [
        shape
        for shape in seen.shapes
        if rows.get(shape.table, 0) >= ROWS_MIN and lacks_index(shape) and shape.id not in waiting
    ]
    for shape in slow:
        often = _often_equal(one for one in seen.shapes if one.table == shape.table)
        for columns in _columns(shape, often):
            if not _has(seen.indexes, shape.table, columns):
                asked.setdefault((shape.table, columns), []).append(shape)
    found = [
        Candidate(table, columns, tuple(shapes))
        for (table, columns), shapes in asked.items()
        if (before := settled.get((table, columns))) is None or _is_another_matter(before, shapes)
    ]
    found.sort(key=lambda one: (-one.total_us, len(one.columns), one.columns))
    return found[:CANDIDATES_MAX]


def lacks_index(shape: QueryShape) -> bool:
    """Whether a shape was asked often, and looks at far more rows than it answers."""
    if shape.runs <= RUNS_MIN or not shape.samples:
        return False
    scanned = scanned_a_run([shape])
    needed = answered_a_run([shape])
    return scanned >= SCANNED_MIN and (
        scanned >= SCANNED_PER_ROW * needed or (shape.sorts and scanned >= SORTED_MIN)
    )


def advise(proved: Sequence[tuple[Candidate, IndexProof]]) -> Advice:
    """Which of the proved indexes to make: at most one a table, as it changes what its queries take.

    Together they never take more room than indexes may.
    """
    good: list[Proposal] = []
    rejected: list[tuple[Candidate, IndexProof, str]] = []
    for candidate, proof in proved:
        if problem := objection(candidate, proof):
            rejected.append((candidate, proof, problem))
        else:
            used = {one.shape for one in proof.shapes if one.is_used}
            good.append(Proposal(candidate, proof, tuple(one for one in candidate.shapes if one.id in used)))
    good.sort(key=lambda one: (-one.saved_us, one.proof.bytes_estimated, one.candidate.columns))
    chosen: dict[str, Proposal] = {}
    taken = 0
    for proposal in good:
        proof = proposal.proof
        fits = proof.index_bytes + taken + proof.bytes_estimated <= proof.index_bytes_max
        if proposal.candidate.table not in chosen and fits:
            chosen[proposal.candidate.table] = proposal
            taken += proof.bytes_estimated
    return Advice(tuple(chosen.values()), tuple(rejected))


def objection(candidate: Candidate, proof: IndexProof) -> str:
    """Why a proved index is not worth it, in a sentence; empty where it is."""
    wanted = {shape.id for shape in candidate.shapes}
    used = [one for one in proof.shapes if one.is_used and one.shape in wanted]
    if not used:
        return "SQLite would not use it"
    best = max(one.gain for one in used)
    if min(best, proof.gain) < GAIN_MIN:
        return f"its queries would be {min(best, proof.gain):.1f} times less work, and {GAIN_MIN:g} is asked"
    left = proof.index_bytes_max - proof.index_bytes
    if proof.bytes_estimated > left:
        return f"it would take {proof.bytes_estimated} bytes, and {max(0, left)} are left for indexes"
    return ""


def scanned_a_run(shapes: Iterable[QueryShape]) -> float:
    """How many rows a run of some shapes looks at."""
    return _mean((shape.runs, shape.scanned / shape.samples) for shape in shapes if shape.samples)


def answered_a_run(shapes: Iterable[QueryShape]) -> float:
    """How many rows a run of some shapes answers."""
    return _mean((shape.runs, shape.rows / shape.runs) for shape in shapes if shape.runs)


def us_a_run(shapes: Iterable[QueryShape]) -> float:
    """How many microseconds a run of some shapes takes."""
    return _mean((shape.runs, shape.total_us / shape.runs) for shape in shapes if shape.runs)


def _mean(weighted: Iterable[tuple[int, float]]) -> float:
    total, weight = 0.0, 0
    for runs, value in weighted:
        total, weight = total + runs * value, weight + runs
    return total / weight if weight else 0.0


def _is_open(index: Index, now_ms: int) -> bool:
    """Whether an index may be thought of again."""
    return index.state in ("rejected", "dropped") and index.updated_at + RECONSIDERED_MS <= now_ms


def _is_another_matter(index: Index, shapes: Iterable[QueryShape]) -> bool:
    """Whether its reads look at so much more than when an index was rejected that it may be worth it now."""
    its = [shape for shape in shapes if shape.id in index.shapes]
    return index.state == "rejected" and scanned_a_run(its) >= GROWN_BY * max(1.0, index.scanned_before)


def _has(indexes: Iterable[IndexSize], table: str, columns: tuple[str, ...]) -> bool:
    """Whether an index of all rows begins with these columns."""
    return any(
        one.is_whole and one.table == table and one.columns[: len(columns)] == columns for one in indexes
    )


def _often_equal(shapes: Iterable[QueryShape]) -> Mapping[str, int]:
    """How often each column is compared with one value."""
    often: Counter[str] = Counter()
    for shape in shapes:
        often.update(dict.fromkeys(shape.equal, shape.runs))
    return often


def _columns(shape: QueryShape, often: Mapping[str, int]) -> Iterator[tuple[str, ...]]:
    """What an index for a shape could consist of, the shortest first.

    Columns that many queries compare stand first, so that one index serves several.
    """
    if "id" in shape.equal:
        return
    equal = sorted((one for one in shape.equal if one not in NO_MATTER), key=lambda one: (-often[one], one))
    taken = (*NO_MATTER, *equal)
    order = [name for name in dict.fromkeys(name for name, _ in shape.order) if name not in taken]
    is_one_way = len({direction for _, direction in shape.order}) == 1
    found = {tuple(equal): None}
    found |= {(*equal, one): None for one in shape.ranges if one not in taken}
    if order and is_one_way:
        found |= {(*equal, order[0]): None, (*equal, *order): None}
    for columns in found:
        if 0 < len(columns) <= limits.INDEX_COLUMNS_MAX:
            yield columns
