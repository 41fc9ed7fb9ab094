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
        if len(self._known) >= WORDS_KEPT_MAX:
            self._known.clear()
        pieces = self._known[word] = self._pieces(word)
        return pieces

    def _pieces(self, word: str) -> list[int]:
        """The longest piece that the word begins with, then that of the rest, and so on."""
        if len(word) > WORD_CHARACTERS_MAX:
            return self._unknown
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
    if text.isascii():
        return _PLAIN.findall(_without_control(text).lower())
    spread = unicodedata.normalize("NFD", "".join(map(_spread, text)))
    # Each by itself: of a whole word Python would know the sigma at its end.
    folded = "".join(map(str.lower, filter(_is_no_accent, spread)))
    return "".join(f" {one} " if _is_punctuation(one) else one for one in folded).split()


def _is_no_accent(character: str) -> bool:
    return unicodedata.category(character) != "Mn"


def _without_control(text: str) -> str:
    return text if text.isprintable() else "".join(map(_spread, text))


def _spread(character: str) -> str:
    """What is left of a character before words are told apart."""
    if character in "\t\n\r":
        return " "
    if character in "\0\ufffd" or unicodedata.category(character) in ("Cc", "Cf", "Co"):
        return ""
    if character.isspace():
        return " "
    code = ord(character)
    return f" {character} " if code >= 0x3400 and _is_ideograph(code) else character


def _is_ideograph(code: int) -> bool:
    return any(first <= code <= last for first, last in _IDEOGRAPHS)


def _is_punctuation(character: str) -> bool:
    return not (character.isalnum() or character.isspace()) and (
        character in "$+<=>^`|~" or unicodedata.category(character)[0] == "P"
    )
