"""Which indexes are thought of, and which of those that were proved are worth their room."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pjai_wire.limits import INDEX_COLUMNS_MAX
from pjai_wire.methods import IndexProof, QueryShape
from pjai_wire.tables import memories
from pjaid.actors.query_optimiser.advice import (
    CANDIDATES_MAX,
    GAIN_MIN,
    RECONSIDERED_MS,
    ROWS_MIN,
    RUNS_MIN,
    Candidate,
    advise,
    candidates,
    lacks_index,
    objection,
)
from tests.daemon.actors.query_optimiser.making import NOW, candidate, index, proof, seen, shape, size

COMPARED = ("personaId", "type", "memoryTier", "importance", "createdAt", "name", "deletedAt", "id")


def thought_of(*shapes: QueryShape, **changed: Any) -> list[tuple[str, ...]]:
    return [one.columns for one in candidates(seen(*shapes, **changed), (), NOW)]


def test_equal_columns_come_first_and_then_a_range_or_the_order() -> None:
    assert thought_of(shape()) == [
        ("personaId", "type"),
        ("personaId", "type", "importance"),
        ("personaId", "type", "importance", "lastAccessedAt"),
    ]


def test_columns_that_many_queries_compare_come_first() -> None:
    other = shape(id="other", equal=("type",), ranges=(), order=(), runs=5)
    assert thought_of(shape(ranges=(), order=()), other) == [("type", "personaId")]


def test_an_order_in_two_directions_is_no_index_s() -> None:
    order = (("importance", "desc"), ("lastAccessedAt", "asc"))
    assert thought_of(shape(ranges=(), order=order)) == [("personaId", "type")]


def test_what_a_row_is_found_by_anyway_needs_no_index() -> None:
    assert thought_of(shape(equal=("id", "type"))) == []
    assert thought_of(shape(equal=("deletedAt",), ranges=(), order=())) == []


@pytest.mark.parametrize(
    ("changed", "lacks"),
    [
        ({}, True),
        ({"runs": RUNS_MIN}, False),
        ({"samples": 0, "scanned": 0}, False),
        ({"rows": 150 * 100}, False),
        ({"scanned": 5 * 49, "rows": 0}, False),
        ({"scanned": 5 * 50, "rows": 0}, True),
        ({"scanned": 5 * 1_000, "rows": 150 * 1_000}, True),
        ({"scanned": 5 * 1_000, "rows": 150 * 1_000, "sorts": False}, False),
    ],
)
def test_an_index_is_missing_where_many_reads_look_at_much_more_than_they_answer(
    changed: dict[str, Any], lacks: bool
) -> None:
    assert lacks_index(shape(**changed)) is lacks


def test_a_small_table_needs_no_index() -> None:
    assert thought_of(shape(), rows=ROWS_MIN - 1) == []


def test_what_there_is_already_is_not_thought_of() -> None:
    assert thought_of(shape(), indexes=(size("personaId", "type", "importance", "name"),)) == [
        ("personaId", "type", "importance", "lastAccessedAt")
    ]
    assert len(thought_of(shape(), indexes=(size("personaId", "type", is_whole=False),))) == 3


@pytest.mark.parametrize(
    ("state", "age_ms", "again"),
    [
        ("proposed", RECONSIDERED_MS, False),
        ("created", RECONSIDERED_MS, False),
        ("rejected", RECONSIDERED_MS - 1, False),
        ("rejected", RECONSIDERED_MS, True),
        ("dropped", RECONSIDERED_MS - 1, False),
        ("dropped", RECONSIDERED_MS, True),
    ],
)
def test_what_was_decided_is_thought_of_again_after_a_month(state: str, age_ms: int, again: bool) -> None:
    asked = shape(equal=("type",), ranges=(), order=())
    before = index(state=state, updated_at=NOW - age_ms)
    assert bool(candidates(seen(asked), [before], NOW)) is again


@pytest.mark.parametrize(
    ("state", "scanned_before", "again"),
    [("rejected", 75, True), ("rejected", 76, False), ("dropped", 1, False)],
)
def test_what_was_rejected_is_thought_of_before_where_reads_look_at_much_more(
    state: str, scanned_before: float, again: bool
) -> None:
    asked = shape(equal=("type",), ranges=(), order=())
    before = index(state=state, scanned_before=scanned_before)
    assert bool(candidates(seen(asked), [before], NOW)) is again


def test_what_was_rejected_is_not_thought_of_again_for_queries_that_it_was_not_for() -> None:
    asked = shape(equal=("type",), ranges=(), order=())
    other = replace(asked, id="other", scanned=100 * asked.scanned)
    before = index(state="rejected", scanned_before=300)
    assert candidates(seen(asked, other), [before], NOW) == []


def test_queries_for_which_an_index_is_proposed_wait_for_it() -> None:
    proposed = index(state="proposed", shapes=("slow",))
    assert candidates(seen(shape()), [proposed], NOW) == []
    other = shape(id="other")
    assert {one.shapes for one in candidates(seen(shape(), other), [proposed], NOW)} == {(other,)}
    assert candidates(seen(shape()), [index(shapes=("slow",))], NOW)


def test_a_good_proof_becomes_a_proposal_with_its_reason() -> None:
    (proposal,) = advise([(candidate("type"), proof())]).proposals
    assert (
        proposal.reason == "150 reads looked at 300 rows each and answered 40; sorted after they were found"
    )
    assert proposal.saved_us == pytest.approx(75_000 * 4 / 5)


@pytest.mark.parametrize(
    ("proved", "reason"),
    [
        (proof(is_used=False), "SQLite would not use it"),
        (proof("another"), "SQLite would not use it"),
        (proof(gain=1.9), "1.9 times less work"),
        (proof(gain=0.04), "0.0 times less work"),
        (proof(bytes_estimated=150_001), "150001 bytes, and 150000 are left"),
    ],
)
def test_a_proof_that_is_not_good_enough_is_rejected_with_a_reason(proved: IndexProof, reason: str) -> None:
    advice = advise([(candidate("type"), proved)])
    assert advice.proposals == ()
    ((_, _, told),) = advice.rejected
    assert reason in told


def test_an_index_that_helps_one_query_and_harms_the_others_is_rejected() -> None:
    helped = proof(gain=5.0)
    assert objection(candidate("type"), helped) == ""
    assert objection(candidate("type"), replace(helped, gain=1.0)) != ""


def test_of_two_that_gain_as_much_the_smaller_one_is_made() -> None:
    large = (candidate("type", "importance"), proof(bytes_estimated=2_000))
    small = (candidate("type"), proof(bytes_estimated=1_000))
    (proposal,) = advise([large, small]).proposals
    assert proposal.candidate.columns == ("type",)


def test_one_index_a_table_is_made_at_once() -> None:
    there = (candidate("type"), proof())
    elsewhere = (candidate("kind", table="memory_links"), proof())
    assert len(advise([there, there, elsewhere]).proposals) == 2


texts = st.lists(st.sampled_from(COMPARED), max_size=4, unique=True).map(tuple)
orders = st.lists(st.tuples(st.sampled_from(COMPARED), st.sampled_from(["asc", "desc"])), max_size=3)
shapes = st.builds(
    shape,
    id=st.uuids().map(str),
    equal=texts,
    ranges=texts,
    order=orders.map(tuple),
    runs=st.integers(0, 1_000),
    total_us=st.integers(0, 10**9),
    rows=st.integers(0, 10**6),
    samples=st.integers(0, 30),
    scanned=st.integers(0, 10**6),
    sorts=st.booleans(),
)


@given(asked=st.lists(shapes, max_size=20))
def test_whatever_is_asked_only_indexes_that_can_be_are_thought_of(asked: list[QueryShape]) -> None:
    found = candidates(seen(*asked), (), NOW)
    assert len(found) <= CANDIDATES_MAX
    assert len({(one.table, one.columns) for one in found}) == len(found)
    for one in found:
        assert 1 <= len(one.columns) <= INDEX_COLUMNS_MAX
        assert len(set(one.columns)) == len(one.columns)
        assert all(memories.has(name) for name in one.columns)
        assert not {"id", "deletedAt"} & set(one.columns)
        assert all(lacks_index(shape) for shape in one.shapes)


proofs = st.builds(
    lambda table, gain, is_used, taken, size: (
        candidate("type", table=table),
        proof(gain=gain, is_used=is_used, taken=taken, bytes_estimated=size),
    ),
    st.sampled_from(["memories", "messages", "conversations", "workflows", "personas"]),
    st.floats(0.01, 1_000),
    st.booleans(),
    st.integers(0, 250_000),
    st.integers(0, 150_000),
)


@given(proved=st.lists(proofs, max_size=8), taken=st.integers(0, 250_000))
def test_proposals_never_exceed_the_budget_together(
    proved: list[tuple[Candidate, IndexProof]], taken: int
) -> None:
    of_one_moment = [(one, replace(proof, index_bytes=taken)) for one, proof in proved]
    advice = advise(of_one_moment)
    room = 200_000 - taken
    assert sum(one.proof.bytes_estimated for one in advice.proposals) <= max(0, room)
    assert all(one.proof.gain >= GAIN_MIN for one in advice.proposals)
    assert len(advice.proposals) + len(advice.rejected) <= len(proved)
    assert len({one.candidate.table for one in advice.proposals}) == len(advice.proposals)
