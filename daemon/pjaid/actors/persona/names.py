"""Owns how texts of personas are kept: composed, and without blanks that nobody means (pure)."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Container, Iterable

from pjai_wire.errors import InvalidValue

NAME_CHARACTERS_MAX = 200

_NUMBERED = re.compile(r" \(\d+\)\Z")
_CONTROL = "Cc"
_UNSEEN = "CZ"
"""Unicode's categories of what leaves no mark: controls, formats and the unassigned; separators."""


def name(text: str) -> str:
    """The name as it is kept: composed (NFC), its blanks single and inside.

    Raises:
        InvalidValue: there is nothing to see in it, or it holds control characters.
    """
    kept = _collapsed(text)
    if all(unicodedata.category(character)[0] in _UNSEEN for character in kept):
        raise InvalidValue("a persona's name is blank", hint="give it a name that can be seen")
    if any(unicodedata.category(character) == _CONTROL for character in kept):
        raise InvalidValue("a persona's name has control characters", hint="leave them out")
    if len(kept) > NAME_CHARACTERS_MAX:
        raise InvalidValue(f"a persona's name has at most {NAME_CHARACTERS_MAX} characters")
    return kept


def text(given: str) -> str:
    """Any other text as it is kept: composed, without blanks at its ends."""
    return unicodedata.normalize("NFC", given).strip()


def traits(given: Iterable[str]) -> tuple[str, ...]:
    """Traits as they are kept: as names, each once, in their order, and none that is blank."""
    return tuple(dict.fromkeys(filter(None, map(_collapsed, given))))


def free_name(first: str, taken: Container[str]) -> str:
    """The first of `Ada (2)`, `Ada (3)` and so on that is free.

    Args:
        first: a name that is taken, which may have a number itself.
        taken: names of personas.
    """
    base = _NUMBERED.sub("", first)
    suffixes = (f" ({number})" for number in itertools.count(2))
    names = (base[: NAME_CHARACTERS_MAX - len(suffix)].rstrip() + suffix for suffix in suffixes)
    return next(one for one in names if one not in taken)


def _collapsed(given: str) -> str:
    return " ".join(unicodedata.normalize("NFC", given).split())
