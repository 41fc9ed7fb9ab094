"""Owns what the links of hits bring: memories one hop away, at a score that is damped (pure)."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

LINK_DAMPING = 0.5
"""A linked memory has at most so much of the score of the hit that it is linked with."""


class Link(Struct, frozen=True):
    """A connection of a hit, whichever way it leads."""

    hit: int
    """The row of the hit."""
    row: int
    """That of the memory at the other end."""
    weight: float


class Linked(Struct, frozen=True):
    """A row that came by a link."""

    row: int
    score: float
    hit: int


def linked(scores: dict[int, float], links: Iterable[Link]) -> list[Linked]:
    """The memories that links lead to and that are no hits, the best first.

    Args:
        scores: of the hits, by their rows.
        links: of these hits.
    """
    best: dict[int, Linked] = {}
    for link in links:
        if link.row in scores:
            continue
        score = scores[link.hit] * link.weight * LINK_DAMPING
        known = best.get(link.row)
        if known is None or (score, -link.hit) > (known.score, -known.hit):
            best[link.row] = Linked(link.row, score, link.hit)
    return sorted(best.values(), key=lambda one: (-one.score, one.row))
