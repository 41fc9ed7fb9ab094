"""Owns the search among very many vectors: by signs first, and by codes what is left (pure).

The vectors that differ in the fewest signs tell a cosine that the nearest reach at least. From it follows in
how many signs a vector that is as near may differ, and only such are looked at. Where vectors are in
clusters, as those of texts are, these are few; where they are noise, they are many, and signs of no use.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pjaid.search.codes.quantising import Query
from pjaid.search.codes.scanning import best
from pjaid.search.codes.shard import Found, Shard, joined
from pjaid.search.codes.signs import most_differing

FIRST_MIN = 1_000
"""Vectors that are looked at to learn how near the nearest are."""

FIRST_SHARE = 8
"""Or so many times as many as are asked for."""

LEFT_SHARE_MAX = 16
"""Where more than one in so many is left, all codes are scanned, which is then as quick."""


def sifted(shards: Sequence[Shard], query: Query, k: int, count: int) -> list[Found] | None:
    """The rows whose codes are nearest to a vector's, by shard; None where signs are of no use.

    Args:
        shards: where to look; each has signs.
        query: the vector.
        k: of how many nearest none should be lost.
        count: how many to find, at least as many.
    """
    dimension = query.codes.shape[1]
    unequal = [shard.differing(query) for shard in shards]
    within = np.cumsum(sum(np.bincount(some, minlength=dimension + 1) for some in unequal))
    first = int(np.searchsorted(within, max(FIRST_MIN, FIRST_SHARE * k)))
    found = [
        shard.scored(query, np.flatnonzero(some <= first))
        for shard, some in zip(shards, unequal, strict=True)
    ]
    scores = np.concatenate([one.scores for one in found])
    if len(scores) < k:
        return None
    cosine = float(np.partition(scores, len(scores) - k)[len(scores) - k])
    last = min(most_differing(cosine, dimension), dimension)
    if last > first:
        if within[last] * LEFT_SHARE_MAX > within[-1]:
            return None
        more = [
            shard.scored(query, np.flatnonzero((some > first) & (some <= last)))
            for shard, some in zip(shards, unequal, strict=True)
        ]
        found = [joined(parts) for parts in zip(found, more, strict=True)]
    return [one.at(best(one.scores, count)) for one in found]
