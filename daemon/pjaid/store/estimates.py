"""Owns estimates of what a plan costs and an index takes, from a sample of a table's rows (pure).

Rows for a value: as SQLite's planner has it, the table's rows divided by how many different values there
are (`sqlite_stat1`, https://sqlite.org/fileformat2.html#stat1tab), and a quarter of them for each bound of a
range (`whereRangeAdjust` in its where.c). Different values of the whole table from those of a sample: the
guaranteed error estimator of Charikar and others, "Towards estimation error guarantees for distinct values"
(PODS 2000).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct

from pjaid.store.values import SqlValue

RANGE_SHARE = 0.25
SORT_SHARE = 0.1
"""What one comparison of a sort costs, beside looking at a row in the table."""

ROW_OVERHEAD_BYTES = 8
"""Of an index's entry: its length, its place, and the lengths of its values."""

FILLED = 0.92
"""How much of an index's pages is entries, after it was made of sorted rows."""

_PLAN = re.compile(r"(SEARCH|SCAN) \w+(?: USING (?:COVERING )?INDEX (\w+)(?: \((.*)\))?)?")
_TERM = re.compile(r"\w+([=<>])\?")
_SORTS = "USE TEMP B-TREE"
_PARTLY = " FOR LAST "
"""Rows come in the order but for those that are equal in its first columns, so it ends early too."""


class Sample(Struct, frozen=True):
    """Some rows of a table."""

    rows: int
    """How many the table has."""
    columns: Mapping[str, Sequence[SqlValue]]
    """Their values, column by column, in the order of the rows."""

    @property
    def size(self) -> int:
        """How many rows it has."""
        return len(next(iter(self.columns.values()), ()))

    def rows_a_value(self, columns: Sequence[str]) -> float:
        """How many rows of the table have the same values in `columns`."""
        return max(1.0, self.rows / max(1.0, self.different(columns)))

    def different(self, columns: Sequence[str]) -> float:
        """How many different values `columns` have together in the whole table."""
        if not columns or not self.size:
            return 1.0
        met = Counter(zip(*(self.columns[name] for name in columns), strict=True))
        once = sum(1 for times in met.values() if times == 1)
        return min(self.rows, math.sqrt(max(1.0, self.rows / self.size)) * once + len(met) - once)

    def entry_bytes(self, columns: Sequence[str]) -> float:
        """How long an entry of an index of `columns` is."""
        total = sum(_stored_bytes(value) for name in columns for value in self.columns[name])
        return ROW_OVERHEAD_BYTES + total / max(1, self.size)

    def index_bytes(self, columns: Sequence[str]) -> int:
        """How large an index of `columns` is."""
        return int(self.rows * self.entry_bytes(columns) / FILLED)


class Need(Struct, frozen=True):
    """What a query asks of a plan."""

    equal: Sequence[str]
    ranges: int
    """How many columns lie within a range."""
    rows_max: int
    """How many rows it answers at most; it needs no more where they come in its order."""
    is_grouped: bool


def work(plan: Sequence[str], indexes: Mapping[str, Sequence[str]], sample: Sample, need: Need) -> float:
    """How much a plan does: about the rows that it looks at, with what sorting them costs.

    Args:
        plan: the steps, as SQLite's EXPLAIN QUERY PLAN has them.
        indexes: the columns of each index.
        sample: of the table.
        need: what the query asks.
    """
    looked_at = 0.0
    for step in plan:
        if found := _PLAN.search(step):
            looked_at += _rows(found[2], found[3] or "", indexes, sample)
    matching = sample.rows * RANGE_SHARE**need.ranges
    for name in need.equal:
        matching /= sample.different([name])
    matching = max(1.0, min(looked_at, matching))
    if any(_SORTS in step and _PARTLY not in step for step in plan):
        return 1 + looked_at + SORT_SHARE * matching * math.log2(1 + matching)
    if need.is_grouped:
        return 1 + looked_at
    return 1 + looked_at * min(1.0, need.rows_max / matching)


def _rows(name: str | None, terms: str, indexes: Mapping[str, Sequence[str]], sample: Sample) -> float:
    """How many rows a step of a plan looks at."""
    signs = _TERM.findall(terms)
    equal = signs.count("=")
    if name is None or not signs:
        return float(sample.rows)
    columns = indexes.get(name)
    # An index that is not known is that of ids, or a partial one, which is made for few rows.
    found = 1.0 if columns is None else sample.rows_a_value(columns[:equal]) if equal else float(sample.rows)
    return max(1.0, found * RANGE_SHARE ** (len(signs) - equal))


def _stored_bytes(value: SqlValue) -> int:
    """https://sqlite.org/fileformat2.html#record_format."""
    match value:
        case None | 0 | 1:
            return 0
        case int():
            return next(
                size for size in (1, 2, 3, 4, 6, 8) if -(1 << 8 * size - 1) <= value < 1 << 8 * size - 1
            )
        case float():
            return 8
        case str():
            return len(value.encode())
        case _:
            return len(value)
