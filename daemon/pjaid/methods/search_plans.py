"""Owns how a search is watched: what it reads, and what of its finding tells which commits concern it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import hypot
from struct import iter_unpack
from typing import Final, TypeVar

from msgspec import Struct

from pjai_wire.errors import PjaiError
from pjai_wire.methods import HIT_COLUMNS, SearchParams
from pjai_wire.tables import table_named
from pjaid.live import search_plan
from pjaid.live.search_plan import PASSED_BY_ALL, Reads, SearchPlan, normal_search
from pjaid.search.asked import Asked
from pjaid.search.meaning import passes
from pjaid.search.searches import Found, Near, Ready, Searches
from pjaid.search.signals import SIGNAL_COLUMNS
from pjaid.store.changed import positions
from pjaid.store.words.index import indexed
from pjaid.store.words.neighbours import TURN_COLUMNS

T = TypeVar("T")

COSINE_ERROR = 1e-3
"""By how much a cosine of float16 may differ from one of the codes by which the nearest are found."""


class Planned(Struct, frozen=True):
    """A search that is to be watched, and how it is searched now."""

    plan: SearchPlan
    ready: Ready


async def planned(searches: Searches, params: SearchParams) -> Planned:
    """How a search is watched.

    Raises:
        PjaiError: as `Searches.ready`.
    """
    ready = await searches.ready(params)
    asked = ready.asked
    names = asked.rows.columns
    plan = SearchPlan(
        params=normal_search(params),
        table=table_named(asked.table),
        columns=(*names, *HIT_COLUMNS),
        key=(names.index("id"),) if "id" in names else None,
        persona_id=asked.which.persona_id,
        reads=_reads(asked),
        run=_Run(searches, ready),
    )
    return Planned(plan, ready)


class _Run:
    """Runs a search again and again, as one that is new would be run.

    Which words its vector is made of depends on how many rows have each. By meaning alone it stays while no
    other can be had, which is told.

    Of commits after the search was made ready, and before it is watched, nobody tells: it looks whether there
    were any.
    """

    def __init__(self, searches: Searches, ready: Ready) -> None:
        self._searches: Final = searches
        self._ready = ready
        self._has_run = False
        self._awaits_embedder = ready.may_come

    async def __call__(self, finish: Callable[[search_plan.Found], T]) -> T:
        is_old = self._has_run or self._ready.seq != self._searches.seq
        if is_old and self._ready.asked.embeds_text:
            await self._prepare()
        self._has_run = True
        found = await self._searches.run(self._ready)
        return finish(_told(self._ready, found, awaits_embedder=self._awaits_embedder))

    async def _prepare(self) -> None:
        try:
            ready = await self._searches.ready(self._ready.asked.params)
        except PjaiError as problem:
            if self._ready.sought is None:
                raise
            self._awaits_embedder = passes(problem)
        else:
            self._awaits_embedder = ready.may_come
            self._ready = ready


def _reads(asked: Asked) -> Reads:
    """What a search reads of any row."""
    places = positions(table_named(asked.table))
    texts = set(_text_columns(asked)) if asked.mode != "meaning" else set()
    values = SIGNAL_COLUMNS[asked.table] if asked.weights.most else ()
    by_python_name = {column.python_name: column.name for column in table_named(asked.table).columns}
    return Reads(
        texts=frozenset(places[name] for name in texts),
        values=frozenset(places[by_python_name[name]] for name in values),
        # Without ids nobody knows which rows were answered.
        any_row=asked.params.context or "id" not in asked.rows.columns,
        links=asked.params.links,
        any_vector=bool(asked.params.diversity),
    )


def _text_columns(asked: Asked) -> Iterator[str]:
    """The columns that decide which words a row has, and whose words count for it."""
    one = indexed(asked.table)
    yield from (column.name for column in one.columns)
    yield from (name for name in ("deletedAt", "personaId") if one.table.has(name))
    if asked.mode != "substring":
        yield from TURN_COLUMNS.get(asked.table, ())


def _told(ready: Ready, found: Found, *, awaits_embedder: bool) -> search_plan.Found:
    """What live searches take of what was found."""
    names = ready.asked.rows.columns
    weighed = {row[names.index("id")] for row in found.rows} if "id" in names else set()
    return search_plan.Found(
        seq=found.seq,
        rows=found.rows,
        weighed=frozenset(weighed),
        near=_near(ready, found),
        lacks_vectors=ready.meaning == "unavailable",
        steady_for=ready.steady_for,
        awaits_embedder=awaits_embedder,
    )


def _near(ready: Ready, found: Found) -> search_plan.Near | None:
    """What it was near to, and how near; None where no vector will ever be."""
    near, sought = found.near, ready.sought
    if near is None or near.model is None or sought is None:
        return None
    numbers = [number for (number,) in iter_unpack("<f", sought.vector)]
    length = hypot(*numbers)
    if not length:
        return None
    return search_plan.Near(
        near.model,
        [number / length for number in numbers],
        _bar(ready.asked, found, near),
        frozenset(one.row for one in found.ranked if one.words is not None),
    )


def _bar(asked: Asked, found: Found, near: Near) -> float:
    """The cosine below which a vector that comes or goes changes no hit.

    By meaning, no row is a hit whose cosine is below the last hit's score by more than all signals add:
    neither the one that comes or goes, nor one that it pushes out of those that are ranked, nor one that it
    makes room for.
    """
    bars = [PASSED_BY_ALL]
    if len(near.hits) >= asked.depth:
        bars.append(near.hits[-1][1])
    is_by_score = asked.mode == "meaning" and not (asked.params.links or asked.params.diversity)
    if is_by_score and len(found.rows) == asked.params.limit:
        last: float = found.rows[-1][len(asked.rows.columns) + HIT_COLUMNS.index("score")]
        bars.append(last - asked.weights.most)
    return max(bars) - COSINE_ERROR
