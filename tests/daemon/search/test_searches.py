"""Tests of searches over a store: what they find by words, by meaning and by both, and in which order."""

from __future__ import annotations

import operator
import random
import struct
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import Raw

from pjai_wire import limits
from pjai_wire.codec import decode_any
from pjai_wire.errors import (
    InvalidQuery,
    InvalidSearch,
    InvalidValue,
    NoEmbedder,
    PjaiError,
    UnknownColumn,
    UnknownModel,
    UnknownTable,
)
from pjai_wire.events import v1
from pjai_wire.methods import HIT_COLUMNS, SearchWeights
from pjai_wire.query import Junction
from pjaid.search import searches, showing
from pjaid.search.dense_query import COMMON_FROM_ROWS
from pjaid.search.fusion import DEPTH
from pjaid.search.links import LINK_DAMPING
from pjaid.search.signals import DAY_MS, Weights
from tests.daemon.search.searching import DIMENSION, MODEL, NOON, Searched, meaning, memory

pytestmark = pytest.mark.anyio

ADAS = (("personaId", "=", "ada"),)


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Searched]:
    made = Searched(tmp_path)
    try:
        await made.commit(*(v1.PersonaCreated(id=name, name=name) for name in ("ada", "bo")))
        yield made
    finally:
        await made.close()


@pytest.fixture
async def bakery(at: Searched) -> Searched:
    """Memories of two personas, one of them deleted."""
    await at.commit(
        memory("rye", "rye bread with caraway"),
        memory("oat", "oat porridge", importance=90),
        memory("starter", "feed the sourdough starter", summary="rye flour and water"),
        memory("oven", "the oven is broken", type="event", at=NOON - 60 * DAY_MS),
        memory("gone", "rye whisky"),
        memory("bo rye", "rye bread", persona_id="bo"),
        v1.MemoryEntityDeleted(id="gone"),
    )
    return at


async def test_words_find_rows_that_have_any_of_them_the_best_first(bakery: Searched) -> None:
    assert await bakery.ids("rye caraway", mode="words", where=ADAS) == ["rye", "starter"]


async def test_a_long_text_is_searched_for_in_a_thread(bakery: Searched) -> None:
    def read() -> tuple[int, int]:
        counts = bakery.store.metered.counts
        return counts["inline_reads"], counts["thread_reads"]

    words = [f"word{n}" for n in range(limits.SEARCH_TELLING_MAX - 1)]
    inline, in_threads = read()
    assert await bakery.ids(" ".join(["caraway", *words]), mode="words") == ["rye"]
    assert read() == (inline + 1, in_threads)
    assert await bakery.ids(" ".join(["caraway", "oven", *words]), mode="words") == ["rye", "oven"]
    assert read() == (inline + 1, in_threads + 1)


async def test_meaning_finds_rows_by_their_cosines(bakery: Searched) -> None:
    hits = await bakery.found("oat porridge", mode="meaning", where=ADAS, limit=2)
    assert hits[0]["id"] == "oat"
    assert hits[0]["meaning"] == hits[0]["score"] == pytest.approx(1, abs=1e-3)
    assert hits[0]["words"] is None
    assert len(hits) == 2


async def test_a_vector_finds_as_its_text_does(bakery: Searched) -> None:
    by_text = await bakery.ids("rye bread", mode="meaning")
    assert await bakery.ids(vector=meaning("rye bread"), model=MODEL) == by_text
    assert by_text[0] == "bo rye"


async def test_both_tells_each_part_and_their_weighted_sum(bakery: Searched) -> None:
    ready, found = await bakery.search("rye bread", where=ADAS, weights=SearchWeights(meaning=1.0))
    assert (ready.mode, ready.meaning, ready.model) == ("both", "used", MODEL)
    assert found.columns[-len(HIT_COLUMNS) :] == HIT_COLUMNS
    best = dict(zip(found.columns, found.rows[0], strict=True))
    assert (best["id"], best["score"], best["words"]) == ("rye", 1.0, 1.0)
    assert 0.5 < best["meaning"] < 1
    assert [one.score for one in found.ranked] == sorted((one.score for one in found.ranked), reverse=True)


async def test_what_words_find_has_its_cosine_also_where_many_others_are_nearer(at: Searched) -> None:
    nearer = (memory(f"m{n}", "caraway", embedding=meaning("rye bread")) for n in range(DEPTH))
    far = memory("far", "rye", embedding=meaning("rye and a great deal more than bread"))
    await at.commit(*nearer, far, memory("none yet", "bread", embedding=None))
    weights = SearchWeights(meaning=0.25)
    found = await at.found("rye bread", mode="both", where=ADAS, limit=DEPTH, weights=weights)
    hits = {hit["id"]: hit for hit in found}
    assert 0 < hits["far"]["meaning"] < 0.6 < hits["m0"]["meaning"]
    assert hits["none yet"]["meaning"] is None
    assert hits["far"]["score"] == pytest.approx(
        0.75 * hits["far"]["words"] + 0.25 * hits["far"]["meaning"], abs=0.01
    )


async def test_deleted_rows_and_those_of_other_personas_are_not_found(bakery: Searched) -> None:
    for mode in ("words", "meaning", "both", "substring"):
        found = await bakery.ids("rye", mode=mode, where=ADAS)
        assert not {"gone", "bo rye"}.intersection(found), mode
        assert "rye" in found, mode


@pytest.mark.parametrize("mode", ["words", "meaning", "both", "substring"])
async def test_a_filter_comes_before_the_ranking(at: Searched, mode: str) -> None:
    await at.commit(*(memory(f"m{n:03}", "rye bread", importance=n % 100) for n in range(150)))
    where: tuple[Any, ...] = (*ADAS, ("importance", "<", 5))
    found = await at.ids("rye bread", mode=mode, where=where, limit=10)
    assert sorted(found) == sorted(f"m{n:03}" for n in range(150) if n % 100 < 5)
    either = Junction(any_of=(("id", "=", "m100"), ("id", "=", "m007")))
    assert sorted(await at.ids("rye bread", mode=mode, where=(either,))) == ["m007", "m100"]


async def test_no_filter_loses_a_row_that_qualifies(at: Searched) -> None:
    chance = random.Random(7)
    words = ("rye", "oat", "wheat", "barley", "water", "salt")
    rows: list[dict[str, Any]] = [
        {
            "name": " ".join(chance.choices(words, k=chance.randint(1, 4))),
            "importance": chance.randint(0, 100),
            "type": chance.choice(("concept", "event", "task")),
            "tags": tuple(chance.sample(("a", "b", "c"), chance.randint(0, 2))),
            "persona_id": chance.choice(("ada", "bo")),
            "at": NOON - chance.randint(0, 100) * DAY_MS,
        }
        for _ in range(120)
    ]
    await at.commit(*(memory(f"m{number}", **row) for number, row in enumerate(rows)))
    for _ in range(60):
        least, tag = chance.randint(0, 100), chance.choice("abc")
        before, owner = NOON - chance.randint(0, 100) * DAY_MS, chance.choice(("ada", None))
        where: list[Any] = [("importance", ">=", least), ("createdAt", "<=", before)]
        where += [("tags", "contains", tag)] if chance.random() < 0.5 else []
        where += [("personaId", "=", owner)] if owner else []
        qualify = {
            f"m{number}"
            for number, row in enumerate(rows)
            if row["importance"] >= least
            and row["at"] <= before
            and (("tags", "contains", tag) not in where or tag in row["tags"])
            and owner in (None, row["persona_id"])
        }
        having = {one for one in qualify if "rye" in rows[int(one[1:])]["name"].split()}
        assert set(await at.ids("rye", mode="words", where=tuple(where), limit=100)) == having
        assert set(await at.ids("rye", mode="substring", where=tuple(where), limit=100)) == having
        everything: dict[str, Any] = {"vector": meaning("rye oat"), "model": MODEL, "where": tuple(where)}
        hits = await at.found(limit=100, **everything)
        cosines = sorted((_cosine(rows[int(one[1:])]["name"], "rye oat") for one in qualify), reverse=True)
        assert [hit["meaning"] for hit in hits] == pytest.approx(cosines[:100], abs=2e-3)
        assert {hit["id"] for hit in hits} <= qualify
        few = await at.found(limit=5, **everything)
        assert [hit["meaning"] for hit in few] == pytest.approx(cosines[:5], abs=2e-3)


def _cosine(one: str, other: str) -> float:
    vectors = (struct.unpack(f"<{DIMENSION}f", meaning(text)) for text in (one, other))
    return float(sum(map(operator.mul, *vectors)))


async def test_a_search_by_parts_of_words_finds_them_as_they_stand(bakery: Searched) -> None:
    assert await bakery.ids("ARAWA", mode="substring") == ["rye"]
    assert await bakery.ids("rye AND", mode="substring") == []


async def test_plain_text_is_searched_by_both_and_operators_by_words_alone(bakery: Searched) -> None:
    for text, mode in (("rye bread", "both"), ('"rye bread"', "both"), ("rye NOT flour", "words")):
        ready, _ = await bakery.search(text)
        assert ready.mode == mode, text
    assert await bakery.ids("rye NOT flour", where=ADAS) == ["rye"]
    ready, _ = await bakery.search(vector=meaning("rye"), model=MODEL)
    assert ready.mode == "meaning"


async def test_a_slip_in_running_text_is_no_query_language(bakery: Searched) -> None:
    assert await bakery.ids('when did I bake the "rye bread?', mode="words", where=ADAS, limit=1) == ["rye"]
    assert await bakery.ids('she called it "rye bread" :)', mode="words", where=ADAS, limit=1) == ["rye"]
    for wrong in ('"rye bread', "rye AND", 'rye AND "bread'):
        with pytest.raises(InvalidSearch) as refused:
            await bakery.search(wrong)
        assert refused.value.hint
        assert "rye" not in str(refused.value)


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({}, InvalidSearch),
        ({"text": " \n"}, InvalidSearch),
        ({"vector": meaning("rye")}, InvalidSearch),
        ({"vector": meaning("rye"), "model": MODEL, "mode": "words"}, InvalidSearch),
        ({"vector": meaning("rye"), "model": "another"}, UnknownModel),
        ({"vector": meaning("rye")[:-4], "model": MODEL}, InvalidValue),
        ({"vector": bytes(4 * DIMENSION), "model": MODEL}, InvalidValue),
        ({"text": "rye", "model": "another", "mode": "meaning"}, UnknownModel),
        ({"text": "rye", "table": "personas"}, UnknownTable),
        ({"text": "rye", "table": "nothing"}, UnknownTable),
        ({"text": "rye", "select": ("nmae",)}, UnknownColumn),
        ({"text": "rye", "where": (("nmae", "=", "x"),)}, UnknownColumn),
        ({"text": "rye", "select": ("id",), "omit": ("name",)}, InvalidQuery),
    ],
)
async def test_what_means_nothing_is_refused(
    bakery: Searched, params: dict[str, Any], error: type[PjaiError]
) -> None:
    with pytest.raises(error) as refused:
        await bakery.search(**params)
    assert type(refused.value) is error


@pytest.mark.parametrize(
    "params",
    [
        {"text": "rye", "mode": "words", "snippets": True},
        {"text": "rye", "snippets": True},
        {"text": "rye", "mode": "substring"},
    ],
)
async def test_texts_of_any_length_are_looked_through_beside_the_event_loop(
    bakery: Searched, params: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: set[str] = set()
    for module, name in ((showing, "snippets"), (searches, "substring_hits")):
        look = getattr(module, name)

        def looking(*given: Any, look: Any = look, **more: Any) -> Any:
            threads.add(threading.current_thread().name)
            return look(*given, **more)

        monkeypatch.setattr(module, name, looking)
    assert await bakery.ids(**params, select=("id",))
    assert threads
    assert threading.current_thread().name not in threads


async def test_without_an_embedder_words_answer_and_say_so(bakery: Searched) -> None:
    bakery.problem = NoEmbedder("nothing embeds", hint="see the settings")
    ready, found = await bakery.search("rye bread", where=ADAS)
    assert (ready.mode, ready.meaning, ready.why, ready.model) == (
        "words",
        "unavailable",
        "nothing embeds",
        None,
    )
    assert [row[0] for row in found.rows] == ["rye", "starter"]
    with pytest.raises(NoEmbedder):
        await bakery.search("rye bread", mode="meaning")
    assert (await bakery.search("rye bread", mode="words"))[0].meaning == "not_asked"


async def test_a_text_is_embedded_once(bakery: Searched) -> None:
    for _ in range(3):
        await bakery.search("rye bread")
    assert bakery.embedded == ["rye bread"]


async def test_a_name_that_many_memories_have_is_not_embedded(at: Searched) -> None:
    await at.commit(*(memory(f"m{n}", f"Caroline ate bread {n}") for n in range(COMMON_FROM_ROWS)))
    await at.search("What did Caroline's sister eat?", where=ADAS)
    assert at.embedded == ["What did sister eat?"]
    await at.search("What did Caroline's sister eat?", where=(("personaId", "=", "bo"),))
    assert at.embedded[-1] == "What did Caroline's sister eat?"


async def test_signals_decide_between_hits_that_are_nearly_equal(at: Searched) -> None:
    at.searches = type(at.searches)(at.store, at.codes, at.searches._vectors, Weights(importance=0.05))
    await at.commit(
        memory("plain", "rye bread", importance=10),
        memory("vital", "rye bread", importance=100),
        memory("far", "rye and a long story of other things", importance=100),
    )
    hits = await at.found("rye bread", mode="words")
    assert [hit["id"] for hit in hits] == ["vital", "plain", "far"]
    assert hits[0]["signals"] == {"importance": pytest.approx(0.05)}
    assert hits[0]["score"] == pytest.approx(1.05)
    none = SearchWeights(importance=0.0)
    assert [hit["signals"] for hit in await at.found("rye bread", mode="words", weights=none)] == [{}, {}, {}]
    assert [hit["signals"] for hit in await at.found(vector=meaning("rye"), model=MODEL)] == [{}, {}, {}]


async def test_recency_counts_whole_days(at: Searched, monkeypatch: pytest.MonkeyPatch) -> None:
    today = NOON // DAY_MS
    monkeypatch.setattr("pjaid.search.searches.now_ms", lambda: NOON)
    await at.commit(
        memory("old", "rye bread", at=NOON - 30 * DAY_MS),
        memory("morning", "rye bread", at=today * DAY_MS),
        memory("evening", "rye bread", at=today * DAY_MS + 1000),
    )
    hits = await at.found("rye bread", mode="words", weights=SearchWeights(recency=0.5))
    assert {hit["id"]: hit["signals"]["recency"] for hit in hits} == {
        "morning": 0.5,
        "evening": 0.5,
        "old": 0.25,
    }
    assert hits[-1]["id"] == "old"


async def test_links_bring_memories_one_hop_away_and_say_from_where(bakery: Searched) -> None:
    await bakery.commit(
        v1.MemoryEntityLinked(id="l1", from_id="rye", to_id="oven", kind="needs", weight=0.5),
        v1.MemoryEntityLinked(id="l2", from_id="oat", to_id="oven", kind="needs", weight=1.0),
    )
    hits = await bakery.found("caraway", mode="words", where=ADAS, links=True)
    assert [(hit["id"], hit["linkedFrom"]) for hit in hits] == [("rye", None), ("oven", "rye")]
    assert hits[1]["score"] == pytest.approx(hits[0]["score"] * 0.5 * LINK_DAMPING)
    assert await bakery.ids("caraway", mode="words", where=ADAS) == ["rye"]
    concepts = (*ADAS, ("type", "=", "concept"))
    assert await bakery.ids("caraway", mode="words", where=concepts, links=True) == ["rye"]


async def test_diversity_puts_what_is_like_a_hit_behind_what_is_not(at: Searched) -> None:
    await at.commit(
        memory("one", "rye bread with caraway"),
        memory("twin", "rye bread with caraway"),
        memory("other", "rye flour from the mill"),
    )
    plain = await at.ids("rye bread with caraway", mode="meaning")
    assert plain == ["one", "twin", "other"]
    assert await at.ids("rye bread with caraway", mode="meaning", diversity=0.6) == ["one", "other", "twin"]
    assert await at.ids("rye bread with caraway", mode="meaning", diversity=0.6, limit=2) == ["one", "other"]


async def test_context_is_the_turns_around_a_hit_whatever_its_conditions(at: Searched) -> None:
    turns = [("t1", "did it rise?", 10), ("t2", "twice its size", 90), ("t3", "wonderful", 10)]
    await at.commit(
        *(
            memory(
                turn,
                text,
                type="conversation",
                importance=importance,
                at=NOON + place,
                metadata={"sessionId": "s"},
            )
            for place, (turn, text, importance) in enumerate(turns)
        )
    )
    where = (*ADAS, ("importance", ">", 50))
    (hit,) = await at.found("size", mode="words", where=where, context=True, select=("id", "name"))
    assert hit["before"] == ("t1", "did it rise?")
    assert hit["after"] == ("t3", "wonderful")
    (first,) = await at.found("rise", mode="words", where=(("id", "=", "t1"),), context=True, select=("id",))
    assert (first["before"], first["after"]) == (None, ("t2",))
    (bare,) = await at.found("size", mode="words", where=where)
    assert (bare["before"], bare["after"]) == (None, None)


async def test_snippets_mark_what_matched(bakery: Searched) -> None:
    (hit, *_) = await bakery.found("caraway", mode="words", where=ADAS, snippets=True)
    assert tuple(hit["snippet"]) == ("rye bread with ", "caraway", "")
    (hit, *_) = await bakery.found("e bread WITH car", mode="substring", where=ADAS, snippets=True)
    assert tuple(hit["snippet"]) == ("ry", "e bread with car", "away")
    (bare, *_) = await bakery.found("caraway", mode="words", where=ADAS)
    assert bare["snippet"] is None


async def test_rows_have_the_columns_that_are_asked_for(bakery: Searched) -> None:
    (hit, *_) = await bakery.found("caraway", mode="words", where=ADAS, select=("tags", "name"))
    assert [*hit] == ["tags", "name", *HIT_COLUMNS]
    assert isinstance(hit["tags"], Raw)
    assert (decode_any(bytes(hit["tags"])), hit["name"]) == ([], "rye bread with caraway")


async def test_other_tables_are_searched_too(at: Searched) -> None:
    await at.commit(
        v1.ConversationStarted(id="talk", persona_id="ada"),
        *(
            v1.ConversationMessageAdded(id=f"m{n}", conversation_id="talk", role="user", content=text)
            for n, text in enumerate(["is there bread?", "rye, with caraway", "lovely"])
        ),
        v1.WorkflowSaved(id="w", name="bake rye bread", persona_id="ada", definition={}),
    )
    (message,) = await at.found(
        "caraway", table="messages", mode="words", context=True, select=("id",), limit=1
    )
    assert (message["id"], message["before"], message["after"]) == ("m1", ("m0",), ("m2",))
    assert await at.ids("rye", table="workflows", mode="words") == ["w"]


async def test_a_row_that_was_deleted_just_now_makes_room_for_the_next(bakery: Searched) -> None:
    sought: dict[str, Any] = {"vector": meaning("rye bread"), "model": MODEL, "where": ADAS, "limit": 2}
    before = await bakery.ids(**sought)
    bakery.codes.committed = lambda committed: None  # type: ignore[method-assign] # what is told late
    await bakery.commit(v1.MemoryEntityDeleted(id=before[0]))
    after = await bakery.ids(**sought)
    assert len(after) == 2
    assert after[0] == before[1]


async def test_meaning_counts_as_much_as_words_where_nobody_says(bakery: Searched) -> None:
    _, by_default = await bakery.search("rye bread", where=ADAS)
    _, as_said = await bakery.search("rye bread", where=ADAS, weights=SearchWeights(meaning=0.5))
    assert by_default.ranked == as_said.ranked
    _, by_words = await bakery.search("rye bread", where=ADAS, weights=SearchWeights(meaning=0.0))
    assert by_default.ranked != by_words.ranked
