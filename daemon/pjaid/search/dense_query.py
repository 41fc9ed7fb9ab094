"""Owns which words of a query its vector is made of (pure).

A model's vector fastens on names. One that a large part of the searched memories has - of the user, of the
persona - says nothing about which of them is meant, so it is left out of the text that is embedded. The
search by words keeps it: there it weighs nothing by itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection

COMMON_SHARE = 0.4
"""A word is common that so many of the searched memories have: of two who talk in turn, each has a half."""

COMMON_FROM_ROWS = 50
"""Of fewer memories, no share says anything."""

_WORD = re.compile(r"\w+")
_POSSESSIVE = r"(?:['\u2019]s)?"


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
