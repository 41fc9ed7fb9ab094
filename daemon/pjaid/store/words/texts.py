"""Owns what is indexed of a text: what SQLite's tokenizer would take for one word is taken apart (pure).

`unicode61` finds words, folds their case and drops diacritics; `porter` takes their endings off. They know
nothing of languages that are written without spaces, of names in code, or of emoji. So before a text gets to
them

- compatible forms of characters become one (NFKC), and case is folded as Unicode says;
- a run of Chinese, Japanese or Korean becomes its pairs of neighbouring characters, and the last one alone;
- a compound like `getUserName` is followed by its parts;
- an emoji becomes a word, of its code point.

Most texts are plain ASCII without compounds, and go through as they are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from typing import Any

UNSPACED = (
    r"[\u3005-\u3007\u3040-\u3096\u309d-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    r"\U00020000-\U0003ffff]"
)
"""A character of Chinese, Japanese or Korean, as a regular expression."""

_HUMP = re.compile(r"[A-Z](?:(?<=[a-z].)|(?<=[A-Z].)[a-z]{2})")
"""Found by its capital letter, which is rare: five times as fast as by what stands before it."""

_COMPOUND = re.compile(rf"(?<![A-Za-z0-9])[A-Za-z0-9]*(?:{_HUMP.pattern})[A-Za-z0-9]*")
_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z0-9]+")
COMPOUND_CHARACTERS_MAX = 64
"""What is longer is no name, but an encoding of something; parts of it are nothing that anybody looks for."""

_RUN = re.compile(f"{UNSPACED}+")
_SKIN = dict.fromkeys(range(0x1F3FB, 0x1F400))
_EMOJI = re.compile(r"[\u2300-\u23ff\u25a0-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]")

PERSONA_BYTES = 8
PERSONA_MARK = "\ue000"
"""A private character, with which words for personas begin; what is searched for never has it."""


def is_indexed_as_it_stands(text: str) -> bool:
    """Whether a text goes to the tokenizer as it is."""
    return text.isascii() and _HUMP.search(text) is None


def searchable(text: str) -> str:
    """The text as it is indexed."""
    if _HUMP.search(text):
        text = _COMPOUND.sub(_with_parts, text)
    return text if text.isascii() else _told_apart(text)


def texts_in(value: Any) -> Iterator[str]:
    """All texts within a value, in their order, but for the keys of maps: those are the client's own."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from texts_in(member)
    elif isinstance(value, list):
        for member in value:
            yield from texts_in(member)


def joined(value: Any) -> str:
    """All texts within a value, one beneath the other."""
    return "\n".join(texts_in(value))


@lru_cache(maxsize=1_000)
def persona_word(persona_id: str) -> str:
    """The one word that stands for a persona in the index: digits, which nothing takes apart or folds."""
    digest = blake2b(persona_id.encode(), digest_size=PERSONA_BYTES).digest()
    return f"{PERSONA_MARK}{int.from_bytes(digest)}"


def parts_of(name: str) -> str:
    """The parts of a compound, which stand behind it in the index; empty where it is none."""
    compound = _COMPOUND.fullmatch(name)
    return "" if compound is None else _with_parts(compound).partition(" ")[2]


def folded(text: str) -> str:
    """The text without regard to case and diacritics."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _told_apart(text: str) -> str:
    text = unicodedata.normalize("NFKC", text.translate(_SKIN))
    text = _EMOJI.sub(_emoji_word, text)
    return _RUN.sub(_pairs, text).casefold()


def _with_parts(compound: re.Match[str]) -> str:
    name = compound[0]
    if len(name) > COMPOUND_CHARACTERS_MAX:
        return name
    return " ".join((name, *_PART.findall(name)))


def _emoji_word(emoji: re.Match[str]) -> str:
    return f" u{ord(emoji[0]):x} "


def _pairs(run: re.Match[str]) -> str:
    characters = run[0]
    return f" {' '.join(characters[at : at + 2] for at in range(len(characters)))} "
