"""Owns what the tests of the optimiser's core are made of: shapes, proofs and indexes."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from pjai_wire.methods import (
    IndexProof,
    IndexSize,
    PageCache,
    ProvenShape,
    QueryShape,
    QueryShapesResult,
    TableSize,
)
from pjai_wire.records import Index
from pjaid.actors.query_optimiser.advice import Candidate

NOW = 1_750_000_000_000
SHAPE = QueryShape(
    id="slow",
    table="memories",
    sql="SELECT …",
    equal=("type", "personaId"),
    ranges=("importance",),
    order=(("importance", "desc"), ("lastAccessedAt", "desc")),
    is_grouped=False,
    rows_max=100,
    runs=150,
    total_us=75_000,
    rows=6_000,
    samples=5,
    scanned=1_500,
    steps=9_000,
    sorts=True,
    indexes=("memories_by_importance",),
    since=NOW,
    last_run_at=NOW,
)
"""Each run takes 500 µs, looks at 300 rows and answers 40."""

INDEX = Index(
    id="auto_memories_by_type",
    of_table="memories",
    on_columns=("type",),
    state="created",
    reason="",
    shapes=("slow",),
    predicted_gain=5,
    bytes_estimated=1_000,
    scanned_before=300,
    us_before=500,
    bytes=1_100,
    took_ms=10,
    time_gain=None,
    rows_gain=None,
    proposed_at=NOW,
    created_at=NOW,
    last_used_at=None,
    updated_at=NOW,
)


MIB = 2**20
CACHE = PageCache(bytes=MIB, bytes_min=MIB, bytes_max=14 * MIB, used_bytes=MIB, hits=0, misses=0, reads=0)
"""Full, and as small as it may be."""


def shape(**changed: Any) -> QueryShape:
    """A shape that lacks an index, but for what is changed."""
    return replace(SHAPE, **changed)


def index(**changed: Any) -> Index:
    """An index that was just made, but for what is changed."""
    return replace(INDEX, **changed)


def seen(*shapes: QueryShape, rows: int = 10_000, indexes: tuple[IndexSize, ...] = ()) -> QueryShapesResult:
    """What a daemon tells."""
    return QueryShapesResult(
        seq=1,
        shapes=list(shapes),
        tables=[TableSize(name="memories", rows=rows, rows_known=0)],
        indexes=list(indexes),
        database_bytes=1_000_000,
        index_bytes=50_000,
        index_bytes_max=200_000,
        page_cache=CACHE,
    )


def size(*columns: str, is_whole: bool = True) -> IndexSize:
    """An index that there is."""
    return IndexSize(name="known", table="memories", columns=columns, is_whole=is_whole, bytes=1_000)


def candidate(*columns: str, table: str = "memories", shapes: tuple[QueryShape, ...] = (SHAPE,)) -> Candidate:
    """An index to think of."""
    return Candidate(table, columns, shapes)


def proof(
    *shapes: str, gain: float = 5.0, is_used: bool = True, taken: int = 50_000, **changed: Any
) -> IndexProof:
    """A proof that some shapes would use an index."""
    proven = [
        ProvenShape(shape=one, before=("SCAN",), after=("SEARCH",), is_used=is_used, gain=gain)
        for one in shapes or ("slow",)
    ]
    facts: dict[str, Any] = {
        "id": "auto_memories_by_type",
        "rows": 10_000,
        "gain": gain,
        "bytes_estimated": 1_000,
        "build_ms_estimated": 10,
        "index_bytes_max": 200_000,
    }
    return IndexProof(shapes=proven, index_bytes=taken, **{**facts, **changed})
