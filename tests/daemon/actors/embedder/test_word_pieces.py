"""Word pieces: those of the package `tokenizers`, for any text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pjaid.actors.embedder.static.table import read_table
from pjaid.actors.embedder.word_pieces import WORD_CHARACTERS_MAX, WordPieces, words

RECORDED = json.loads(Path(__file__).with_name("word_pieces.json").read_text(encoding="utf-8"))
"""Texts, and what `tokenizers` 0.23.3 makes of them with the model's own tokenizer.json."""

PIECES = read_table().pieces
WORD_PIECES = WordPieces(PIECES)
NO_LIMIT = 10**9


@pytest.mark.parametrize(("text", "expected"), RECORDED)
def test_are_those_that_the_model_was_trained_with(text: str, expected: list[str]) -> None:
    assert [PIECES[number] for number in WORD_PIECES.numbers(text, NO_LIMIT)] == expected


def test_a_word_is_taken_apart_from_its_longest_beginning() -> None:
    pieces = WordPieces(["[UNK]", "un", "##aff", "##able", "##a", "##f"])

    assert pieces.numbers("unaffable", NO_LIMIT) == [1, 2, 3]
    assert pieces.numbers("unaffables", NO_LIMIT) == [0]


def test_what_comes_after_the_limit_is_left_out() -> None:
    assert WORD_PIECES.numbers("bread and butter", 2) == WORD_PIECES.numbers("bread and", NO_LIMIT)


def test_a_very_long_word_is_unknown() -> None:
    assert WORD_PIECES.numbers("a" * (WORD_CHARACTERS_MAX + 1), NO_LIMIT) == [PIECES.index("[UNK]")]


def test_very_long_words_are_not_remembered() -> None:
    pieces = WordPieces(PIECES)
    numbers = pieces.numbers(f"{'a' * WORD_CHARACTERS_MAX} {'b' * (WORD_CHARACTERS_MAX + 1)}", NO_LIMIT)

    assert numbers[-1] == PIECES.index("[UNK]")
    assert list(pieces._known) == ["a" * WORD_CHARACTERS_MAX]


@settings(deadline=None)
@given(st.text())
def test_any_text_has_pieces_that_there_are(text: str) -> None:
    assert all(0 <= number < len(PIECES) for number in WORD_PIECES.numbers(text, NO_LIMIT))


@settings(deadline=None)
@given(st.text())
def test_words_hold_no_blanks_and_blanks_around_make_no_difference(text: str) -> None:
    found = list(words(text))
    assert not [word for word in found if not word or any(map(str.isspace, word))]
    assert found == list(words(f"  {text}\n"))


@settings(deadline=None)
@given(st.text(st.characters(codec="ascii")))
def test_plain_texts_take_a_short_way_to_the_same_words(text: str) -> None:
    assert list(words(text)) == list(words(f"{text} é"))[:-1]
