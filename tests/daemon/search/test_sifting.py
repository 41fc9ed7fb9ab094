"""Tests of the search among very many vectors: signs lose next to nothing, or say that they are of no use."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pjaid.search.codes.quantising import Query, quantised
from pjaid.search.codes.shard import SIGNS_FROM_DIMENSION, Shard
from pjaid.search.codes.sifting import sifted
from pjaid.search.codes.signs import differing, most_differing, signs_of
from tests.daemon.search.vectors_at_hand import CLUSTERED, NOISE, Floats, made, nearest

DIMENSION = 384


def shards_of(vectors: Floats, count: int) -> list[Shard]:
    rows = np.arange(len(vectors))
    return [
        Shard(0, rows[some], vectors[some].astype(np.float16))
        for some in np.array_split(np.arange(len(vectors)), count)
    ]


@given(count=st.integers(1, 50), dimension=st.integers(1, 300), seed=st.integers(0, 100))
def test_vectors_differ_in_so_many_signs(count: int, dimension: int, seed: int) -> None:
    codes, _ = quantised(made(count, dimension, spread=NOISE, seed=seed))
    one = codes[count // 2 : count // 2 + 1]
    assert (
        differing(signs_of(codes), signs_of(one)).tolist() == ((codes > 0) != (one > 0)).sum(axis=1).tolist()
    )


def test_of_the_ten_nearest_among_many_95_in_100_are_found() -> None:
    vectors = made(40_000, DIMENSION, spread=CLUSTERED)
    shards = shards_of(vectors, 3)
    hits = 0
    for query in made(30, DIMENSION, spread=CLUSTERED, seed=2):
        found = sifted(shards, Query(query.tobytes()), 10, 26)
        assert found is not None
        hits += len({int(row) for one in found for row in one.rows} & set(nearest(vectors, query, 10)))
    assert hits >= 0.95 * 10 * 30


def test_signs_are_of_no_use_among_noise() -> None:
    vectors = made(40_000, DIMENSION, spread=NOISE)
    (query,) = made(1, DIMENSION, spread=NOISE, seed=2)
    assert sifted(shards_of(vectors, 2), Query(query.tobytes()), 10, 26) is None


def test_signs_follow_what_changes() -> None:
    vectors = made(5_000, DIMENSION, spread=CLUSTERED)
    (shard,) = shards_of(vectors, 1)
    (query,) = made(1, DIMENSION, spread=CLUSTERED, seed=3)
    shard.put([6_000, 7], 2 * query.astype("<f2").tobytes())
    best = nearest(vectors, query, 1)[0]
    shard.remove(best)
    found = sifted([shard], Query(query.tobytes()), 10, 26)
    assert found is not None
    assert {7, 6_000} <= set(found[0].rows.tolist())
    assert best not in found[0].rows


def test_few_vectors_are_not_told_apart_by_signs() -> None:
    (shard,) = shards_of(made(5, DIMENSION, spread=NOISE), 1)
    assert sifted([shard], Query(made(1, DIMENSION, spread=NOISE)[0].tobytes()), 10, 26) is None


@pytest.mark.parametrize(
    ("dimension", "has"), [(SIGNS_FROM_DIMENSION - 1, False), (SIGNS_FROM_DIMENSION, True)]
)
def test_only_vectors_of_many_numbers_have_signs(dimension: int, has: bool) -> None:
    (shard,) = shards_of(made(3, dimension, spread=NOISE), 1)
    assert shard.has_signs is has


def test_the_nearer_the_fewer_signs_differ() -> None:
    most = [most_differing(cosine, DIMENSION) for cosine in (1.0, 0.9, 0.5, 0.0, -0.5, -1.0)]
    assert most == sorted(most)
    assert most[0] == 0
    assert most[-1] == DIMENSION
