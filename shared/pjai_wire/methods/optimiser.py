"""Owns the methods of the actor that tunes indexes and the page cache: optimiser.status, optimiser.run."""

from __future__ import annotations

from typing import Literal

from pjai_wire.fields import Id, IndexState, Instant
from pjai_wire.methods.method import Method, Nothing, Result, Scope
from pjai_wire.methods.optimising import QueryShape

OptimiserMode = Literal["observe", "suggest", "auto"]
"""Look only; propose indexes and sizes too; or make them, measure them and drop them as well."""


class AdvisedIndex(Result, frozen=True, kw_only=True):
    """An index that the optimiser thought of, and what became of it."""

    id: str
    table: str
    columns: tuple[str, ...]
    state: IndexState
    reason: str
    predicted_gain: float
    time_gain: float | None
    """How many times faster its queries are with it; None before it was measured."""
    rows_gain: float | None
    """How many times fewer rows they look at."""
    bytes: int
    """Estimated, where it was never made."""
    last_used_at: Instant | None


class PageCacheChange(Result, frozen=True, kw_only=True):
    """How the optimiser changed the page cache last."""

    at: Instant
    bytes_before: int
    bytes: int
    reason: str
    hit_share_before: float | None
    """Of the pages that were asked for before, those that were there; None where too few were."""
    hit_share: float | None
    """Since; None before it is known."""


class TunedPageCache(Result, frozen=True, kw_only=True):
    """The page cache as the optimiser sees it."""

    bytes: int
    """What it may take."""
    bytes_max: int
    used_bytes: int
    hit_share: float | None
    """Of the pages that were asked for lately, those that were there; None where there were none."""
    proposed_bytes: int | None
    """What is proposed, where the mode is to suggest."""
    last_change: PageCacheChange | None
    """None where there was none since the optimiser started."""


class OptimiserStatusResult(Result, frozen=True, kw_only=True):
    """What the optimiser sees and did."""

    mode: OptimiserMode
    looked_at: Instant | None
    """When it looked last; None where it has not since it started."""
    shapes: list[QueryShape]
    """The query shapes that took the longest together come first."""
    indexes: list[AdvisedIndex]
    database_bytes: int
    index_bytes: int
    index_bytes_max: int
    page_cache: TunedPageCache


class OptimiserRunResult(Result, frozen=True, kw_only=True):
    """What a look led to: names of indexes, of tables whose statistics were taken, and a size."""

    proposed: tuple[Id, ...]
    created: tuple[Id, ...]
    rejected: tuple[Id, ...]
    measured: tuple[Id, ...]
    dropped: tuple[Id, ...]
    analyzed: tuple[str, ...]
    page_cache_bytes: int | None
    """What the page cache may take from now on; None where it is left as it was."""


OPTIMISER_STATUS = Method(
    "optimiser.status", Nothing, OptimiserStatusResult, needs=Scope.ADMIN, repeatable=True
)
OPTIMISER_RUN = Method("optimiser.run", Nothing, OptimiserRunResult, needs=Scope.ADMIN, repeatable=False)
