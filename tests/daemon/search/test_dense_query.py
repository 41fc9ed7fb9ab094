"""Tests of which words of a query are embedded."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pjaid.search import dense_query
from pjaid.search.dense_query import COMMON_FROM_ROWS, Telling, are_enough, telling, without, words_of


def test_words_come_once_as_they_stand_there() -> None:
    assert words_of("What did Ada say, Ada's bread or l'été?") == [
        "What",
        "did",
        "Ada",
        "say",
        "s",
        "bread",
        "or",
        "l",
        "été",
    ]


def test_common_words_go_with_what_makes_them_possessive() -> None:
    assert without("What did Ada's sister bake for Ada?", {"Ada"}) == "What did sister bake for ?"
    assert without("Adam's bread", {"Ada"}) == "Adam's bread"


def test_a_text_of_common_words_alone_stays() -> None:
    assert without("Ada!", {"Ada"}) == "Ada!"
    assert without("bread", ()) == "bread"


def test_words_are_no_patterns() -> None:
    assert without("a_b and aXb", {"a_b"}) == "and aXb"


def test_of_few_rows_no_word_is_common() -> None:
    assert telling("Ada's bread", COMMON_FROM_ROWS - 3, {}) == Telling("Ada's bread", 3)


@pytest.mark.parametrize(
    ("having", "expected"),
    [
        (0, Telling("Ada's bread", 299)),
        (399, Telling("Ada's bread", 1)),
        (400, Telling("bread", 1)),
        (500, Telling("bread", 100)),
        (900, Telling("bread", 299)),
    ],
)
def test_a_word_is_common_that_two_fifths_have_until_so_many_rows_change(
    having: int, expected: Telling
) -> None:
    assert telling("Ada's bread", 999, {"Ada": having / 999, "bread": 100 / 999}) == expected


def test_no_word_stays_common_where_too_few_rows_are_left() -> None:
    assert telling("Ada's bread", COMMON_FROM_ROWS + 4, {"Ada": 1.0, "bread": 0.0}) == Telling("bread", 5)


Rows = list[frozenset[str]]
"""The words that each of some rows has."""


def embedded_of(rows: Rows) -> Telling:
    shares = {word: sum(word in row for row in rows) / len(rows) for word in ("Ada", "bread")} if rows else {}
    return telling("Ada bread soup", len(rows), shares if are_enough(len(rows)) else {})


rows_of_words = st.lists(st.frozensets(st.sampled_from(("Ada", "bread"))), max_size=30)


@given(rows_of_words, st.data())
def test_the_text_stays_until_so_many_rows_have_changed(rows: Rows, data: st.DataObject) -> None:
    with patch.object(dense_query, "COMMON_FROM_ROWS", data.draw(st.integers(1, 10))):
        before = embedded_of(rows)
        assert before.steady_for is not None
        for _ in range(min(before.steady_for - 1, 20)):
            place = data.draw(st.integers(0, len(rows)))
            instead = data.draw(rows_of_words.filter(lambda rows: len(rows) < 2))
            rows = rows[:place] + instead + rows[place + 1 :]
            assert embedded_of(rows).text == before.text
