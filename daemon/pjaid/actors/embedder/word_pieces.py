"""Owns how a text becomes word pieces, as BERT's uncased models have it (pure).

The package `tokenizers` does the same, and brings a client of a model hub along.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

UNKNOWN: Final = "[UNK]"
INSIDE: Final = "##"
"""Before a piece that does not begin a word."""

WORD_CHARACTERS_MAX = 100
"""A longer word is unknown, as in the original."""

WORDS_KEPT_MAX = 20_000
"""Words whose pieces are remembered: a few megabytes."""

_PLAIN = re.compile(r"[a-z0-9]+|[!-/:-@\[-`{-~]")
"""The words of a lower-case ASCII text: each character of punctuation is one."""

_IDEOGRAPHS = (
    *((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F)),
    *((0x2B920, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)),
)
"""First and last of what counts as Chinese characters; the gap at 0x2B820 is the original's."""


class WordPieces:
    """Takes texts apart.

    Args:
        vocabulary: the pieces, in the order of their numbers; `[UNK]` among them.
    """

    def __init__(self, vocabulary: Iterable[str]) -> None:
        self._numbers = {piece: number for number, piece in enumerate(vocabulary)}
        self._unknown = [self._numbers[UNKNOWN]]
        self._known: dict[str, list[int]] = {}

    def numbers(self, text: str, limit: int) -> list[int]:
        """The numbers of a text's pieces, without [CLS] and [SEP].

        Args:
            text: any.
            limit: of pieces; what comes after them is left out.
        """
        found: list[int] = []
        for word in words(text):
            pieces = self._known.get(word)
            if pieces is None:
                pieces = self._remembered(word)
            found += pieces
            if len(found) >= limit:
                return found[:limit]
        return found

    def _remembered(self, word: str) -> list[int]:
        if len(word) > WORD_CHARACTERS_MAX:
            # Not remembered, as it may be as long as a text.
            return self._unknown
        if len(self._known) >= WORDS_KEPT_MAX:
            self._known.clear()
        pieces = self._known[word] = self._pieces(word)
        return pieces

    def _pieces(self, word: str) -> list[int]:
        """The longest piece that the word begins with, then that of the rest, and so on."""
        found: list[int] = []
        begin = 0
        while begin < len(word):
            for end in range(len(word), begin, -1):
                piece = word[begin:end] if not begin else INSIDE + word[begin:end]
                number = self._numbers.get(piece)
                if number is not None:
                    break
            else:
                return self._unknown
            found.append(number)
            begin = end
        return found


def words(text: str) -> Sequence[str]:
    """The words of a text in lower case without accents; punctuation and ideographs one by one."""
    if text.isascii() and text.isprintable():
        return _PLAIN.findall(text.lower())
    return unicodedata.normalize("NFD", text).translate(_FOLDED).split()


class _Folded(dict[int, str]):
    """What becomes of a character, by its number; found out when it is met first."""

    def __missing__(self, number: int) -> str:
        folded = self[number] = _folded(chr(number))
        return folded


_FOLDED = _Folded()


def _folded(character: str) -> str:
    """Nothing of what is no text and of accents, a blank for each blank, and the rest in lower case."""
    category = unicodedata.category(character)
    if character in "\t\n\r" or character.isspace():
        return " " if category != "Cc" or character in "\t\n\r" else ""
    if character in "\0\ufffd" or category in ("Cc", "Cf", "Co", "Mn"):
        return ""
    # By itself: of a whole word Python would know the sigma at its end.
    lower = character.lower()
    return f" {lower} " if _is_punctuation(character, category) or _is_ideograph(character) else lower


def _is_ideograph(character: str) -> bool:
    return any(first <= ord(character) <= last for first, last in _IDEOGRAPHS)


def _is_punctuation(character: str, category: str) -> bool:
    return category[0] == "P" or character in "$+<=>^`|~"
