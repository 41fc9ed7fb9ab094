"""Tests of which searches a commit concerns, one way at a time."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import pytest

from pjai_wire.codec import encode
from pjai_wire.methods import SearchParams
from pjai_wire.query import Condition
from pjai_wire.tables import memory_links, messages, workflows
from pjaid.live.concerns import Concerns
from pjaid.live.search_plan import PASSED_BY_ALL, Found, Near, Reads, SearchPlan
from pjaid.store.changed import RowChange, positions
from pjaid.store.vectors import VECTORS
from tests.daemon.live.making import became, came, left, stored, workflow

T = TypeVar("T")

NAME, RUNS = (positions(workflows)[name] for name in ("name", "executionCount"))
EAST, NORTH = (1.0, 0.0), (0.0, 1.0)


def never_run(finish: Callable[[Found], T]) -> T:
    raise AssertionError("nothing is run here")


def concerns(
    reads: Reads, found: Found | None, *where: Condition, persona_id: str | None = None
) -> Concerns[str]:
    """One search, called `s`, and what it found."""
    plan = SearchPlan(
        params=SearchParams(table="workflows", text="x", where=where),
        table=workflows,
        columns=("id",),
        key=(0,),
        persona_id=persona_id,
        reads=reads,
        run=never_run,
    )
    known: Concerns[str] = Concerns(workflows)
    known.add("s", plan)
    if found is not None:
        known.ran("s", found)
    return known


def found(*weighed: str, near: Near | None = None, lacks_vectors: bool = False) -> Found:
    return Found(1, [], frozenset(weighed), near, lacks_vectors)


def vector(bearing: tuple[float, float], *, table: str = "workflows", persona: str = "p") -> RowChange:
    """A vector that came."""
    return RowChange(VECTORS, None, (table, 1, persona, 7, np.array(bearing, "<f2").tobytes()))


LINK = RowChange(memory_links.table_name, None, stored(memory_links, id="l"))
RAN = became(workflow("a", execution_count=1), workflow("a", execution_count=2))
TAGGED = became(workflow("a"), workflow("a", tags=encode(["t"])))
NEAR_EAST = Near(1, EAST, 0.9)


@pytest.mark.parametrize(
    ("reads", "last", "change", "is_concerned"),
    [
        (Reads(texts=frozenset({NAME})), found(), came(workflow("a")), True),
        (Reads(texts=frozenset({NAME})), found(), left(workflow("a")), True),
        (Reads(texts=frozenset({NAME})), found(), became(workflow("a"), workflow("a", name="n")), True),
        (Reads(texts=frozenset({NAME})), found(), RAN, False),
        (Reads(values=frozenset({RUNS})), found(), RAN, True),
        (Reads(values=frozenset({RUNS})), found(), TAGGED, False),
        (Reads(values=frozenset({RUNS})), found(), came(workflow("a", execution_count=1)), False),
        (Reads(any_row=True), found(), TAGGED, True),
        (Reads(), found("a"), TAGGED, True),
        (Reads(), found("a"), left(workflow("a")), True),
        (Reads(), found("b"), TAGGED, False),
        (Reads(links=True), found(), LINK, True),
        (Reads(), found(), LINK, False),
        (Reads(any_vector=True), found(), vector(NORTH), True),
        (Reads(any_vector=True), found(), vector(NORTH, table="memories"), False),
        (Reads(), found(lacks_vectors=True), vector(NORTH), True),
        (Reads(), found(near=NEAR_EAST), vector(EAST), True),
        (Reads(), found(near=NEAR_EAST), vector(NORTH), False),
        (Reads(), found(near=NEAR_EAST), vector(EAST, table="memories"), False),
        (Reads(), found(near=Near(1, EAST, 0.9, frozenset({7}))), vector(NORTH), True),
        (Reads(), found(near=Near(1, EAST, 0.9, frozenset({8}))), vector(NORTH), False),
        (Reads(), found(near=Near(2, EAST, PASSED_BY_ALL)), vector(EAST), False),
        (Reads(), found(near=Near(1, EAST, PASSED_BY_ALL)), vector((-1.0, 0.0)), True),
        (Reads(), None, TAGGED, True),
    ],
)
def test_a_change_concerns_a_search_or_not(
    reads: Reads, last: Found | None, change: RowChange, is_concerned: bool
) -> None:
    assert list(dict.fromkeys(concerns(reads, last).of([change]))) == ["s"] * is_concerned


@pytest.mark.parametrize(("persona", "is_concerned"), [("p", True), ("q", False)])
def test_only_vectors_of_its_persona_come_near_to_a_search(persona: str, is_concerned: bool) -> None:
    known = concerns(Reads(), found(near=NEAR_EAST), persona_id="p")
    assert list(known.of([vector(EAST, persona=persona)])) == ["s"] * is_concerned


@pytest.mark.parametrize(
    ("before", "after", "is_concerned"), [(0, 1, True), (1, 0, True), (1, 2, False), (0, -1, False)]
)
def test_a_row_that_comes_to_meet_the_conditions_concerns_a_search(
    before: int, after: int, is_concerned: bool
) -> None:
    known = concerns(Reads(), found(), workflows.execution_count >= 1)
    change = became(workflow("a", execution_count=before), workflow("a", execution_count=after))
    assert list(known.of([change])) == ["s"] * is_concerned


def test_the_persona_of_messages_is_no_column_of_theirs() -> None:
    where: tuple[Condition, ...] = (("personaId", "=", "p"), ("role", "=", "user"))
    plan = SearchPlan(
        params=SearchParams(table="messages", text="x", where=where),
        table=messages,
        columns=("id",),
        key=(0,),
        persona_id="p",
        reads=Reads(),
        run=never_run,
    )
    known: Concerns[str] = Concerns(messages)
    known.add("s", plan)
    known.ran("s", found())
    before, after = (stored(messages, id="m", role=role) for role in ("assistant", "user"))
    assert list(known.of([RowChange("messages", before, after)])) == ["s"]


def test_what_only_sqlite_can_tell_concerns_a_search_whenever_its_column_changed() -> None:
    known = concerns(Reads(), found(), workflows.name.like("x%"))
    assert list(known.of([became(workflow("a"), workflow("a", name="n"))])) == ["s"]
    assert list(known.of([RAN])) == []


def test_a_search_is_near_to_what_it_found_last() -> None:
    known = concerns(Reads(), found(near=NEAR_EAST))
    known.ran("s", found(near=Near(1, NORTH, 0.9)))
    assert list(known.of([vector(EAST)])) == []
    known.ran("s", found(near=Near(3, EAST, -math.inf)))
    assert list(known.of([vector(NORTH)])) == []
    known.running("s")
    assert list(known.of([TAGGED])) == ["s"]
    known.remove("s")
    assert not len(known)
    assert list(known.of([vector(NORTH), TAGGED, LINK])) == []


def test_so_many_rows_as_a_search_says_concern_it_together() -> None:
    known = concerns(Reads(), Found(1, [], frozenset(), None, steady_for=3))
    assert list(known.of([came(workflow("a")), vector(EAST)])) == []
    assert list(known.of([LINK, left(workflow("b"))])) == []
    assert list(known.of([TAGGED])) == ["s"]
    known.ran("s", found())
    assert list(known.of([TAGGED] * 9)) == []


def test_rows_of_other_personas_do_not_count() -> None:
    last = Found(1, [], frozenset(), None, steady_for=2)
    known = concerns(Reads(), last, persona_id="p")
    of_p, of_q = came(workflow("a", persona_id="p")), came(workflow("b", persona_id="q"))
    assert list(known.of([of_q, of_q, of_p])) == []
    assert list(known.of([became(workflow("a", persona_id="p"), workflow("a", persona_id="q"))])) == ["s"]
