"""Owns the snippets of hits: the passages that show why rows were found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import apsw
import msgspec

from pjaid.store.dictionaries import unpacked
from pjaid.store.words.index import indexed
from pjaid.store.words.keeping import TOKENIZER
from pjaid.store.words.neighbours import listed
from pjaid.store.words.passages import Passage, Tokenise, passage, runs
from pjaid.store.words.question import Question
from pjaid.store.words.texts import joined

Snippets = dict[int, tuple[str, ...]]
"""By row the parts of a passage: the first is as it is, the second a match, and so on in turn."""

_decoded = msgspec.msgpack.Decoder().decode
_TOKENIZER, *_ARGUMENTS = TOKENIZER.split()


def snippets(connection: apsw.Connection, table: str, question: Question, rows: Iterable[int]) -> Snippets:
    """The passage of each row that has the most of a question; where none has any, the beginning of a text.

    Args:
        connection: where to read.
        table: which was searched.
        question: what for.
        rows: some rows of it.

    Raises:
        UnknownTable: the table is not searched.
    """
    one = indexed(table)
    tokenise = _tokenizer(connection)
    sought = runs(question, tokenise)
    # The long texts stand last, and are what is shown where others have as much.
    names = ", ".join(f'"{column.python_name}"' for column in reversed(one.columns))
    sql = f"SELECT rowid, {names} FROM {table} WHERE rowid IN (SELECT value FROM json_each(?))"
    found: Snippets = {}
    for row, *values in connection.execute(sql, (listed(rows),)):
        texts = [text for value in values if (text := _text(connection, value))]
        passages = [passage(text, sought, tokenise) for text in texts]
        best = max(passages, key=lambda one: one.terms, default=Passage((), 0))
        found[row] = best.parts
    return found


def _tokenizer(connection: apsw.Connection) -> Tokenise:
    """SQLite's own, so that a snippet marks what the index found."""
    tokenizer = connection.fts5_tokenizer(_TOKENIZER, _ARGUMENTS)

    def tokenise(text: str) -> list[tuple[int, int, str]]:
        # Its type is that of every way to call it; called so it gives this.
        found = tokenizer(text.encode("utf-8", "replace"), apsw.FTS5_TOKENIZE_DOCUMENT, None)
        return cast("list[tuple[int, int, str]]", found)

    return tokenise


def _text(connection: apsw.Connection, value: object) -> str:
    if not isinstance(value, bytes):
        return value if isinstance(value, str) else ""
    try:
        return joined(_decoded(unpacked(connection, value)))
    except msgspec.DecodeError:
        return ""
