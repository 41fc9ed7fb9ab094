"""Owns SQLite's own tokenizer, so that others see words as the index has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import apsw

TOKENIZER = "porter unicode61 remove_diacritics 2"

Tokenise = Callable[[str], list[tuple[int, int, str]]]
"""A text to its words as they are indexed, each with where it begins and ends in the text's UTF-8."""

_NAME, *_ARGUMENTS = TOKENIZER.split()


def tokenizer_of(connection: apsw.Connection) -> Tokenise:
    """The tokenizer of a connection."""
    tokenizer = connection.fts5_tokenizer(_NAME, _ARGUMENTS)

    def tokenise(text: str) -> list[tuple[int, int, str]]:
        # Its type is that of every way to call it; called so it gives this.
        found = tokenizer(text.encode("utf-8", "replace"), apsw.FTS5_TOKENIZE_DOCUMENT, None)
        return cast("list[tuple[int, int, str]]", found)

    return tokenise


def stems_of(connection: apsw.Connection) -> Callable[[str], list[str]]:
    """The tokenizer of a connection without places."""
    tokenise = tokenizer_of(connection)
    return lambda text: [token for _, _, token in tokenise(text)]
