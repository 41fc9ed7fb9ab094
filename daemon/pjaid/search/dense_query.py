"""Owns which words of a query its vector is made of (pure).

A model's vector fastens on names. One that a large part of the searched memories has - of the user, of the
persona - says nothing about which of them is meant, so it is left out of the text that is embedded. The
search by words keeps it: there it weighs nothing by itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from msgspec import Struct

COMMON_SHARE = 0.4
"""A word is common that so many of the searched memories have: of two who talk in turn, each has a half."""

RARE_SHARE = COMMON_SHARE / 2
"""A word that fewer have is far from common: by how much need not be known."""

COMMON_FROM_ROWS = 50
"""Of fewer memories, no share says anything."""

_WORD = re.compile(r"\w+")
_POSSESSIVE = r"(?:['\u2019]s)?"


class Telling(Struct, frozen=True):
    """What of a text is embedded."""

    text: str
    steady_for: int | None = None
    """Until so many rows have come, changed or left, none of its words can become common, or cease to be;
    None where none ever can."""


def are_enough(rows: int) -> bool:
    """Whether a share of so many rows says anything."""
    return rows >= COMMON_FROM_ROWS


def telling(text: str, rows: int, shares: Mapping[str, float]) -> Telling:
    """A text without what a large part of the searched rows has.

    Args:
        text: as it is searched for.
        rows: how many are searched.
        shares: of those rows that have each word; below `RARE_SHARE` they may be less than is told, and where
            rows are not enough there are none.
    """
    if not are_enough(rows):
        return Telling(text, COMMON_FROM_ROWS - rows)
    common = [word for word, share in shares.items() if share >= COMMON_SHARE]
    # One row moves a share no further than by coming to have the word, or to lack it: by 1 of all rows.
    steps = [abs(share - COMMON_SHARE) * rows for share in shares.values()]
    if common:
        steps.append(rows - COMMON_FROM_ROWS + 1)
    return Telling(without(text, common), max(1, int(min(steps))))


def words_of(text: str) -> list[str]:
    """The words of a text, each once, as they stand there."""
    return list(dict.fromkeys(_WORD.findall(text)))


def without(text: str, common: Collection[str]) -> str:
    """The text without its common words; the text itself where nothing would be left."""
    if not common:
        return text
    either = "|".join(map(re.escape, sorted(common)))
    rest = re.sub(rf"\b(?:{either})\b{_POSSESSIVE}", "", text)
    return " ".join(rest.split()) if _WORD.search(rest) else text
