"""Owns what a search answers of its hits: their rows, the turns around them, and where they match."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import apsw

from pjai_wire.envelope import Row
from pjaid.search.asked import Asked
from pjaid.search.choosing import Chosen
from pjaid.store.hits import numbers_of
from pjaid.store.words.neighbours import Around, neighbours
from pjaid.store.words.snippets import Parts, Snippets, snippets, substring_snippets


def shown(connection: apsw.Connection, asked: Asked, hits: Sequence[Chosen], bytes_max: int) -> list[Row]:
    """The rows of a search's answer: the table's columns, then `HIT_COLUMNS`.

    A row that was deleted since it was ranked is not there.

    Raises:
        LimitExceeded: they are larger than `bytes_max`.
    """
    numbers = [hit.row for hit in hits]
    rows = asked.rows.read(connection, numbers, bytes_max)
    around: Around = {}
    turns: dict[int, Row] = {}
    if asked.params.context:
        around = neighbours(connection, asked.table, numbers)
        beside = dict.fromkeys(row for pair in around.values() for row in pair if row is not None)
        turns = asked.around.read(connection, beside, bytes_max) if beside else {}
    texts = _snippets(connection, asked, numbers) if asked.params.snippets else {}

    def turn(number: int | None) -> Row | None:
        return None if number is None else turns.get(number)

    def row_of(hit: Chosen) -> Row:
        before, after = around.get(hit.row, (None, None))
        return (
            *rows[hit.row],
            hit.score,
            hit.words,
            hit.meaning,
            hit.signals,
            hit.linked_from,
            texts.get(hit.row),
            turn(before),
            turn(after),
        )

    return [row_of(hit) for hit in hits if hit.row in rows]


def passages(connection: apsw.Connection, asked: Asked, ids: Collection[str]) -> dict[str, Parts]:
    """The snippets of rows that are there, by their ids."""
    numbers = numbers_of(connection, asked.table, ids)
    texts = _snippets(connection, asked, numbers)
    return {numbers[row]: parts for row, parts in texts.items()}


def _snippets(connection: apsw.Connection, asked: Asked, numbers: Iterable[int]) -> Snippets:
    if asked.mode == "substring":
        return substring_snippets(connection, asked.table, asked.params.text, numbers)
    return snippets(connection, asked.table, asked.question, numbers)
