"""Owns which passage of a text shows best why it was found, and what of it to mark (pure)."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from pjaid.store.words.question import WORDS_IN_TEXT, Question
from pjaid.store.words.texts import UNSPACED, is_indexed_as_it_stands, searchable

PASSAGE_WORDS = 30
"""How long a passage is."""

LEAD_WORDS = 6
"""How many words stand before its first match."""

PASSAGE_CHARACTERS_MAX = 400
PART_CHARACTERS = 16_000
"""The first part of a text so long that has a match is where the passage is from."""

PARTS_MAX = 8
"""Of a text that is longer, the rest is not looked at."""

CUT = "…"

Tokenise = Callable[[str], list[tuple[int, int, str]]]
"""As `tokenizer.Tokenise`, which this room must not know to stay pure."""

_PIECE = re.compile(f"{UNSPACED}+|(?:(?!{UNSPACED}).)+", re.DOTALL)
_ENCODED = "utf-8"


class Word(NamedTuple):
    """A word of a text, and where it stands there."""

    token: str
    begin: int
    end: int


class Run(NamedTuple):
    """Words, one after the other, that are looked for."""

    tokens: tuple[str, ...]
    is_prefix: bool


class Match(NamedTuple):
    """A run of a text's words that is looked for, from the first to the last."""

    first: int
    last: int
    which: int
    """Of the question's terms."""


class Passage(NamedTuple):
    """A part of a text."""

    parts: tuple[str, ...]
    """The first is as it is, the second a match, and so on in turn."""
    terms: int
    """How many different ones are in it."""


def runs(question: Question, tokenise: Tokenise) -> list[list[Run]]:
    """What each term of a question looks for."""
    return [
        [
            Run(tokens, is_prefix)
            for phrases, is_prefix in ((term.phrases, term.is_prefix), (term.completions, False))
            for phrase in phrases
            if (tokens := tuple(token for _, _, token in tokenise(phrase)))
        ]
        for term in question.terms
    ]


def passage(text: str, sought: Sequence[Sequence[Run]], tokenise: Tokenise) -> Passage:
    """The passage of a text that has the most terms; where none has any, its beginning."""
    for begin in range(0, min(len(text), PARTS_MAX * PART_CHARACTERS), PART_CHARACTERS):
        part = text[begin : begin + PART_CHARACTERS]
        words = words_of(part, tokenise)
        if matches := list(_matches(words, sought)):
            is_last = begin + PART_CHARACTERS >= len(text)
            return _around(part, words, matches, goes_before=begin > 0, goes_on=not is_last)
    return beginning(text)


def beginning(text: str) -> Passage:
    """What is shown of a text that has nothing of what is looked for."""
    is_short = len(text) <= PASSAGE_CHARACTERS_MAX
    return Passage((text if is_short else text[:PASSAGE_CHARACTERS_MAX] + CUT,), 0)


def marked(
    text: str,
    begin: int,
    end: int,
    spans: Iterable[tuple[int, int]],
    *,
    terms: int,
    goes_before: bool = False,
    goes_on: bool = False,
) -> Passage:
    """A part of a text in which some spans are marked.

    Args:
        text: which it is from.
        begin: where it begins.
        end: where it ends.
        spans: what is marked, within it.
        terms: how many different ones those are of.
        goes_before: whether something stands before this text.
        goes_on: whether something stands behind it.
    """
    parts: list[str] = []
    at = begin
    for span_begin, span_end in _merged(spans):
        parts += (text[at:span_begin], text[span_begin:span_end])
        at = span_end
    parts.append(text[at:end])
    if goes_before or begin > 0:
        parts[0] = CUT + parts[0]
    if goes_on or end < len(text):
        parts[-1] += CUT
    return Passage(tuple(parts), terms)


def words_of(text: str, tokenise: Tokenise) -> list[Word]:
    """The words of a text as they are indexed, in the order in which they are."""
    if is_indexed_as_it_stands(text):
        return [Word(token, begin, end) for begin, end, token in tokenise(text)]
    pieces = list(_pieces(text))
    ends: list[int] = []
    size = 0
    for form, _, _ in pieces:
        size += len(form.encode(_ENCODED)) + 1
        ends.append(size)
    words: list[Word] = []
    at = 0
    for begin, _, token in tokenise(" ".join(form for form, _, _ in pieces)):
        while begin >= ends[at]:
            at += 1
        words.append(Word(token, *pieces[at][1:]))
    return words


def _pieces(text: str) -> Iterator[tuple[str, int, int]]:
    """Words as they are indexed, and where they stand; of unspaced ones each pair by itself."""
    for word in WORDS_IN_TEXT.finditer(text):
        for piece in _PIECE.finditer(word[0]):
            begin, end = word.start() + piece.start(), word.start() + piece.end()
            if re.match(UNSPACED, piece[0]) is None:
                yield searchable(piece[0]), begin, end
                continue
            for at in range(begin, end):
                pair_end = min(at + 2, end)
                yield unicodedata.normalize("NFKC", text[at:pair_end]), at, pair_end


def _matches(words: Sequence[Word], sought: Sequence[Sequence[Run]]) -> Iterator[Match]:
    tokens = [word.token for word in words]
    places: defaultdict[str, list[int]] = defaultdict(list)
    for at, token in enumerate(tokens):
        places[token].append(at)
    for which, alternatives in enumerate(sought):
        for (*others, last), is_prefix in alternatives:
            beginnings = [last] if not is_prefix else [token for token in places if token.startswith(last)]
            ends = (end for token in beginnings for end in places.get(token, ()))
            for end in ends:
                first = end - len(others)
                if first >= 0 and tokens[first:end] == others:
                    yield Match(first, end, which)


def _around(
    text: str, words: Sequence[Word], matches: Sequence[Match], *, goes_before: bool, goes_on: bool
) -> Passage:
    """The passage around those matches of which the most different ones are together."""
    ordered = sorted(matches)

    def together(first: Match) -> set[int]:
        last = first.first + PASSAGE_WORDS - LEAD_WORDS
        return {match.which for match in ordered if first.first <= match.first and match.last < last}

    # Of a text full of matches, some beginnings are enough to choose from.
    best = max(ordered[:PASSAGE_WORDS], key=lambda match: len(together(match)))
    first = max(0, best.first - LEAD_WORDS)
    last = max(best.last, min(len(words), first + PASSAGE_WORDS) - 1)
    begin = 0 if first == 0 else words[first].begin
    begin = max(begin, words[best.first].begin - PASSAGE_CHARACTERS_MAX // 2)
    end = min(len(text) if last == len(words) - 1 else words[last].end, begin + PASSAGE_CHARACTERS_MAX)
    marks = (
        (words[match.first].begin, min(end, words[match.last].end))
        for match in ordered
        if words[match.first].begin >= begin and words[match.first].begin < end
    )
    terms = len(together(best))
    return marked(text, begin, end, marks, terms=terms, goes_before=goes_before, goes_on=goes_on)


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans without overlaps, in order."""
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((begin, end))
    return merged
