"""Owns how rankings by words and by meaning become one (pure).

A convex sum of normalised scores (Bruch, Gai and Ingber 2023, "An Analysis of Fusion Functions for Hybrid
Retrieval") finds more than reciprocal rank fusion does, as it keeps by how much one hit is better than the
next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

DEPTH = 100
"""How many hits of each ranking count."""

MEANING_WEIGHT = 0.5
"""How much of the whole meaning has where nobody says: as much as words."""

Ranking = Sequence[tuple[int, float]]
"""Rows and their scores, the best first."""


class Candidate(Struct, frozen=True):
    """A row that may be a hit."""

    row: int
    score: float
    words: float | None
    """The share of the best hit's score by words; None where the words do not fit."""
    meaning: float | None
    """The cosine; None where none was compared."""


def by_words(words: Ranking) -> list[Candidate]:
    """Candidates by their words alone: each scores its share of the best."""
    return _best_first(Candidate(row, share, share, None) for row, share in _shares(words).items())


def by_meaning(meaning: Ranking) -> list[Candidate]:
    """Candidates by their meaning alone: each scores its cosine, which needs no other to be compared with."""
    return _best_first(Candidate(row, cosine, None, cosine) for row, cosine in meaning)


def by_both(
    words: Ranking, cosines: Mapping[int, float], weight: float, unlike: float = 0.0
) -> list[Candidate]:
    """Candidates by words and meaning.

    A cosine counts by its share of the best, both from the one on that unlike texts have. Scores by words
    have no such zero where more have one than are ranked: they count from the last.

    Args:
        words: the ranking by words.
        cosines: of the nearest rows, and of those of `words` that have a vector.
        weight: how much of the whole meaning has, 0 to 1.
        unlike: the cosine of texts that have nothing to do with each other, 0 or more.

    Returns:
        All rows of both; a row that one of them lacks has nothing from it.
    """
    shares = _shares(words)
    spread_words = spread(words, least=0.0 if len(words) < DEPTH else None)
    # What points the other way is unlike, and no more than that.
    alike = {row: max(cosine - unlike, 0.0) for row, cosine in cosines.items()}
    most = max(alike.values(), default=0.0) or 1.0
    return _best_first(
        Candidate(
            row,
            (1 - weight) * spread_words.get(row, 0.0) + weight * alike.get(row, 0.0) / most,
            shares.get(row),
            cosines.get(row),
        )
        for row in {**spread_words, **alike}
    )


def spread(ranking: Ranking, least: float | None = None) -> Mapping[int, float]:
    """Min-max normalised scores: the first has 1 and the least 0; all have 1 where they are equal.

    Args:
        ranking: what is spread.
        least: what any row scores at least, by default what the last does.
    """
    if not ranking:
        return {}
    if least is None:
        least = min(score for _, score in ranking)
    most = max(score for _, score in ranking)
    if most == least:
        return dict.fromkeys((row for row, _ in ranking), 1.0)
    return {row: (score - least) / (most - least) for row, score in ranking}


def _shares(ranking: Ranking) -> Mapping[int, float]:
    most = max((score for _, score in ranking), default=0.0)
    return {row: score / most if most > 0 else 1.0 for row, score in ranking}


def _best_first(candidates: Iterable[Candidate]) -> list[Candidate]:
    return sorted(candidates, key=lambda one: (-one.score, one.row))
