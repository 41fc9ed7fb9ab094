"""Owns which rows a search may find, and in which order it tells of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter

from msgspec import Struct

from pjai_wire.query import Condition
from pjai_wire.tables import table_named
from pjaid.store.conditions import Conditions
from pjaid.store.values import SqlValue
from pjaid.store.words.index import Indexed

Hits = list[tuple[int, float]]
"""Rows by their numbers in the table, and scores, the best first; equal ones by number."""


class Filter(Struct, frozen=True):
    """Which rows of a table a search may find, of those that are not deleted."""

    sql: str = ""
    """A condition, beside that of the persona; empty where there is none."""
    bindings: Sequence[SqlValue] = ()
    persona_id: str | None = None
    """Whose rows; None where it is everybody's."""
    is_heavy: bool = False
    """Whether to look at one row may take long."""


NO_FILTER = Filter()


def best_first(hits: Iterable[tuple[int, float]]) -> Hits:
    """Hits in their order."""
    by_row = sorted(hits)
    # Equal scores stay in the order of their rows, also in reverse.
    by_row.sort(key=itemgetter(1), reverse=True)
    return by_row


def condition(one: Indexed, rows: Filter) -> tuple[str, list[SqlValue]]:
    """A filter as one condition on rows of a table, and the values to bind."""
    parts: list[str] = []
    bindings: list[SqlValue] = []
    if rows.persona_id is not None:
        parts.append(f"{one.persona.format(row=one.table.table_name)} = ?")
        bindings.append(rows.persona_id)
    if rows.sql:
        parts.append(f"({rows.sql})")
        bindings += rows.bindings
    return " AND ".join(parts) or "TRUE", bindings


def compile_filter(table: str, where: Sequence[Condition]) -> Filter:
    """The filter for conditions of a query.

    Raises:
        RequestError: they name what the contract lacks, or mean nothing.
    """
    conditions = Conditions(table_named(table))
    persona_id: str | None = None
    others: list[Condition] = []
    for condition in where:
        if persona_id is None and (named := _persona_of(condition)) is not None:
            persona_id = named
        else:
            others.append(condition)
    sql = " AND ".join(conditions.parts(others))
    return Filter(sql, conditions.bindings, persona_id, conditions.is_heavy)


def _persona_of(condition: Condition) -> str | None:
    match condition:
        case ("personaId", "=", str(persona_id)):
            return persona_id
    return None
