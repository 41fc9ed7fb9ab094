"""Owns how many rows have a word, and by that how telling it is: among a persona's rows, or among all."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from itertools import islice
from math import log
from typing import Final

import apsw

from pjai_wire import limits
from pjaid.store.words.index import PERSONA, Indexed
from pjaid.store.words.question import Term, term_of
from pjaid.store.words.texts import persona_word

RARITY_MIN: Final = 1e-6
"""Of a word that most rows have; FTS5's too."""

AVERAGES: Final = 1
"""The id of FTS5's record of how many rows there are, and how long."""


class Frequencies:
    """How many rows have each word; each is counted once.

    Args:
        connection: where to read, in a transaction of the caller's if that is to be one with other reads.
        one: what is searched.
        persona_id: whose rows; None where it is everybody's.
    """

    def __init__(self, connection: apsw.Connection, one: Indexed, persona_id: str | None) -> None:
        self._connection = connection
        self._one = one
        self._persona_id = persona_id
        self._everywhere: dict[Term, int] = {}
        self._here: dict[Term, int] = {}

    @cached_property
    def rows(self) -> int:
        """How many there are of the persona, or of all."""
        return self._rows_of_all if self._persona_id is None else self._count(_of_persona(self._persona_id))

    def of(self, term: Term) -> int:
        """How many have a word, of the persona's or of all."""
        if self._persona_id is None or not self._of_all(term):
            return self._of_all(term)
        if term not in self._here:
            self._here[term] = self._count(within(term.expression, self._persona_id))
        return self._here[term]

    def shares(self, words: Iterable[str], *, exact_from: float) -> dict[str, float]:
        """Which share of the rows has each word; there are rows.

        Args:
            words: any.
            exact_from: of a share that is smaller, one may be told that is larger, and smaller than this too.
        """
        terms = {word: term_of(word) for word in words}
        return {word: self._share(term, exact_from) if term else 0.0 for word, term in terms.items()}

    def telling(self, terms: Iterable[Term]) -> tuple[Term, ...]:
        """The words that are looked for: of those that any row has, the ones that fewest of all rows have."""
        return tuple(islice(filter(self.of, sorted(terms, key=self._of_all)), limits.SEARCH_TELLING_MAX))

    def lift(self, term: Term) -> float:
        """How much more a word tells among the persona's rows than among all, as a factor."""
        return _rarity(self.rows, self.of(term)) / _rarity(self._rows_of_all, self._of_all(term))

    def _share(self, term: Term, exact_from: float) -> float:
        # What few of all rows have, few of the persona's have, and among all it is counted sooner.
        most = self._of_all(term) / self.rows
        return most if most < exact_from else self.of(term) / self.rows

    def _of_all(self, term: Term) -> int:
        if term not in self._everywhere:
            self._everywhere[term] = self._count(term.expression)
        return self._everywhere[term]

    def _count(self, expression: str) -> int:
        sql = f"SELECT count(*) FROM {self._one.name} WHERE {self._one.name} MATCH ?"
        return int(self._connection.execute(sql, (expression,)).get)

    @cached_property
    def _rows_of_all(self) -> int:
        """The first number of FTS5's record of averages, as counting takes long."""
        sql = f"SELECT block FROM {self._one.name}_data WHERE id = {AVERAGES}"
        record: bytes = self._connection.execute(sql).get
        number = 0
        for byte in record:
            number = number << 7 | byte & 0x7F
            if byte < 0x80:
                break
        return number


def within(expression: str, persona_id: str | None) -> str:
    """An expression for one persona's rows, or all."""
    return expression if persona_id is None else f"{_of_persona(persona_id)} AND {expression}"


def _of_persona(persona_id: str) -> str:
    return f'{PERSONA} : "{persona_word(persona_id)}"'


def _rarity(rows: int, having: int) -> float:
    """How telling a word is that so many of some rows have: the inverse document frequency, as FTS5's."""
    return max(RARITY_MIN, log((rows - having + 0.5) / (having + 0.5)))
