"""Tests of the estimate of tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pjaid.search.tokens import clipped, estimated_tokens

texts = st.text(alphabet="aZ09 .,\n\té語🙂", max_size=80)
lines = texts.map(lambda text: text.replace("\n", " "))


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("bread", 1),
        ("sourdough", 2),
        ("2023", 2),
        ("the bread, and the oven", 6),
        ("a\n\nb", 4),
        ("a    b", 3),
        ("語", 2),
        ("日本語", 5),
        ("é", 1),
    ],
)
def test_follows_its_rule(text: str, tokens: int) -> None:
    assert estimated_tokens(text) == tokens


@given(lines, lines)
def test_lines_add_up(one: str, other: str) -> None:
    assert estimated_tokens(f"{one}\n{other}") == estimated_tokens(one) + 1 + estimated_tokens(other)


@given(texts, st.integers(2, 60))
def test_what_was_cut_fits_and_begins_as_the_text_does(text: str, most: int) -> None:
    short = clipped(text, most)
    assert estimated_tokens(short) <= most
    if short != text:
        assert estimated_tokens(text) > most
        assert short.endswith("…")
        assert text.startswith(short[:-1])


@given(texts, texts, texts)
def test_what_fits_is_not_cut(before: str, passage: str, after: str) -> None:
    text = before + passage + after
    assert clipped(text, estimated_tokens(text), passage) == text


@given(texts, texts, texts, st.integers(2, 90))
def test_what_was_cut_fits_wherever_its_passage_is(before: str, passage: str, after: str, most: int) -> None:
    text = f"{before} {passage} {after}"
    short = clipped(text, most, passage)
    assert estimated_tokens(short) <= most
    assert short in text or short.removeprefix("…").removesuffix("…") in text
    if most >= estimated_tokens(passage) + 2 * estimated_tokens("…"):
        assert passage.strip() in short


def test_what_was_cut_begins_at_a_passage_that_would_not_be_seen() -> None:
    text = "one two three four five six seven eight"
    assert clipped(text, 7, "two three") == "one two three four five…"
    assert clipped(text, 7, "three four five six") == "…three four five…"
    assert clipped(text, 7, "six seven") == "…four five six seven eight"
    assert clipped(text, 3, "six") == "one…"
    assert clipped("0語🙂é", 5, "é") == "…é"
    assert clipped("日本語日本語日本語", 6) == "日本…"
    assert clipped(text, 7, "nine") == "one two three four five…"
