"""Owns the choice of hits that are unlike each other: maximal marginal relevance (pure).

Carbonell and Goldstein (1998): of the candidates left, the next is the one whose score, less its likeness to
those taken already, is the greatest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence


def diverse(
    scores: Sequence[float], likeness: Callable[[int, int], float], diversity: float, limit: int
) -> list[int]:
    """Positions of the candidates that are taken, in their order.

    Args:
        scores: of the candidates; they are spread over 0 to 1 first, so as to compare with likenesses.
        likeness: of two candidates by their positions, at most 1.
        diversity: how much likeness counts against a candidate: 0 is the order of scores, 1 likeness alone.
        limit: how many to take.
    """
    least, most = min(scores, default=0.0), max(scores, default=0.0)
    relevance = [(score - least) / (most - least) if most > least else 1.0 for score in scores]
    nearest = [0.0] * len(scores)
    left = list(range(len(scores)))
    taken: list[int] = []

    def marginal(position: int) -> float:
        return (1 - diversity) * relevance[position] - diversity * nearest[position]

    while left and len(taken) < limit:
        # `max` takes the first of equals, which is the one that scores more.
        best = max(left, key=marginal)
        left.remove(best)
        taken.append(best)
        for position in left:
            nearest[position] = max(nearest[position], likeness(best, position))
    return taken
