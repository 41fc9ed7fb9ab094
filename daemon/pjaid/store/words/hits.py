"""Owns the finding of rows by words, and how well each fits.

A word's score is BM25, with the columns weighted. Where any of the words will do and rows are turns of
conversations, the turns before and after count too: an answer often lacks the word that the question had.

    score(row) = sum over words of max(s(row), 0.7 s(turn before), 0.3 s(turn after))
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from math import log
from typing import Final

import apsw

from pjaid.store.words.filters import NO_FILTER, Filter, Hits, best_first, condition
from pjaid.store.words.index import PERSONA, Indexed, indexed
from pjaid.store.words.neighbours import THREADED, Around, listed, neighbours
from pjaid.store.words.question import Question, Term, term_of
from pjaid.store.words.texts import persona_word

BEFORE: Final = 0.7
AFTER: Final = 0.3
"""What a word counts that stands in the turn before, or after."""

LIFTED_MAX = 300
"""Of how many of the best rows the neighbours are looked at."""

RARITY_MIN: Final = 1e-6
"""Of a word that most rows have; FTS5's too."""

AVERAGES: Final = 1
"""The id of FTS5's record of how many rows there are, and how long."""

HITS_OF_WORD_MAX = 20_000
"""Of a word that more rows have, the best count."""


def word_hits(
    connection: apsw.Connection,
    table: str,
    question: Question,
    rows: Filter = NO_FILTER,
    *,
    depth: int,
    with_neighbours: bool = True,
) -> Hits:
    """The rows that fit a question best.

    Args:
        connection: where to read, in a transaction of the caller's if that is to be one with other reads.
        table: which is searched.
        question: what for.
        rows: which rows may be found.
        depth: how many at most.
        with_neighbours: whether turns before and after count; they do only where any of the words will do.

    Raises:
        UnknownTable: the table is not searched.
    """
    one = indexed(table)
    if question.whole is None:
        return []
    if with_neighbours and question.is_any and table in THREADED:
        return _hits_with_neighbours(connection, one, question, rows, depth)
    return _hits(connection, one, question.expression, rows, depth)


def document_frequencies(
    connection: apsw.Connection, table: str, words: Iterable[str], persona_id: str | None
) -> dict[str, float]:
    """Which share of a persona's rows has each word, or of all rows; 0 where there are none.

    Raises:
        UnknownTable: the table is not searched.
    """
    one = indexed(table)
    everything = rows_of(connection, table, persona_id)
    shares: dict[str, float] = {}
    for word in words:
        term = term_of(word)
        has = 0 if term is None else _count(connection, one, _within(term.expression, persona_id))
        shares[word] = has / everything if everything else 0.0
    return shares


def rows_of(connection: apsw.Connection, table: str, persona_id: str | None) -> int:
    """How many rows of a table can be found, a persona's or all."""
    one = indexed(table)
    if persona_id is not None:
        return _count(connection, one, _of_persona(persona_id))
    return _rows_indexed(connection, one)


def _count(connection: apsw.Connection, one: Indexed, expression: str) -> int:
    sql = f"SELECT count(*) FROM {one.name} WHERE {one.name} MATCH ?"
    return int(connection.execute(sql, (expression,)).get)


def _of_persona(persona_id: str) -> str:
    return f'{PERSONA} : "{persona_word(persona_id)}"'


def _within(expression: str, persona_id: str | None) -> str:
    """An expression for texts alone, and of one persona's rows."""
    texts = f"(- {PERSONA} : {expression})"
    return texts if persona_id is None else f"{_of_persona(persona_id)} AND {texts}"


def _hits(connection: apsw.Connection, one: Indexed, expression: str, rows: Filter, depth: int) -> Hits:
    """In one statement: FTS5 gives rows in the order of their rank, and only those are looked at."""
    table = one.table.table_name
    fits = (
        f" AND EXISTS (SELECT 1 FROM {table} WHERE {table}.rowid = {one.name}.rowid AND ({rows.sql}))"
        if rows.sql
        else ""
    )
    sql = f"SELECT rowid, -rank FROM {one.name} WHERE {one.name} MATCH ?{fits} ORDER BY rank LIMIT ?"
    return best_first(connection.execute(sql, (_within(expression, rows.persona_id), *rows.bindings, depth)))


def _hits_with_neighbours(
    connection: apsw.Connection, one: Indexed, question: Question, rows: Filter, depth: int
) -> Hits:
    scores = [_scores(connection, one, term, rows.persona_id) for term in question.terms]
    own: Counter[int] = Counter()
    for of_word in scores:
        own.update(of_word)
    best = [row for row, _ in best_first(own.items())]
    lifted_max = max(depth, LIFTED_MAX)
    chosen = list(_allowed(connection, one, best, rows, lifted_max))
    # A row that no word is in may have a neighbour that the filter leaves out.
    around = neighbours(connection, one.table.table_name, dict.fromkeys((*chosen, *best[:lifted_max])))
    beside = {row for pair in around.values() for row in pair if row is not None}
    new = sorted(beside.difference(chosen))
    new = list(_allowed(connection, one, new, rows, len(new)))
    around.update(neighbours(connection, one.table.table_name, [row for row in new if row not in around]))
    return best_first(_totals(scores, (*chosen, *new), around).items())[:depth]


def _totals(scores: Sequence[dict[int, float]], rows: Iterable[int], around: Around) -> Counter[int]:
    """What rows score by all words, each where it is the best: in the row, before or after it."""
    to: defaultdict[int, list[tuple[int, float]]] = defaultdict(list)
    for row in rows:
        to[row].append((row, 1.0))
        before, after = around.get(row, (None, None))
        if before is not None:
            to[before].append((row, BEFORE))
        if after is not None:
            to[after].append((row, AFTER))
    totals: Counter[int] = Counter()
    for of_word in scores:
        best: dict[int, float] = {}
        for source in to.keys() & of_word.keys():
            score = of_word[source]
            for row, share in to[source]:
                best[row] = max(best.get(row, 0.0), share * score)
        totals.update(best)
    return totals


def _scores(
    connection: apsw.Connection, one: Indexed, term: Term, persona_id: str | None
) -> dict[int, float]:
    """How well a word fits each row that has it, of a persona or of all."""
    sql = f"SELECT rowid, -rank FROM {one.name} WHERE {one.name} MATCH ?"
    expression = _within(term.expression, persona_id)
    found = dict(connection.execute(f"{sql} LIMIT ?", (expression, HITS_OF_WORD_MAX + 1)))
    if len(found) > HITS_OF_WORD_MAX:
        found = dict(connection.execute(f"{sql} ORDER BY rank LIMIT ?", (expression, HITS_OF_WORD_MAX)))
    if persona_id is None or not found:
        return found
    # FTS5 knows how rare a word is among all rows. A name that each row of a persona has tells nothing there.
    of_all = _rarity(_rows_indexed(connection, one), _count(connection, one, _within(term.expression, None)))
    of_persona = _rarity(_count(connection, one, _of_persona(persona_id)), len(found))
    return {row: score * of_persona / of_all for row, score in found.items()}


def _rarity(rows: int, having: int) -> float:
    """How telling a word is that so many of some rows have: the inverse document frequency, as FTS5's."""
    return max(RARITY_MIN, log((rows - having + 0.5) / (having + 0.5)))


def _rows_indexed(connection: apsw.Connection, one: Indexed) -> int:
    """How many rows an index has: the first number of FTS5's record of averages, as counting takes long."""
    record: bytes = connection.execute(f"SELECT block FROM {one.name}_data WHERE id = {AVERAGES}").get
    number = 0
    for byte in record:
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return number


def _allowed(
    connection: apsw.Connection, one: Indexed, found: Sequence[int], rows: Filter, most: int
) -> Iterator[int]:
    """Those of some rows that a filter lets through, in their order."""
    if not rows.sql:
        # Of the persona they are, or else beside a row that is.
        yield from found[:most]
        return
    fits, bindings = condition(one, rows)
    table = one.table.table_name
    sql = f"SELECT rowid FROM {table} WHERE rowid IN (SELECT value FROM json_each(?)) AND {fits}"
    taken, begin, size = 0, 0, most
    while begin < len(found) and taken < most:
        some = found[begin : begin + size]
        let_through = {row for (row,) in connection.execute(sql, (listed(some), *bindings))}
        for row in some:
            if row in let_through and taken < most:
                taken += 1
                yield row
        begin, size = begin + size, 2 * size
