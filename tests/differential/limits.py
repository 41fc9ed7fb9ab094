"""Owns the limits of the engine: as they are, or so small that a history often goes past them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from random import Random
from types import ModuleType
from typing import Final
from unittest.mock import patch

from pjai_wire import limits
from pjaid.live import dependents, difference, feed, kept_groups, subscription, turns, view, views, window
from pjaid.search import asked, dense_query
from pjaid.store import capture

SMALL: Final[tuple[tuple[ModuleType, str, tuple[float, ...]], ...]] = (
    (window, "MARGIN_MIN", (1, 2)),
    (view, "FOLLOWED_AT_ONCE_MAX", (1, 3)),
    (view, "BACKLOG_ROWS_MAX", (3, 20)),
    (dependents, "CHANGES_AT_ONCE_MAX", (1, 3)),
    (dependents, "DEPENDENTS_AT_ONCE_MAX", (1, 3)),
    (dependents, "DEPENDENTS_A_TURN", (1, 3)),
    (views, "NEWEST_AT_ONCE", (0, 1, 2, 16)),
    (turns, "TURN_NS", (0, 10**9)),
    (turns, "PAUSE_S", (0.0,)),
    (subscription, "UPDATE_BYTES_MAX", (300, 2_000)),
    (feed, "PART_BYTES_MAX", (300, 2_000)),
    (feed, "WAITING_ROWS_MAX", (40, 100)),
    (feed, "WAITING_BYTES_MAX", (10_000, 30_000)),
    (kept_groups, "GROUPS_MAX", (2, 5)),
    (difference, "REORDERINGS_MAX", (1, 3)),
    (capture, "CHANGES_MAX", (3, 20)),
    (asked, "DEPTH", (8,)),
    (dense_query, "COMMON_FROM_ROWS", (3, 10)),
    (dense_query, "COMMON_SHARE", (0.7, 0.85)),
    (limits, "SEARCH_TELLING_MAX", (1,)),
)
"""Each limit, and what it may be instead."""

DROPPING: Final = {"CHANGES_MAX", "WAITING_ROWS_MAX", "WAITING_BYTES_MAX"}
"""Those past which a feed drops what waits."""

Limits = dict[str, float]


def small_limits(chance: Random) -> Limits:
    """Those that are small in a history; in a fifth of them none is."""
    share = chance.choice((0, 0.3, 0.3, 0.6, 0.6))
    small = {name: chance.choice(values) for _, name, values in SMALL if chance.random() < share}
    # Windows seldom use up their margin, so it is small in nearly all histories.
    return small if share == 0 else {"MARGIN_MIN": chance.choice((1, 1, 2)), **small}


@contextmanager
def limited(limits: Limits) -> Iterator[None]:
    """Has the limits in force for the block."""
    with ExitStack() as patches:
        for module, name, _ in SMALL:
            if name in limits:
                patches.enter_context(patch.object(module, name, limits[name]))
        yield
