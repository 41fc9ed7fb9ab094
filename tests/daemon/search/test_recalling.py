"""Tests of what is recalled of a store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from pathlib import Path

import pytest

from pjai_wire import limits
from pjai_wire.errors import InvalidSearch, LimitExceeded, NoEmbedder
from pjai_wire.events import v1
from pjai_wire.methods import RecallParams
from pjaid.search.recalling import recall
from pjaid.search.searches import Ready
from pjaid.search.tokens import estimated_tokens
from pjaid.store.words.snippets import Parts
from tests.daemon.search.searching import MODEL, NOON, Searched, memory

pytestmark = pytest.mark.anyio


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Searched]:
    made = Searched(tmp_path)
    try:
        await made.commit(v1.PersonaCreated(id="ada", name="Ada"))
        turns = ("did the bread rise?", "twice its size", "and how does it taste?", "like holidays")
        await made.commit(
            memory("fact", "rye bread", summary="needs a day", content={"why": ["it is heavy", "rye bread"]}),
            memory("other", "the oven is broken"),
            *(
                memory(f"t{n}", text, type="conversation", at=NOON + n, metadata={"sessionId": "s"})
                for n, text in enumerate(turns)
            ),
        )
        yield made
    finally:
        await made.close()


async def test_what_is_recalled_is_one_text_with_its_sources(at: Searched) -> None:
    found = await recall(at.searches, RecallParams(text="bread", mode="words"))
    assert found.text == (
        "What is known:\n"
        "[1] 2025-06-15 rye bread · needs a day · it is heavy\n"
        "Conversation of 2025-06-15:\n"
        "[2] did the bread rise?\n"
        "[3] twice its size"
    )
    assert [one.id for one in found.memories] == ["fact", "t0", "t1"]
    assert [one.text for one in found.memories] == [line for line in found.text.split("\n") if line[0] == "["]
    assert found.memories[0].thread is None
    assert found.memories[1].thread == found.memories[2].thread is not None
    assert found.memories[0].score is not None
    assert found.tokens == estimated_tokens(found.text)


async def test_a_memory_of_very_many_texts_is_recalled_by_its_first(at: Searched) -> None:
    texts = [f"caraway {number:05}" for number in range(30_000)]
    await at.commit(memory("list", "spices", content={"all": texts, "again": texts[:3]}))
    found = await recall(at.searches, RecallParams(text="caraway", mode="words", budget_tokens=64))
    (line,) = found.memories
    assert line.text.startswith("[1] 2025-06-15 spices · caraway 00000 · caraway 00001 · ")
    assert line.text.count("caraway 00000") == 1
    assert found.tokens <= 64


@pytest.mark.parametrize("before", [300, 3_000, 10_000])
@pytest.mark.parametrize("after", [0, 3_000])
async def test_of_a_long_memory_what_was_asked_for_is_recalled(before: int, after: int, at: Searched) -> None:
    answer = "the blue locker's code\nis behind the mirror"
    text = "lorem ipsum\n" * before + answer + " dolor sit" * after
    await at.commit(memory("book", "chapter", content={"first": "a page", "text": text, "last": "an end"}))
    found = await recall(at.searches, RecallParams(text="blue locker code", mode="words", budget_tokens=400))
    assert "the blue locker's code is behind the mirror" in found.text
    assert 380 <= found.tokens <= 400
    found = await recall(at.searches, RecallParams(text="ue lock", mode="substring", budget_tokens=400))
    assert "the blue locker's code is behind the mirror" in found.text


async def test_passages_are_looked_for_where_a_part_is_shown_alone(
    at: Searched, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_for: list[Collection[str]] = []
    passages = at.searches.passages

    async def counted(ready: Ready, ids: Collection[str]) -> Mapping[str, Parts]:
        looked_for.append(ids)
        return await passages(ready, ids)

    monkeypatch.setattr(at.searches, "passages", counted)
    pages = (f"page{n} " * 1_000 + "caraway" for n in range(9))
    await at.commit(*(memory(f"long{n}", "page", content={"text": text}) for n, text in enumerate(pages)))
    found = await recall(at.searches, RecallParams(text="caraway", mode="words", budget_tokens=400))
    assert found.left_out == 7
    assert all(one.text.endswith("caraway") for one in found.memories)
    assert [len(ids) for ids in looked_for] == [2]
    await recall(at.searches, RecallParams(text="oven", mode="words"))
    assert len(looked_for) == 1


async def test_of_very_many_texts_the_one_that_was_asked_for_is_recalled(at: Searched) -> None:
    texts = [f"caraway {number:05}" for number in range(1_000)]
    await at.commit(memory("list", "spices", content={"all": texts}))
    found = await recall(at.searches, RecallParams(text="00777", mode="words", budget_tokens=64))
    assert "… · caraway 00777 · caraway 00778 · caraway 00779" in found.text
    assert found.tokens <= 64


async def test_what_is_recalled_tells_the_latest_state_that_it_shows(at: Searched) -> None:
    seen: list[int] = []
    found = await recall(at.searches, RecallParams(text="bread", mode="words"), seen.append)
    assert seen == [at.store.seq] == [found.seq]


async def test_of_memories_larger_than_an_answer_the_best_are_recalled(
    at: Searched, monkeypatch: pytest.MonkeyPatch
) -> None:
    await at.commit(*(memory(f"long{n}", "caraway", content={"said": "x" * 900}) for n in range(20)))
    await at.commit(memory("best", "caraway", summary="caraway", content={"said": "caraway"}))
    monkeypatch.setattr(at.store._readers, "_bytes_max", 5_000)
    found = await recall(at.searches, RecallParams(text="caraway", mode="words"))
    assert "best" in [one.id for one in found.memories]
    monkeypatch.setattr(at.store._readers, "_bytes_max", 10)
    with pytest.raises(LimitExceeded):
        await recall(at.searches, RecallParams(text="caraway", mode="words"))


async def test_turns_around_are_left_out_where_nobody_wants_them(at: Searched) -> None:
    found = await recall(at.searches, RecallParams(text="size", mode="words", context=False))
    assert "t1" in [one.id for one in found.memories]
    assert "t3" not in [one.id for one in found.memories]


@pytest.mark.parametrize("budget", [16, 30, 60, 2_000])
async def test_the_budget_holds_and_what_did_not_fit_is_counted(at: Searched, budget: int) -> None:
    found = await recall(at.searches, RecallParams(text="bread oven taste", budget_tokens=budget))
    assert found.tokens <= budget
    everything = await recall(at.searches, RecallParams(text="bread oven taste"))
    assert everything.left_out == 0
    if budget < everything.tokens:
        assert len(found.memories) < len(everything.memories)
        assert found.left_out > 0


@pytest.mark.parametrize(
    "text",
    [
        "DO NOT FORGET THE RYE BREAD",
        "I do NOT want rye bread",
        "NOT now, please, the rye bread",
        "is it rye bread OR",
        '"Good morning, said Tom, the rye bread is ready',
        'a "rye bread" AND (loaf',
        "rye bread, " + "and so on, " * 5_000,
    ],
)
async def test_a_message_is_no_query_whatever_stands_in_it(text: str, at: Searched) -> None:
    found = await recall(at.searches, RecallParams(text=text))
    assert "fact" in [one.id for one in found.memories]
    assert found.mode == "both"
    by_words = await recall(at.searches, RecallParams(text=text, mode="words"))
    assert by_words.memories[0].id == "fact"


async def test_of_a_message_however_long_the_beginning_counts(at: Searched) -> None:
    text = "bread " + "word " * limits.SEARCH_CHARACTERS_MAX + "oven"
    found = await recall(at.searches, RecallParams(text=text, mode="words"))
    assert "fact" in [one.id for one in found.memories]
    assert "other" not in [one.id for one in found.memories]


async def test_it_says_how_was_searched(at: Searched) -> None:
    assert (await recall(at.searches, RecallParams(text="bread"))).model == MODEL
    at.problem = NoEmbedder("nothing embeds")
    found = await recall(at.searches, RecallParams(text="a loaf of bread"))
    assert (found.mode, found.meaning, found.why) == ("words", "unavailable", "nothing embeds")


async def test_nothing_found_is_an_empty_text(at: Searched) -> None:
    found = await recall(at.searches, RecallParams(text="astronomy", mode="words"))
    assert (found.text, found.tokens, found.memories, found.left_out) == ("", 0, [], 0)
    with pytest.raises(InvalidSearch):
        await recall(at.searches, RecallParams())
