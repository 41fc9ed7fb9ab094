"""Owns the choice of a search's hits among what was ranked: signals, links and likeness have their say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import apsw
from msgspec import Struct

from pjaid.search.asked import Asked
from pjaid.search.diversity import diverse
from pjaid.search.fusion import DEPTH, Candidate
from pjaid.search.links import Link, linked
from pjaid.search.signals import SIGNAL_COLUMNS, added, may_win
from pjaid.store.hits import links_of, values_of, vectors_of


class Chosen(Struct, frozen=True):
    """A hit."""

    row: int
    score: float
    words: float | None
    meaning: float | None
    signals: Mapping[str, float]
    linked_from: str | None


def chosen(
    connection: apsw.Connection, asked: Asked, ranked: Sequence[Candidate], model: int | None, today: int
) -> list[Chosen]:
    """The hits of a search, the best first.

    Args:
        connection: where to read.
        asked: the search.
        ranked: the candidates, the best first.
        model: the number of that whose vectors tell what is alike; None where there is none.
        today: days since the epoch.
    """
    params = asked.params
    if not (asked.weights.most or params.links or params.diversity):
        return [
            Chosen(one.row, one.score, one.words, one.meaning, {}, None) for one in ranked[: params.limit]
        ]
    wanted = DEPTH if params.diversity else params.limit
    looked_at = may_win(ranked, asked.weights, wanted)
    values = _values(connection, asked, [one.row for one in looked_at])
    hits = [_weighed(one, asked, values[one.row], today) for one in looked_at if one.row in values]
    hits.sort(key=_rank)
    if params.links:
        hits = _with_linked(connection, asked, hits, values)
    if params.diversity and model is not None:
        hits = _unlike(connection, asked, hits[:DEPTH], model)
    return hits[: params.limit]


def _rank(hit: Chosen) -> tuple[float, int]:
    return (-hit.score, hit.row)


def _values(connection: apsw.Connection, asked: Asked, rows: Sequence[int]) -> dict[int, Sequence[Any]]:
    """Id and signals of those rows that the search may find."""
    columns = ("id", *SIGNAL_COLUMNS[asked.table])
    return values_of(connection, asked.table, columns, rows, asked.which)


def _weighed(one: Candidate, asked: Asked, values: Sequence[Any], today: int) -> Chosen:
    parts = added(values[1:], asked.weights, today)
    return Chosen(one.row, one.score + sum(parts.values()), one.words, one.meaning, parts, None)


def _with_linked(
    connection: apsw.Connection, asked: Asked, hits: list[Chosen], values: Mapping[int, Sequence[Any]]
) -> list[Chosen]:
    """The hits, and in their order of score the memories that the best of them are linked with."""
    best = {hit.row: hit.score for hit in hits[: asked.params.limit]}
    others = {hit.row for hit in hits}
    links = [Link(*link) for link in links_of(connection, best)]
    come = [one for one in linked(best, links) if one.row not in others]
    there = _values(connection, asked, [one.row for one in come])
    brought = [
        Chosen(one.row, one.score, None, None, {}, values[one.hit][0]) for one in come if one.row in there
    ]
    return sorted((*hits, *brought), key=_rank)


def _unlike(connection: apsw.Connection, asked: Asked, hits: list[Chosen], model: int) -> list[Chosen]:
    """The hits in an order in which each is also unlike those before it."""
    # Only now, as it takes numpy along.
    from pjaid.search.likeness import likeness

    alike = likeness(vectors_of(connection, asked.table, model, [hit.row for hit in hits]))
    taken = diverse(
        [hit.score for hit in hits],
        lambda one, other: alike(hits[one].row, hits[other].row),
        asked.params.diversity,
        asked.params.limit,
    )
    return [hits[position] for position in taken]
