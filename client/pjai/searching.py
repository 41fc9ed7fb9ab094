"""Owns how a program says what it searches for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, TypedDict, TypeVar

from msgspec import UNSET

from pjai.askable import Askable, query_of
from pjai_wire import limits
from pjai_wire.columns import Column
from pjai_wire.errors import InvalidQuery, InvalidValue
from pjai_wire.methods import RecallParams, SearchMode, SearchParams, SearchWeights
from pjai_wire.query import Condition, Query
from pjai_wire.select import Select
from pjai_wire.tables import Table, memories

T = TypeVar("T")

Moment = int | date | datetime
"""An instant in milliseconds since the epoch, a datetime, or a day; without a zone they are local."""

_MADE_AT = {"messages": "sentAt"}
_MADE_AT_BY_DEFAULT = "createdAt"


class Sought(TypedDict, total=False):
    """How to search, and among which rows."""

    mode: SearchMode
    """By `words`, `meaning`, `both` or `substring`; by default both, or words where operators join them."""
    vector: bytes
    """What the text means, as little-endian float32, where the program embeds by itself."""
    model: str
    """Which model made it."""
    since: Moment
    """Only rows made at this moment or after."""
    until: Moment
    """Only rows made before."""
    links: bool
    """Also memories that a hit is linked with, at a lower score."""
    diversity: float
    """How much a hit loses by likeness to those before it, 0 to 1."""
    weights: SearchWeights | Mapping[str, float]
    """How much meaning, recency, importance, tier and connections count, 0 to 1 each."""


class Shown(Sought, total=False):
    """How to search, and what to answer."""

    limit: int
    """How many hits at most; 10 by default, and 100 is the most."""
    snippets: bool
    """With a part of the text in which what matches is marked."""
    context: bool
    """With the turn before and the turn after, of turns of a conversation."""


def search_params(text: str, asked: Askable[T], which: Shown) -> tuple[Select[T], SearchParams]:
    """A search as it travels, and the query for the rows that it is among.

    Args:
        text: what is searched for.
        asked: the table, or a query of it with conditions and columns and nothing else.
        which: how to search, and what to answer.

    Raises:
        InvalidQuery: the query has more than that.
        InvalidValue: a moment or a weight is none.
    """
    select = query_of(asked)
    query = select.query
    if query != Query(table=query.table, where=query.where, select=query.select, omit=query.omit):
        raise InvalidQuery(
            "a search orders by itself, and takes its limit beside",
            hint="search among a table, or where, select and omit of it",
        )
    params = SearchParams(
        text=text,
        table=query.table,
        where=(*query.where, *_span(select.table, which.get("since"), which.get("until"))),
        select=query.select,
        omit=query.omit,
        limit=which.get("limit", limits.SEARCH_HITS_DEFAULT),
        snippets=which.get("snippets", False),
        context=which.get("context", False),
        **_how(which),
    )
    return select, params


def recall_params(
    text: str, asked: Askable[Any], budget_tokens: int, context: bool, which: Sought
) -> RecallParams:
    """A recall as it travels; arguments and errors are those of `search_params`."""
    query = query_of(asked).query
    if query != Query(table=memories.table_name, where=query.where):
        raise InvalidQuery("recall is of memories, by conditions alone", hint="memories.where(…)")
    return RecallParams(
        text=text,
        where=(*query.where, *_span(memories, which.get("since"), which.get("until"))),
        budget_tokens=budget_tokens,
        context=context,
        **_how(which),
    )


def _how(which: Sought) -> dict[str, Any]:
    return {
        "mode": which.get("mode", UNSET),
        "vector": which.get("vector", UNSET),
        "model": which.get("model", UNSET),
        "links": which.get("links", False),
        "diversity": which.get("diversity", 0.0),
        "weights": _weights(which.get("weights", {})),
    }


def _weights(given: SearchWeights | Mapping[str, float]) -> SearchWeights:
    if isinstance(given, SearchWeights):
        return given
    unknown = given.keys() - set(SearchWeights.__struct_fields__)
    if unknown:
        names = ", ".join(SearchWeights.__struct_fields__)
        raise InvalidValue(f"there is no weight {min(unknown)!r}", hint=f"one of: {names}")
    return SearchWeights(**given)


def _span(table: Table[Any], since: Moment | None, until: Moment | None) -> list[Condition]:
    made_at: Column = table.column(_MADE_AT.get(table.table_name, _MADE_AT_BY_DEFAULT))
    conditions: list[Condition] = []
    if since is not None:
        conditions.append(made_at >= _instant(since))
    if until is not None:
        conditions.append(made_at < _instant(until))
    return conditions


def _instant(moment: Moment) -> int:
    match moment:
        case datetime():
            return round(moment.timestamp() * 1000)
        case date():
            return _instant(datetime(moment.year, moment.month, moment.day))  # noqa: DTZ001 # a day is local
        case _:
            return moment
