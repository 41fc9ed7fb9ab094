"""Owns what of a stored row travels: the columns that a query answers, encoded (pure)."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from msgspec import Raw

from pjai_wire.codec import encode
from pjai_wire.columns import Kind
from pjaid.store.changed import Row
from pjaid.store.values import ENCODED

PROJECTIONS_KEPT_MAX = 256

Projection = Callable[[Row], bytes]
"""Encodes the answered columns of a row."""


@lru_cache(maxsize=PROJECTIONS_KEPT_MAX)
def projection(columns: tuple[tuple[int, Kind], ...]) -> Projection:
    """What encodes a row. Views that answer the same columns share one, so that they encode a row once.

    Args:
        columns: where each answered column stands in the row, and what it is.
    """
    travels = [(position, _travelling(kind)) for position, kind in columns]
    return lambda row: encode([travelling(row[position]) for position, travelling in travels])


def _travelling(kind: Kind) -> Callable[[Any], Any]:
    """What makes of a stored value the one that travels, as `store.reads` does for whole columns."""
    if kind == "boolean":
        return lambda value: None if value is None else bool(value)
    if kind in ENCODED:
        return lambda value: None if value is None else Raw(value)
    return lambda value: value
