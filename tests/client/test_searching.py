"""Tests of how a program says what it searches for, and of what it gets."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, assert_type

import pytest
from msgspec import UNSET, Raw

import pjai
from pjai import Database, conversations, memories, memory_links, messages, personas, records, v1
from pjai.hits import Hit, Hits, SearchAnswer, Snippet, hits_in
from pjai.searching import Shown, recall_params, search_params
from pjai_wire.codec import encode
from pjai_wire.errors import InternalError, InvalidQuery, InvalidValue
from pjai_wire.methods import HIT_COLUMNS, SearchParams, SearchWeights
from pjai_wire.select import Select

FIELDS = records.MemoryLink.__struct_fields__


def asked(text: str, among: Any = memories, **which: Any) -> Any:
    return search_params(text, among, Shown(**which))[1]  # type: ignore[typeddict-item] # as given


def answer(columns: tuple[str, ...], *rows: tuple[Any, ...]) -> SearchAnswer:
    return SearchAnswer(
        seq=7,
        columns=Raw(encode((*columns, *HIT_COLUMNS))),
        rows=Raw(encode(rows)),
        mode="words",
        meaning="not_asked",
    )


def test_what_is_not_said_is_left_to_the_daemon() -> None:
    assert asked("rye") == SearchParams(text="rye")


def test_conditions_and_columns_of_a_query_travel() -> None:
    params = asked("rye", memories.where(persona_id="ada").select("id", "name"), limit=3)
    assert params.where == (("personaId", "=", "ada"),)
    assert (params.select, params.limit) == (("id", "name"), 3)


def test_an_order_or_a_limit_of_the_query_is_refused() -> None:
    for among in (memories.order_by(memories.name), memories.limit(5), memories.group_by(memories.type)):
        with pytest.raises(InvalidQuery):
            asked("rye", among)


def test_moments_are_conditions_on_when_rows_were_made() -> None:
    spring, summer = datetime(2025, 3, 1, tzinfo=UTC), datetime(2025, 6, 1, tzinfo=UTC)
    assert asked("rye", since=spring, until=summer).where == (
        ("createdAt", ">=", 1_740_787_200_000),
        ("createdAt", "<", 1_748_736_000_000),
    )
    assert asked("rye", messages, since=5).where == (("sentAt", ">=", 5),)
    local = round(datetime(2025, 3, 1).timestamp() * 1000)  # noqa: DTZ001 # a day is local
    assert asked("rye", until=date(2025, 3, 1)).where == (("createdAt", "<", local),)


def test_weights_have_names() -> None:
    assert asked("rye", weights={"meaning": 0.5}).weights == SearchWeights(meaning=0.5)
    assert asked("rye", weights=SearchWeights(tier=0.1)).weights.tier == 0.1
    assert asked("rye").weights.recency is UNSET
    with pytest.raises(InvalidValue):
        asked("rye", weights={"recentness": 0.5})


def test_recall_is_of_memories_by_conditions() -> None:
    params = recall_params("rye", memories.where(persona_id="ada"), 500, False, {"mode": "words", "since": 5})
    assert (params.budget_tokens, params.context, params.mode) == (500, False, "words")
    assert params.where == (("personaId", "=", "ada"), ("createdAt", ">=", 5))
    for among in (personas, memories.select("id")):
        with pytest.raises(InvalidQuery):
            recall_params("rye", among, 500, True, {})


def test_a_snippet_is_a_text_with_marks() -> None:
    snippet = Snippet(("the ", "rye", " and the ", "oat", ""))
    assert str(snippet) == "the rye and the oat"
    assert snippet.marked("<b>", "</b>") == "the <b>rye</b> and the <b>oat</b>"


def test_hits_are_read_by_the_names_of_their_columns() -> None:
    select = memories.select("id", "importance")
    row = ("m", 70, 0.9, 1.0, None, {"tier": 0.01}, "n", ["a ", "rye", ""], ("l", 1), None)
    hits = hits_in(select, answer(("id", "importance"), row))
    assert_type(hits, Hits[dict[str, Any]])
    assert hits == [
        Hit(
            row={"id": "m", "importance": 70},
            score=0.9,
            words=1.0,
            meaning=None,
            signals={"tier": 0.01},
            linked_from="n",
            snippet=Snippet(("a ", "rye", "")),
            before={"id": "l", "importance": 1},
            after=None,
        )
    ]
    assert (hits.seq, hits.mode, hits.meaning, hits.why, hits.model) == (7, "words", "not_asked", "", None)


def test_records_are_the_same_in_whichever_order_their_columns_come() -> None:
    link = ("l", "a", "b", "related", 0.5, 1)
    names = tuple(column.name for column in memory_links.columns)
    hit: tuple[Any, ...] = (0.9, 1.0, None, {}, None, ["a ", "rye", ""])
    (one,) = hits_in(memory_links.all(), answer(names, (*link, *hit, link, None)))
    (other,) = hits_in(memory_links.all(), answer(names[::-1], (*link[::-1], *hit, link[::-1], None)))
    assert one == other
    assert one.row == one.before == records.MemoryLink(**dict(zip(FIELDS, link, strict=True)))  # type: ignore[arg-type] # as they stand there
    assert (one.after, one.snippet) == (None, Snippet(("a ", "rye", "")))


def test_columns_of_a_newer_daemon_are_ignored() -> None:
    newer = SearchAnswer(
        seq=7,
        columns=Raw(encode(("id", *HIT_COLUMNS, "colour"))),
        rows=Raw(encode([("m", 0.9, None, 0.5, {}, None, None, None, None, "red")])),
        mode="meaning",
        meaning="used",
        model="m",
    )
    (hit,) = hits_in(memories.select("id"), newer)
    assert (hit.row, hit.meaning) == ({"id": "m"}, 0.5)


def test_a_row_that_fits_no_record_is_the_contract_s_breach() -> None:
    names = tuple(column.name for column in memories.default_columns)
    row: tuple[Any, ...] = (*[None] * len(names), 0.9, None, None, {}, None, None, None, None)
    with pytest.raises(InternalError):
        hits_in(memories.all(), answer(names, row))


async def test_hits_are_records(db: Database) -> None:
    ada = pjai.new_id()
    await db.commit(
        v1.PersonaCreated(id=ada, name=ada),
        v1.MemoryEntityCreated(id=f"m{ada}", persona_id=ada, type="concept", name="rye bread"),
        v1.ConversationStarted(id=f"c{ada}", persona_id=ada, summary="about rye"),
    )
    mine = memories.where(persona_id=ada)
    (hit,) = assert_type(await db.search("rye", mine, mode="words"), Hits[records.MemoryEntity])
    assert hit.row == await db.get(memories, f"m{ada}")
    talks: Select[records.Conversation] = conversations.where(persona_id=ada)
    (talk,) = assert_type(await db.search("rye", talks, mode="words"), Hits[records.Conversation])
    assert talk.row.summary == "about rye"
    found = await db.recall("rye", mine, budget_tokens=100)
    assert [one.id for one in found.memories] == [f"m{ada}"]
