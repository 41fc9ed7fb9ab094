"""Tests of how alike vectors are."""

from __future__ import annotations

import numpy as np
import pytest

from pjaid.search.likeness import likeness


def half(*numbers: float) -> bytes:
    return np.array(numbers, "<f2").tobytes()


def test_tells_the_cosine_of_two_rows() -> None:
    alike = likeness({7: half(1, 0), 9: half(0.6, 0.8)})
    assert alike(7, 9) == pytest.approx(0.6, abs=1e-3)
    assert alike(9, 9) == pytest.approx(1.0, abs=1e-3)


def test_a_row_without_a_vector_is_like_none() -> None:
    assert likeness({7: half(1, 0)})(7, 8) == 0
    assert likeness({})(7, 8) == 0
