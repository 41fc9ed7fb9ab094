"""Owns the search for a part of a text as it stands: a scan, as no index knows parts of words."""

from __future__ import annotations

import apsw

from pjaid.store.words.filters import NO_FILTER, Filter, Hits, condition
from pjaid.store.words.index import indexed
from pjaid.store.words.texts import folded


def substring_hits(
    connection: apsw.Connection, table: str, text: str, rows: Filter = NO_FILTER, *, depth: int
) -> Hits:
    """The rows a text of which has `text` somewhere, case and diacritics disregarded.

    A row scores the weight of the weightiest column that has it; of equal ones the newest come first. Each
    row that the filter lets through is looked at, some 100,000 in a second: it is no work for the event loop.

    Args:
        connection: where to read.
        table: which is searched.
        text: what for; one without any character is nowhere.
        rows: which rows may be found.
        depth: how many at most.

    Raises:
        UnknownTable: the table is not searched.
    """
    one = indexed(table)
    if not (sought := folded(text)):
        return []
    weighted = sorted(one.weighted, key=lambda column: -column[1])
    cases = " ".join(f'WHEN includes("{column.python_name}", ?) THEN {weight}' for column, weight in weighted)
    alive = "deleted_at IS NULL" if one.can_be_deleted else "TRUE"
    fits, bindings = condition(one, rows)
    sql = (
        f"SELECT row, score FROM (SELECT rowid AS row, CASE {cases} END AS score FROM {table}"
        f" WHERE {alive} AND {fits}) WHERE score IS NOT NULL ORDER BY score DESC, row DESC LIMIT ?"
    )
    found = connection.execute(sql, (*[sought] * len(weighted), *bindings, depth))
    return list(found)
