"""Tests of snippets: which passage is shown, and what of it is marked."""

from __future__ import annotations

import pytest

from pjaid.store.words.passages import LEAD_WORDS, PART_CHARACTERS, PARTS_MAX, PASSAGE_CHARACTERS_MAX
from pjaid.store.words.question import parse
from pjaid.store.words.snippets import snippets
from tests.daemon.store.conftest import Ledger
from tests.daemon.store.words.conftest import Remember


def shown(ledger: Ledger, sought: str) -> str:
    """The snippet of the only memory, with matches in brackets."""
    ((_, parts),) = snippets(ledger.connection, "memories", parse(sought), [1]).items()
    return "".join(f"[{part}]" if at % 2 else part for at, part in enumerate(parts))


@pytest.mark.parametrize(
    ("text", "sought", "snippet"),
    [
        ("The sourdough rises.", "rising dough", "The sourdough [rises]."),
        ("The sourdough rises.", '"sourdough rises"', "The [sourdough rises]."),
        ("The sourdough rises.", "sour*", "The [sourdough] rises."),
        ("An organization.", "organiz*", "An [organization]."),
        ("(Crème brûlée, please)", "brulee creme", "([Crème] [brûlée], please)"),
        ("我喜欢吃面包。", "面包", "我喜欢吃[面包]。"),
        ("我喜欢吃面包。", "喜欢吃", "我[喜欢吃]面包。"),
        ("call getUserName now", "user", "call [getUserName] now"),
        ("well done 🎉!", "🎉", "well done [🎉]!"),
        ("since v1.2.3 it is", "1.2.3", "since [v1.2.3] it is"),
        ("rye and rye", "rye", "[rye] and [rye]"),
        ("rye NOT oat", "rye NOT oat", "[rye] NOT oat"),
        ("nothing of it", "sourdough", "nothing of it"),
        ("nul\0byte", "byte", "nul\0[byte]"),
    ],
)
def test_a_snippet_marks_what_was_found(
    text: str, sought: str, snippet: str, ledger: Ledger, remember: Remember
) -> None:
    remember("m", text)
    assert shown(ledger, sought) == snippet


def test_of_a_long_text_the_passage_with_the_most_words_is_shown(ledger: Ledger, remember: Remember) -> None:
    remember("m", f"rye {'word ' * 100}oat rye {'word ' * 100}")
    lead = "word " * LEAD_WORDS
    assert shown(ledger, "rye oat").startswith(f"…{lead}[oat] [rye] word")
    assert shown(ledger, "rye oat").endswith("…")


@pytest.mark.parametrize("filler", ["word ", "x" * 3_000 + " ", "面包", "Crème "])
def test_a_snippet_is_short_however_long_the_text(filler: str, ledger: Ledger, remember: Remember) -> None:
    remember("m", filler * (3 * PART_CHARACTERS // len(filler)) + " sourdough " + filler * 200)
    snippet = shown(ledger, "sourdough")
    assert "[sourdough]" in snippet
    assert len(snippet) <= PASSAGE_CHARACTERS_MAX + len("[]……")


def test_of_a_text_too_long_to_be_looked_through_the_beginning_is_shown(
    ledger: Ledger, remember: Remember
) -> None:
    remember("m", "word " * (PARTS_MAX * PART_CHARACTERS // 5) + " sourdough")
    assert shown(ledger, "sourdough").startswith("word word")


def test_the_column_with_the_most_words_is_shown_and_otherwise_the_content(
    ledger: Ledger, remember: Remember
) -> None:
    remember("m", "of rye", name="rye and oat", summary="of rye", tags=["bread"])
    assert shown(ledger, "rye oat") == "[rye] and [oat]"
    assert shown(ledger, "rye") == "of [rye]"
    assert shown(ledger, "bread") == "[bread]"
    assert shown(ledger, "barley") == "of rye"
