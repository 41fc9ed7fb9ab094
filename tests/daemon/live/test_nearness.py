"""Tests of which items a vector comes near to, against a plain loop."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pjaid.live import nearness
from pjaid.live.nearness import Nearness

DIMENSION = 3
FAR_FROM_ANY_BAR = 1e-3

numbers = st.lists(st.integers(-4, 4), min_size=DIMENSION, max_size=DIMENSION)
items = st.sampled_from("abcdefghijklmnopqrstuvwxyz")
steps = st.lists(
    st.tuples(items, st.none() | st.tuples(numbers, st.floats(-1, 1))),
    max_size=60,
)


def half(vector: Sequence[float]) -> bytes:
    return np.array(vector, "<f2").tobytes()


@given(steps, st.lists(numbers, max_size=5))
def test_those_are_found_whose_bar_a_vector_reaches(
    steps: list[tuple[str, tuple[list[int], float] | None]], vectors: list[list[int]]
) -> None:
    known: dict[str, tuple[list[int], float]] = {}
    near: Nearness[str] = Nearness(DIMENSION)
    for item, what in steps:
        if what is not None:
            known[item] = what
            near.put(item, *what)
        elif item in known:
            del known[item]
            near.remove(item)
    assert len(near) == len(known)
    found = set(near.near([half(vector) for vector in vectors]))
    for item, (own, bar) in known.items():
        best = max((float(np.dot(own, vector)) for vector in vectors), default=-math.inf)
        if abs(best - bar) > FAR_FROM_ANY_BAR:
            assert (item in found) == (best > bar)


def test_a_vector_of_another_dimension_is_near_to_nothing() -> None:
    near: Nearness[str] = Nearness(DIMENSION)
    near.put("a", [1, 0, 0], -math.inf)
    assert near.near([half([1, 0])]) == []
    assert near.near([half([1, 0]), half([0, 0, 0])]) == ["a"]


def test_many_vectors_are_compared_some_at_a_time() -> None:
    near: Nearness[str] = Nearness(DIMENSION)
    near.put("a", [1, 0, 0], 0.5)
    far, close = half([0, 1, 0]), half([1, 0, 0])
    assert near.near([far] * (nearness.VECTORS_AT_ONCE + 1)) == []
    assert near.near([far] * nearness.VECTORS_AT_ONCE + [close]) == ["a"]
