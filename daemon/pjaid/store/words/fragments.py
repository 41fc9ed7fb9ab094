"""Owns where a part of a text stands in it as it is, words or not, and what to show around that (pure)."""

from __future__ import annotations

from collections.abc import Iterator

from pjaid.store.words.passages import PART_CHARACTERS, PASSAGE_CHARACTERS_MAX, Passage, beginning, marked
from pjaid.store.words.texts import folded

LEAD_CHARACTERS = 40
"""How much stands before the first match, at most."""


def fragment(text: str, sought: str) -> Passage:
    """The passage of a text that has a part which is looked for; where it has none, its beginning.

    Args:
        text: as it is.
        sought: as `folded` makes it.
    """
    whole = folded(text)
    at = whole.find(sought) if sought else -1
    if at < 0:
        return beginning(text)
    first, passed = _place(text, at)
    begin = max(0, first - LEAD_CHARACTERS)
    if begin > 0:
        begin = text.find(" ", begin, first) + 1 or begin
    end = min(len(text), begin + PASSAGE_CHARACTERS_MAX)
    places = [place for place in range(first, end) for _ in folded(text[place])]

    def matches() -> Iterator[tuple[int, int]]:
        match = at - passed
        while 0 <= match < len(places):
            last = match + len(sought)
            # What folds to nothing, such as an accent by itself, belongs to the character before it.
            match_end = end if last >= len(places) else max(places[last - 1] + 1, places[last])
            yield places[match], match_end
            match = whole.find(sought, passed + last) - passed

    return marked(text, begin, end, matches(), terms=1)


def _place(text: str, at: int) -> tuple[int, int]:
    """Which character a place in the folded text comes from, and how much of that text is before it.

    Each character folds by itself, so that parts of a text fold to parts.
    """
    if text.isascii():
        return at, at
    begin = passed = 0
    while passed + (size := len(folded(text[begin : begin + PART_CHARACTERS]))) <= at:
        begin, passed = begin + PART_CHARACTERS, passed + size
    while passed + (size := len(folded(text[begin]))) <= at:
        begin, passed = begin + 1, passed + size
    return begin, passed
