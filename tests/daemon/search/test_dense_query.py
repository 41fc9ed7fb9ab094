"""Tests of which words of a query are embedded."""

from __future__ import annotations

from pjaid.search.dense_query import without, words_of


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
