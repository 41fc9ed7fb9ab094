"""Tests of the fusion of two rankings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pjaid.search.fusion import DEPTH, Candidate, by_both, by_meaning, by_words, spread

scores = st.floats(0.001, 1e6)


def rankings() -> st.SearchStrategy[list[tuple[int, float]]]:
    found = st.lists(st.tuples(st.integers(1, 30), scores), max_size=20, unique_by=lambda hit: hit[0])
    return found.map(lambda hits: sorted(hits, key=lambda hit: -hit[1]))


def test_words_alone_score_their_share_of_the_best() -> None:
    assert by_words([(7, 8.0), (3, 2.0)]) == [Candidate(7, 1.0, 1.0, None), Candidate(3, 0.25, 0.25, None)]


def test_meaning_alone_scores_its_cosine() -> None:
    assert by_meaning([(7, 0.5), (3, -0.25)]) == [
        Candidate(7, 0.5, None, 0.5),
        Candidate(3, -0.25, None, -0.25),
    ]


def test_both_is_the_weighted_sum_of_scores_by_words_spread_over_0_to_1_and_shares_of_the_best_cosine() -> (
    None
):
    found = by_both([(1, 9.0), (2, 5.0), (3, 1.0)], {2: 0.8, 4: 0.6, 3: -0.5}, 0.25)
    assert found == [
        Candidate(1, 0.75, 1.0, None),
        Candidate(2, 0.75 * 5 / 9 + 0.25, 5 / 9, 0.8),
        Candidate(4, 0.25 * 0.6 / 0.8, None, 0.6),
        Candidate(3, 0.75 / 9, 1 / 9, -0.5),
    ]


def test_words_that_have_more_hits_than_count_are_spread_from_the_last_that_counts() -> None:
    words = [(row, 2.0 * DEPTH - row) for row in range(1, DEPTH + 1)]
    found = {one.row: one.score for one in by_both(words, {1: 0.8, DEPTH + 1: 0.0}, 0.25)}
    assert found[1] == 1.0
    assert found[DEPTH] == found[DEPTH + 1] == 0.0


@given(rankings().filter(bool), st.floats(0, 0.9))
def test_who_has_any_word_scores_more_than_who_has_none_and_means_as_little(
    words: list[tuple[int, float]], weight: float
) -> None:
    meaning = {row: 0.5 for row, _ in words}
    found = {one.row: one.score for one in by_both(words, {99: 0.9, **meaning, 98: 0.5}, weight)}
    assert all(found[row] > found[98] for row, _ in words)


@given(
    rankings(), st.dictionaries(st.integers(1, 30), st.floats(0.01, 1)), st.floats(0, 1), st.floats(0, 0.9)
)
def test_a_model_by_which_all_texts_are_somewhat_alike_finds_what_one_does_by_which_unlike_ones_are_not(
    words: list[tuple[int, float]], cosines: dict[int, float], weight: float, unlike: float
) -> None:
    nearer = {row: unlike + (1 - unlike) * cosine for row, cosine in cosines.items()}
    found = {one.row: one.score for one in by_both(words, nearer, weight, unlike)}
    assert found == pytest.approx({one.row: one.score for one in by_both(words, cosines, weight)}, abs=1e-6)


def test_scores_that_are_all_equal_are_all_the_best() -> None:
    assert spread([(1, 0.3), (2, 0.3)]) == {1: 1.0, 2: 1.0}
    assert spread([]) == {}


@given(rankings(), rankings(), st.floats(0, 1))
def test_both_has_each_row_once_with_a_score_from_0_to_1_in_order(
    words: list[tuple[int, float]], meaning: list[tuple[int, float]], weight: float
) -> None:
    found = by_both(words, dict(meaning), weight)
    assert sorted(one.row for one in found) == sorted({row for row, _ in (*words, *meaning)})
    assert all(0 <= one.score <= 1 + 1e-12 for one in found)
    assert found == sorted(found, key=lambda one: (-one.score, one.row))


@given(rankings(), rankings())
def test_weight_0_begins_with_the_best_by_words_and_weight_1_with_the_best_by_meaning(
    words: list[tuple[int, float]], meaning: list[tuple[int, float]]
) -> None:
    if words:
        assert spread(words)[by_both(words, dict(meaning), 0.0)[0].row] == 1.0
    if meaning:
        assert dict(meaning)[by_both(words, dict(meaning), 1.0)[0].row] == meaning[0][1]


def test_where_nothing_is_alike_words_alone_decide() -> None:
    found = by_both([(1, 2.0), (2, 1.0)], {1: -0.5, 2: -0.1, 3: 0.0}, 0.5)
    assert [(one.row, one.score) for one in found] == [(1, 0.5), (2, 0.25), (3, 0.0)]


@given(rankings(), st.floats(0.1, 10), st.floats(0, 0.9))
def test_the_scale_of_the_words_scores_does_not_matter(
    words: list[tuple[int, float]], scale: float, weight: float
) -> None:
    scaled = by_both([(row, scale * score) for row, score in words], {}, weight)
    for one, other in zip(
        sorted(by_both(words, {}, weight), key=lambda one: one.row),
        sorted(scaled, key=lambda one: one.row),
        strict=True,
    ):
        assert one.score == pytest.approx(other.score, abs=1e-6)
