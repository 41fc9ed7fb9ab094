"""The cutting: nothing of a text is lost, its order stays, and no passage is past a limit."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pjai.cli.cutting import (
    MARKDOWN_SUFFIXES,
    SUMMARY_CHARACTERS_MAX,
    TEXT_CHARACTERS_MAX,
    Passage,
    cut,
    pieces,
    tags_of,
)
from pjai_wire import limits

WORDS = st.text("abcdefghij", min_size=1, max_size=12)
SENTENCES = st.lists(WORDS, min_size=1, max_size=40).map(lambda words: " ".join(words) + ".")
PARAGRAPHS = st.lists(SENTENCES, min_size=1, max_size=20).map(" ".join)
SECTIONS = st.tuples(st.integers(1, 6), WORDS, st.lists(PARAGRAPHS, max_size=3))

MARKDOWN_LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *(
                    "",
                    "# One",
                    "## Two",
                    "### Two",
                    "Three",
                    "===",
                    "---",
                    "```",
                    "> a",
                    "- b",
                    "    c",
                    "[d]: e",
                )
            ]
        ),
        st.text("ab#*_`[]()<>!|-=.\t 1\r", max_size=20),
        st.text(st.characters(blacklist_categories=["Cs"]), max_size=30),
    ),
    max_size=30,
).map("\n".join)


def dense(texts: Iterable[str]) -> str:
    """What is left without white space."""
    return "".join("".join(texts).split())


def letters(texts: Iterable[str]) -> str:
    return "".join(character for character in "".join(texts) if character.isalnum())


def is_within(part: str, whole: str) -> bool:
    """Whether all characters of `part` are in `whole`, in their order."""
    remaining = iter(whole)
    return all(character in remaining for character in part)


def assert_limits(passages: list[Passage]) -> None:
    for passage in passages:
        assert 1 <= len(passage.name) <= limits.NAME_CHARACTERS_MAX
        assert 1 <= len(passage.text) <= TEXT_CHARACTERS_MAX
        assert 1 <= len(passage.summary) <= SUMMARY_CHARACTERS_MAX <= limits.DESCRIPTION_CHARACTERS_MAX
        assert all(len(heading) <= limits.NAME_CHARACTERS_MAX for heading in passage.heading)
    assert [passage.position for passage in passages] == list(range(len(passages)))


@settings(deadline=None)
@given(st.text(max_size=9_000))
def test_plain_text_is_kept_character_by_character(text: str) -> None:
    passages = cut("notes.txt", text)

    paragraphs = re.split(r"\n[^\S\n]*\n", re.sub(r"\r\n?", "\n", text))
    expected = [part for part in paragraphs if re.search(r"[^-*_=~\s]", part)]
    assert_limits(passages)
    assert dense(passage.text for passage in passages) == dense(expected)


@settings(deadline=None)
@given(MARKDOWN_LINES)
def test_no_letter_of_any_markdown_is_lost_nor_put_in_nor_moved(text: str) -> None:
    passages = cut("notes.md", text)

    told = [part for passage in passages for part in (*passage.heading, passage.text)]
    assert_limits(passages)
    assert is_within(letters([text]), letters(told))
    assert is_within(letters(passage.text for passage in passages), letters([text]))


@settings(deadline=None)
@given(st.lists(SECTIONS, max_size=8))
def test_each_paragraph_stands_under_its_headings(sections: list[tuple[int, str, list[str]]]) -> None:
    text = "\n\n".join(
        "\n\n".join([f"{'#' * level} {title}", *paragraphs]) for level, title, paragraphs in sections
    )
    expected: list[tuple[tuple[str, ...], str]] = []
    above: list[tuple[int, str]] = []
    for position, (level, title, paragraphs) in enumerate(sections):
        above = [*(heading for heading in above if heading[0] < level), (level, title)]
        is_leaf = position + 1 == len(sections) or sections[position + 1][0] <= level
        for paragraph in paragraphs or [title] * is_leaf:
            expected += [
                (tuple(name for _, name in above), part) for part in pieces(paragraph, TEXT_CHARACTERS_MAX)
            ]

    assert [(passage.heading, passage.text) for passage in cut("x.md", text)] == expected


@settings(deadline=None)
@given(st.text(max_size=200), st.integers(1, 30))
def test_pieces_lose_nothing_but_white_space(text: str, characters_max: int) -> None:
    found = list(pieces(text, characters_max))

    assert all(0 < len(piece) <= characters_max for piece in found)
    assert dense(found) == dense([text])


def test_a_long_paragraph_is_cut_after_a_sentence_and_else_after_a_word() -> None:
    assert list(pieces("One two. Three four! Five", 21)) == ["One two. Three four!", "Five"]
    assert list(pieces("One two. Three four! Five", 20)) == ["One two. Three four!", "Five"]
    assert list(pieces("one two\nthree four five", 16)) == ["one two", "three four five"]
    assert list(pieces("one two three", 9)) == ["one two", "three"]
    assert list(pieces("abcdefgh", 3)) == ["abc", "def", "gh"]
    assert list(pieces("パン。水。塩。", 5)) == ["パン。水。", "塩。"]


@pytest.mark.parametrize("file_name", ["notes.txt", "notes.md"])
def test_a_private_key_is_one_passage_so_that_it_is_known_for_one(file_name: str) -> None:
    lines = "\n".join("a1B2c3d4" * 8 for _ in range(60))
    key = f"-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 1\n\n{lines}\n-----END PGP PRIVATE KEY BLOCK-----"
    cut_up = [passage.text for passage in cut(file_name, f"My key.\n\n{key}\n\nKeep it well.")]
    assert cut_up == ["My key.", key, "Keep it well."]


@pytest.mark.parametrize("file_name", ["notes.txt", "notes.md"])
def test_what_only_mentions_a_key_is_cut_like_any_text(file_name: str) -> None:
    said = [
        "A file begins with -----BEGIN PRIVATE KEY-----.",
        "It ends.",
        "-----BEGIN PRIVATE KEY-----",
        "So.",
    ]
    key = "-----BEGIN PRIVATE KEY-----\na1B2\n-----END PRIVATE KEY-----"
    both = "from -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----."
    text = "\n\n".join([*said, key, both])
    assert [passage.text for passage in cut(file_name, text)] == [*said, key, both]


def test_a_key_without_an_end_is_cut_like_any_text() -> None:
    text = "-----BEGIN PRIVATE KEY-----\n\n" + "word " * 10_000
    assert_limits(cut("notes.txt", text))


def test_what_only_looks_like_a_heading_is_none() -> None:
    passages = cut("x.md", "# Real\n\n```sh\n# a comment\n\nls\n```\n\n- item\n  # inside\n")

    assert [(passage.name, passage.text) for passage in passages] == [
        ("Real", "```sh\n# a comment\n\nls\n```"),
        ("Real", "- item\n  # inside"),
    ]


def test_underlined_headings_tables_and_link_definitions_are_understood() -> None:
    text = "Bread\n=====\n\nSee [it][1].\n\n[1]: http://bread\n\n|a|b|\n|-|-|\n|1|2|\n\n---\n\nWater\n-----\nWet.\n"

    assert [(passage.heading, passage.text) for passage in cut("x.md", text)] == [
        (("Bread",), "See [it][1].\n\n[1]: http://bread"),
        (("Bread",), "|a|b|\n|-|-|\n|1|2|"),
        (("Bread", "Water"), "Wet."),
    ]


def test_a_name_is_the_path_of_headings_or_the_files() -> None:
    assert cut("bread.txt", "Flour.")[0].name == "bread"
    assert cut(".hidden", "Flour.")[0].name == ".hidden"
    assert cut("bread.md", "# Bread\n## Sourdough\nFlour.")[0].name == "Bread > Sourdough"


def test_long_headings_keep_their_end_in_the_name_and_their_words_in_the_text() -> None:
    title = "long " * 150

    by_path = cut("x.md", "\n".join(f"{'#' * level} {'a' * 90}{level}" for level in range(1, 7)) + "\ntext")
    alone = cut("x.md", f"# {title}\ntext")

    assert_limits(by_path)
    assert by_path[0].name.startswith("…")
    assert by_path[0].name.endswith("a6")
    assert [passage.text for passage in alone] == [title.strip(), "text"]


def test_a_summary_is_the_first_sentences_on_one_line() -> None:
    text = "First\nsentence. " + "Second " * 50 + "sentence. Third."

    assert cut("x.txt", text)[0].summary == "First sentence."


@pytest.mark.parametrize("file_name", ["x.txt", *(f"x{suffix}" for suffix in MARKDOWN_SUFFIXES)])
@pytest.mark.parametrize("text", ["", " \n\t\n", "---\n\n***\n"])
def test_where_there_is_no_text_there_are_no_passages(file_name: str, text: str) -> None:
    assert cut(file_name, text) == []


def test_tags_are_the_words_of_the_files_name() -> None:
    assert tags_of("Meeting notes_2024-05.v2.md") == ["meeting", "notes", "2024", "05", "v2"]
    assert tags_of("README.md") == ["readme"]
    assert tags_of(".env") == ["env"]
    assert tags_of("bread bread.txt") == ["bread"]
    assert tags_of("…") == []
    assert tags_of("x" * 300) == ["x" * limits.TAG_CHARACTERS_MAX]
    assert len(tags_of(" ".join(map(str, range(500))))) == limits.TAGS_MAX
