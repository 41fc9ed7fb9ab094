"""Owns the snippets of hits: the passages that show why rows were found."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import apsw
import msgspec

from pjaid.store.dictionaries import unpacked
from pjaid.store.words.fragments import fragment
from pjaid.store.words.index import indexed
from pjaid.store.words.neighbours import listed
from pjaid.store.words.passages import Passage, passage, runs
from pjaid.store.words.prefixes import completed
from pjaid.store.words.question import Question
from pjaid.store.words.texts import folded, joined
from pjaid.store.words.tokenizer import stems_of, tokenizer_of

Parts = tuple[str, ...]
"""Of a passage: the first is as it is, the second a match, and so on in turn."""

Snippets = dict[int, Parts]
"""By row."""

_decoded = msgspec.msgpack.Decoder().decode


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
    tokenise = tokenizer_of(connection)
    sought = runs(completed(question, stems_of(connection)), tokenise)
    return _best(connection, table, rows, lambda text: passage(text, sought, tokenise))


def substring_snippets(connection: apsw.Connection, table: str, text: str, rows: Iterable[int]) -> Snippets:
    """The passage of each row that has a text somewhere; where none has it, the beginning of a text.

    Arguments and errors are those of `snippets`.
    """
    sought = folded(text)
    return _best(connection, table, rows, lambda text: fragment(text, sought))


def _best(
    connection: apsw.Connection, table: str, rows: Iterable[int], passage_of: Callable[[str], Passage]
) -> Snippets:
    """Of each row's passages the one with the most terms."""
    one = indexed(table)
    # The long texts stand last, and are what is shown where others have as much.
    names = ", ".join(f'"{column.python_name}"' for column in reversed(one.columns))
    sql = f"SELECT rowid, {names} FROM {table} WHERE rowid IN (SELECT value FROM json_each(?))"
    found: Snippets = {}
    for row, *values in connection.execute(sql, (listed(rows),)):
        texts = [text for value in values if (text := _text(connection, value))]
        best = max(map(passage_of, texts), key=lambda one: one.terms, default=Passage((), 0))
        found[row] = best.parts
    return found


def _text(connection: apsw.Connection, value: object) -> str:
    if not isinstance(value, bytes):
        return value if isinstance(value, str) else ""
    try:
        return joined(_decoded(unpacked(connection, value)))
    except msgspec.DecodeError:
        return ""
