"""Owns the estimate of how many tokens a language model makes of a text (pure).

Each model has a tokenizer of its own, and none is worth megabytes here. The rule errs on the safe side:

- a run of ASCII letters takes one token for each six, or part of six;
- a run of ASCII digits one for each three;
- any other ASCII character one, but for single spaces, which belong to the word that follows;
- a run of anything else one for each two bytes of UTF-8.

No run crosses the end of a line, so lines add up: a text takes what its lines take, and one for each break.
"""

from __future__ import annotations

import re
from itertools import accumulate, takewhile

LETTERS_PER_TOKEN = 6
DIGITS_PER_TOKEN = 3
BYTES_PER_TOKEN = 2

_RUN = re.compile(r"([A-Za-z]+)|([0-9]+)|([^\x00-\x7f]+)| {2,}|[^ ]")
_KINDS = ((1, LETTERS_PER_TOKEN), (2, DIGITS_PER_TOKEN))
_CUT = "…"
_CUT_TOKENS = 2


def estimated_tokens(text: str) -> int:
    """About how many tokens a text takes, rather more than fewer."""
    return sum(map(_tokens_of, _RUN.finditer(text)))


def clipped(text: str, tokens_max: int, passage: str = "") -> str:
    """The text, or as much of it as takes `tokens_max` tokens with marks that there is more.

    Args:
        text: which may be too long.
        tokens_max: 2 at least, which is what a mark takes.
        passage: of the text; where its beginning does not reach so far, what is there from the passage on.
    """
    short = _beginning(text, tokens_max)
    room = tokens_max - _CUT_TOKENS
    begin = text.find(passage)
    if passage in short or begin < 0 or room < _CUT_TOKENS:
        return short
    rest = text[begin:]
    wanted = _beginning(rest, room)
    # What ends sooner than the room leaves some to what is before it.
    return _CUT + (wanted if wanted != rest else max(rest, _end(text, room), key=len)).lstrip()


def _beginning(text: str, tokens_max: int) -> str:
    """The text, or as much of its beginning as fits with a mark that it goes on."""
    left, end = tokens_max, 0
    for run in _RUN.finditer(text):
        room = left - _CUT_TOKENS
        left -= _tokens_of(run)
        if left >= _CUT_TOKENS:
            end = run.end()
        elif room > 0 and run[3] is not None:
            # A run of a script without spaces may be a whole paragraph.
            end = run.start() + _fitting(run[3], room)
        if left < 0:
            return text[:end].rstrip() + _CUT
    return text


def _end(text: str, tokens_max: int) -> str:
    """As much of the end of a text as fits."""
    left, begin = tokens_max, len(text)
    for run in reversed(list(_RUN.finditer(text))):
        left -= _tokens_of(run)
        if left < 0:
            break
        begin = run.start()
    return text[begin:]


def _tokens_of(run: re.Match[str]) -> int:
    for group, size in _KINDS:
        if (word := run[group]) is not None:
            return -(-len(word) // size)
    if (other := run[3]) is not None:
        return -(-len(other.encode("utf-8", "replace")) // BYTES_PER_TOKEN)
    return 1


def _fitting(run: str, tokens_max: int) -> int:
    """How many characters of a run that is not ASCII fit."""
    ends = accumulate(len(character.encode("utf-8", "replace")) for character in run)
    return sum(1 for _ in takewhile(lambda end: end <= tokens_max * BYTES_PER_TOKEN, ends))
