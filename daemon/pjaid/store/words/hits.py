"""Owns the finding of rows by words, and how well each fits.

A word's score is BM25, with the columns weighted. Where any of the words will do and rows are turns of
conversations, the turns before and after count too: an answer often lacks the word that the question had.

    score(row) = sum over words of max(s(row), 0.7 s(turn before), 0.3 s(turn after))
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import apsw

from pjai_wire import limits
from pjaid.store.words.filters import NO_FILTER, Filter, Hits, best_first
from pjaid.store.words.frequencies import Frequencies, within
from pjaid.store.words.index import Indexed, indexed
from pjaid.store.words.neighbours import THREADED, Around, listed, neighbours
from pjaid.store.words.prefixes import completed
from pjaid.store.words.question import Question, Term, any_of
from pjaid.store.words.tokenizer import stems_of

BEFORE: Final = 0.7
AFTER: Final = 0.3
"""What a word counts that stands in the turn before, or after."""

LIFTED_MAX: Final = 200
"""Of how many of the best rows the neighbours are looked at."""


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
    question = completed(question, stems_of(connection))
    counted = Frequencies(connection, one, rows.persona_id)
    if question.is_plain and len(question.terms) > limits.SEARCH_TELLING_MAX:
        question = any_of(counted.telling(question.terms))
        if question.whole is None:
            return []
    if with_neighbours and question.is_any and table in THREADED:
        return _hits_with_neighbours(connection, one, question, rows, depth, counted)
    return _hits(connection, one, question.expression, rows, depth)


def _hits(connection: apsw.Connection, one: Indexed, expression: str, rows: Filter, depth: int) -> Hits:
    """In one statement: FTS5 gives rows in the order of their rank, and only those are looked at."""
    table = one.table.table_name
    fits = (
        f" AND EXISTS (SELECT 1 FROM {table} WHERE {table}.rowid = {one.name}.rowid AND ({rows.sql}))"
        if rows.sql
        else ""
    )
    sql = f"SELECT rowid, -rank FROM {one.name} WHERE {one.name} MATCH ?{fits} ORDER BY rank LIMIT ?"
    return best_first(connection.execute(sql, (within(expression, rows.persona_id), *rows.bindings, depth)))


def _hits_with_neighbours(
    connection: apsw.Connection,
    one: Indexed,
    question: Question,
    rows: Filter,
    depth: int,
    counted: Frequencies,
) -> Hits:
    """First the rows that have the words, then those beside them, and what both score word by word."""
    table = one.table.table_name
    lifted_max = max(depth, LIFTED_MAX)
    found = [row for row, _ in _hits(connection, one, question.expression, rows, lifted_max)]
    best = dict.fromkeys(found)
    if rows.sql and len(found) < lifted_max:
        # A row that no word is in may have a neighbour that the filter leaves out.
        whose = Filter(persona_id=rows.persona_id)
        best |= dict.fromkeys(
            row for row, _ in _hits(connection, one, question.expression, whose, lifted_max)
        )
    around = neighbours(connection, table, best)
    beside = {row for pair in around.values() for row in pair if row is not None}
    new = _let_through(connection, one, beside.difference(found), rows)
    around |= neighbours(connection, table, new.difference(around))
    found += new
    looked_at = {*found, *(row for pair in around.values() for row in pair if row is not None)}
    scores = [_scores(connection, one, term, rows.persona_id, looked_at) for term in question.terms]
    if rows.persona_id is not None:
        scores = _as_of_persona(counted, question.terms, scores)
    return best_first(_totals(scores, found, around).items())[:depth]


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
    connection: apsw.Connection, one: Indexed, term: Term, persona_id: str | None, rows: Iterable[int]
) -> dict[int, float]:
    """How well a word fits those of some rows, a persona's or anybody's, that have it."""
    expression = within(term.expression, persona_id)
    # With the plus FTS5 is asked once for all rows that have the word, and not once for each that is listed.
    sql = (
        f"SELECT rowid, -rank FROM {one.name} WHERE {one.name} MATCH ?"
        " AND +rowid IN (SELECT value FROM json_each(?))"
    )
    return dict(connection.execute(sql, (expression, listed(rows))))


def _as_of_persona(
    counted: Frequencies, terms: Sequence[Term], scores: Sequence[dict[int, float]]
) -> list[dict[int, float]]:
    """Scores by how telling each word is among a persona's rows, where FTS5's are by that among all.

    A name that each row of a persona has tells nothing there, however rare it is elsewhere.
    """
    weighed: list[dict[int, float]] = []
    for term, of_word in zip(terms, scores, strict=True):
        if of_word:
            factor = counted.lift(term)
            weighed.append({row: score * factor for row, score in of_word.items()})
    return weighed


def _let_through(connection: apsw.Connection, one: Indexed, rows_there: set[int], rows: Filter) -> set[int]:
    """Those of some rows, of the persona that is searched, that a filter lets through."""
    if not rows.sql:
        return rows_there
    sql = (
        f"SELECT rowid FROM {one.table.table_name}"
        f" WHERE rowid IN (SELECT value FROM json_each(?)) AND ({rows.sql})"
    )
    return {row for (row,) in connection.execute(sql, (listed(rows_there), *rows.bindings))}
