"""Owns the methods by which indexes and a cache are judged and made: query_shapes, index_prove and others."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pjai_wire.fields import Count, Description, Id, IndexColumns, Instant
from pjai_wire.methods.data import Receipt
from pjai_wire.methods.method import Method, Nothing, Params, Result, Scope
from pjai_wire.query import Direction, Identifier


class QueryShape(Result, frozen=True, kw_only=True):
    """What queries that differ in their values alone have in common, and what they took.

    The figures begin anew when the indexes of its table change, so that they are of one plan.
    """

    id: str
    table: str
    sql: str
    """With placeholders in the place of values."""
    equal: tuple[str, ...]
    """Columns that are compared with one value or some."""
    ranges: tuple[str, ...]
    """Columns that must be above or below a value."""
    order: tuple[tuple[str, Direction], ...]
    is_grouped: bool
    """It answers groups, or a count, and so fewer rows than it needs."""
    rows_max: int
    """How many rows it answers at most."""
    runs: int
    total_us: int
    rows: int
    """Answered, in all runs."""
    samples: int
    """The runs that were looked at closely, as this takes some microseconds."""
    scanned: int
    """Rows that the samples looked at in the table or in the index that they used; at most so many."""
    steps: int
    """Of SQLite's virtual machine, in the samples."""
    sorts: bool
    """Rows are sorted after they were found."""
    indexes: tuple[str, ...]
    """Those that its plan uses."""
    since: Instant
    last_run_at: Instant | None


class TableSize(Result, frozen=True, kw_only=True):
    """How large a table is."""

    name: str
    rows: int
    """At most so many: rows that were deleted may count."""
    rows_known: int
    """As far as the query planner knows; 0 where it was never told."""


class IndexSize(Result, frozen=True, kw_only=True):
    """An index that there is."""

    name: str
    table: str
    columns: tuple[str, ...]
    is_whole: bool
    """It has all rows of the table."""
    bytes: int


class PageCache(Result, frozen=True, kw_only=True):
    """The page cache of the connection on which nearly all reads run: pages of the file, decrypted."""

    bytes: int
    """What it may take."""
    bytes_min: int
    bytes_max: int
    """As the setting says, without what the caches of other reading connections may take now."""
    used_bytes: int
    hits: int
    """Pages that were asked for and there, since the daemon started."""
    misses: int
    """Pages that had to be read and decrypted."""
    reads: int
    """That asked for these pages."""


class QueryShapesResult(Result, frozen=True, kw_only=True):
    """The shapes of queries that took the longest together come first."""

    seq: int
    shapes: list[QueryShape]
    tables: list[TableSize]
    indexes: list[IndexSize]
    database_bytes: int
    index_bytes: int
    """Of all indexes but those of ids, which no table can be without."""
    index_bytes_max: int
    page_cache: PageCache


class IndexProveParams(Params, frozen=True, kw_only=True):
    """Which index to think of."""

    table: Identifier
    columns: IndexColumns


class ProvenShape(Result, frozen=True, kw_only=True):
    """How a query shape would be run without an index and with it."""

    shape: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    is_used: bool
    gain: float
    """How many times less work the plan with it is."""


class IndexProof(Result, frozen=True, kw_only=True):
    """What would come of an index; nothing was made."""

    id: str
    """Its name."""
    rows: int
    shapes: list[ProvenShape]
    gain: float
    """Over all runs of the shapes that would use it; 1 where none would."""
    bytes_estimated: int
    build_ms_estimated: int
    index_bytes: int
    index_bytes_max: int


class IndexParams(Params, frozen=True, kw_only=True):
    """Which proposed index."""

    id: Id


class IndexDropParams(Params, frozen=True, kw_only=True):
    """Which index that was made automatically, and why it goes."""

    id: Id
    reason: Description


class PageCacheResizeParams(Params, frozen=True, kw_only=True):
    """What the page cache may take, and why."""

    bytes: Count
    reason: Description


class AnalyzeParams(Params, frozen=True, kw_only=True):
    """Which table."""

    table: Annotated[Identifier, Meta(min_length=1)]


QUERY_SHAPES = Method("query_shapes", Nothing, QueryShapesResult, needs=Scope.ADMIN)
INDEX_PROVE = Method("index_prove", IndexProveParams, IndexProof, needs=Scope.ADMIN)
INDEX_CREATE = Method("index_create", IndexParams, Receipt, needs=Scope.ADMIN, repeatable=False)
INDEX_DROP = Method("index_drop", IndexDropParams, Receipt, needs=Scope.ADMIN, repeatable=False)
ANALYZE = Method("analyze", AnalyzeParams, Receipt, needs=Scope.ADMIN)
PAGE_CACHE_RESIZE = Method(
    "page_cache_resize", PageCacheResizeParams, Receipt, needs=Scope.ADMIN, repeatable=False
)
