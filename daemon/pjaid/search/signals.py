"""Owns what else than its text speaks for a hit: how recent, important, near and connected it is (pure).

Each signal is a number from 0 to 1, and adds its weight's part of that to the score. Relevance, recency and
importance added up are how Park et al. (2023), "Generative Agents", retrieve memories.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct

from pjaid.search.fusion import Candidate

DAY_MS = 24 * 3600 * 1000
RECENCY_HALVES_IN_DAYS = 30
CONNECTIONS_HALF = 4
"""So many connections are worth half of what any number can be."""

RECENCIES_KEPT_MAX = 4_096

_TIERS = {"hot": 1.0, "warm": 0.5, "cold": 0.0}

SIGNAL_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "memories": ("created_at", "importance", "memory_tier", "connection_count"),
    "messages": ("sent_at",),
    "conversations": ("created_at", "importance"),
    "workflows": ("created_at",),
}
"""What tells the signals of each table that is searched, in the order of `Weights`."""


class Weights(Struct, frozen=True):
    """How much each signal adds at most."""

    recency: float = 0.0
    importance: float = 0.0
    tier: float = 0.0
    connections: float = 0.0

    @property
    def most(self) -> float:
        """What all of them together add at most."""
        return self.recency + self.importance + self.tier + self.connections


def added(values: Sequence[Any], weights: Weights, today: int) -> dict[str, float]:
    """What each signal adds to a row's score, without those that add nothing.

    Args:
        values: of the table's `SIGNAL_COLUMNS`.
        weights: of the signals.
        today: days since the epoch. Ages are in whole days, so that equal searches of a day are equal.
    """
    parts: dict[str, float] = {}
    if weights.recency and (recency := _recency(today - values[0] // DAY_MS)):
        parts["recency"] = weights.recency * recency
    for place, (name, strength) in enumerate(_OTHERS[: len(values) - 1], 1):
        if (weight := getattr(weights, name)) and (strong := strength(values[place])):
            parts[name] = weight * strong
    return parts


def may_win(candidates: Sequence[Candidate], weights: Weights, limit: int) -> Sequence[Candidate]:
    """Those candidates, best first, which the signals may bring among the first `limit`.

    What all signals add is bounded, so one that is further behind need not be looked at.
    """
    if len(candidates) <= limit:
        return candidates
    bar = candidates[limit - 1].score - weights.most
    count = limit
    while count < len(candidates) and candidates[count].score >= bar:
        count += 1
    return candidates[:count]


@lru_cache(RECENCIES_KEPT_MAX)
def _recency(age_days: int) -> float:
    return float(0.5 ** (max(0, age_days) / RECENCY_HALVES_IN_DAYS))


_OTHERS: Sequence[tuple[str, Callable[[Any], float]]] = (
    ("importance", lambda importance: float(importance / 100)),
    ("tier", _TIERS.__getitem__),
    ("connections", lambda count: float(count / (count + CONNECTIONS_HALF))),
)
