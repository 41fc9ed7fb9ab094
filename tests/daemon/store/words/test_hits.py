"""Tests of what is found by words: how texts match, whose rows are searched, how turns count together."""

from __future__ import annotations

import pytest

from pjai_wire import limits
from pjai_wire.errors import UnknownColumn, UnknownTable
from pjaid.store.words.frequencies import Frequencies
from pjaid.store.words.hits import word_hits
from pjaid.store.words.index import indexed
from pjaid.store.words.question import parse
from tests.daemon.store.conftest import Ledger
from tests.daemon.store.words.conftest import Find, Remember

WITH_ENDINGS = """
organization relational happiness universities running fermentation beautifully responsibility hopefulness
generalizations conditional agreed activated flies skies dying effectively vietnamization replacement
"""


@pytest.mark.parametrize(
    ("text", "sought"),
    [
        ("Sourdough rises slowly", "rising"),
        ("Sourdough rises slowly", "SOURDOUGH"),
        ("Sourdough rises slowly", '"sourdough rises"'),
        ("Sourdough rises slowly", "sour*"),
        ("an organization", "organi*"),
        ("an organization", "organiz*"),
        ("an organization", "organizatio*"),
        ("relational", "relationa*"),
        ("beautiful happiness", '"beautiful happin"*'),
        ("the universities", "universiti*"),
        ("Crème brûlée", "creme brulee"),
        ("creme", "Crème"),
        ("cre\u0300me", "crème"),
        ("die Straße", "STRASSE"),
        ("我喜欢吃面包", "面包"),
        ("我喜欢吃面包", "喜欢吃"),
        ("我喜欢吃面包", "我"),
        ("我喜欢吃面包", "包"),
        ("我喜欢吃面包", '"喜欢吃面"'),
        ("パンを焼く", "焼く"),
        ("빵을 굽는다", "굽는"),
        ("call getUserName here", "user name"),
        ("call getUserName here", "getusername"),
        ("call getUserName here", "getUserName"),
        ("call getUserName here", '"call getUserName here"'),
        ("the HTTPServer falls", "server"),
        ("import PyTorch", "pytorch"),
        ("import pytorch", "PyTorch"),
        ("set max_user_id", "user_id"),
        ("set max_user_id", "max"),
        ("use std::vector", "std::vector"),
        ("release 1.2.3", "1.2.3"),
        ("release v1.2.3", "1.2.3"),
        ("release v1.2.3", "1.2"),
        ("release v1.2.3", "1.2*"),
        ("release V1.2.3", "v1.2.3"),
        ("release 1.2.3", "v1.2.3"),
        ("release 1.2.30", "V1.2.3*"),
        ("well done 🎉🎉", "🎉"),
        ("thumbs 👍🏽 up", "👍"),
        ("nul\0byte", "byte"),
        ("nul\0byte", '"nul byte"'),
        ("x" * 40_000 + " end", "end"),
        (f"begin {'word ' * 100_000} end", '"word end"'),
    ],
)  # fmt: skip
def test_a_text_is_found_by(text: str, sought: str, remember: Remember, find: Find) -> None:
    remember("other", "something else")
    remember("m", text)
    assert find(sought) == ["m"]


@pytest.mark.parametrize("word", WITH_ENDINGS.split())
def test_a_word_is_found_by_each_of_its_beginnings(word: str, remember: Remember, find: Find) -> None:
    remember("m", word)
    assert [end for end in range(2, len(word) + 1) if not find(f"{word[:end]}*")] == []


@pytest.mark.parametrize(
    ("text", "sought"),
    [
        ("Sourdough rises slowly", '"rises sourdough"'),
        ("Sourdough rises slowly", "dough"),
        ("我喜欢吃面包", "欢喜"),
        ("我喜欢吃面包", "面我"),
        ("release 1.2.3", '"1.3"'),
        ("release v1.2.3", "1.3"),
        ("release 1.2.3", "v2.3.1"),
        ("bread and rye", "bread NOT rye"),
        ("an organization", "an* NOT organiz*"),
        ("an organization", '"an" NOT organiz*'),
        ("bread and rye", "bread AND oat"),
    ],
)
def test_a_text_is_not_found_by(text: str, sought: str, remember: Remember, find: Find) -> None:
    remember("m", text)
    assert find(sought) == []


def test_texts_are_found_wherever_they_stand(remember: Remember, find: Find) -> None:
    remember("name", "-", name="Sourdough")
    remember("summary", "-", summary="of sourdough")
    remember("tags", "-", tags=["rye", "sourdough"])
    remember("content", "-", content={"a": [{"b": "sourdough"}], "n": 4})
    remember("key", "-", content={"sourdough": True})
    assert sorted(find("sourdough")) == ["content", "name", "summary", "tags"]


def test_a_name_counts_more_than_a_content(remember: Remember, find: Find) -> None:
    remember("content", "sourdough here")
    remember("name", "here", name="sourdough")
    assert find("sourdough") == ["name", "content"]


def test_each_table_is_searched(ledger: Ledger, persona: str, find: Find) -> None:
    ledger.commit(
        ("v1.ConversationStarted", {"id": "c", "personaId": persona, "summary": "Baking", "topics": ["rye"]}),
        (
            "v1.ConversationMessageAdded",
            {"id": "x", "conversationId": "c", "role": "user", "content": "So long"},
        ),
        ("v1.WorkflowSaved", {"id": "w", "name": "Bake", "description": "every day", "tags": ["oven"]}),
    )
    assert find("baking", "conversations") == find("rye", "conversations") == ["c"]
    assert find("long", "messages") == ["x"]
    assert find("bake", "workflows") == find("day", "workflows") == find("oven", "workflows") == ["w"]
    with pytest.raises(UnknownTable):
        find("ada", "personas")


def test_a_persona_s_rows_are_found_and_no_other_s(ledger: Ledger, remember: Remember, find: Find) -> None:
    ledger.commit(("v1.PersonaCreated", {"id": "bo", "name": "Bo"}))
    remember("mine", "sourdough")
    remember("theirs", "sourdough", personaId="bo")
    assert find("sourdough", "memories", ("personaId", "=", "bo")) == ["theirs"]
    assert find("sourdough", "memories", ("personaId", "in", ["bo"])) == ["theirs"]
    assert find("sourdough", "memories", ("personaId", "=", "bo"), ("personaId", "=", "ada")) == []
    assert find("sourdough NOT rye", "memories", ("personaId", "=", "bo")) == ["theirs"]
    assert sorted(find("sourdough")) == ["mine", "theirs"]
    with pytest.raises(UnknownColumn):
        find("sourdough", "memories", ("owner", "=", "bo"))


def test_a_filter_comes_before_the_ranking(remember: Remember, find: Find) -> None:
    for number in range(20):
        remember(f"m{number:02}", "sourdough " * (20 - number), importance=number)
    assert find("sourdough", "memories", ("importance", ">=", 18), depth=2) == ["m18", "m19"]
    assert find("sourdough NOT rye", "memories", ("importance", ">=", 18), depth=2) == ["m18", "m19"]


def test_the_turns_around_count_word_by_word(remember: Remember, find: Find) -> None:
    minute = 60_000
    for number, text in enumerate(("Where did you buy the flour?", "At the mill.", "It was cheap.", "Nice.")):
        remember(f"t{number}", text, type="conversation", at=number * minute)
    remember("far", "Elsewhere.", type="conversation", at=3_600_000 + 4 * minute)
    remember("note", "The mill is old.", at=minute)
    # With all of the one word and 0.7 of the other, both the other way round with 0.3, one, and 0.7 of one.
    assert find("flour mill") == ["t1", "t0", "note", "t2"]
    assert set(find("flour mill", with_neighbours=False)) == {"t0", "t1", "note"}


def test_turns_of_other_threads_and_personas_do_not_count(
    ledger: Ledger, remember: Remember, find: Find
) -> None:
    ledger.commit(("v1.PersonaCreated", {"id": "bo", "name": "Bo"}))
    turn = {"type": "conversation", "at": 5}
    remember("a", "flour", metadata={"conversationId": "c", "sessionId": "s"}, **turn)
    remember("b", "one", metadata={"sessionId": "s"}, **turn)
    remember("c", "two", **turn)
    remember("d", "three", personaId="bo", metadata={"conversationId": "c"}, **turn)
    remember("e", "four", metadata={"conversationId": "c"}, **turn)
    assert find("flour") == ["a", "e"]


def test_a_turn_is_found_by_a_neighbour_that_the_filter_leaves_out(remember: Remember, find: Find) -> None:
    remember("a", "flour", type="conversation", importance=10, at=1)
    remember("b", "mill", type="conversation", importance=90, at=2)
    assert find("flour", "memories", ("importance", ">", 50)) == ["b"]


def test_of_a_long_text_the_words_are_looked_for_that_the_fewest_rows_have(
    remember: Remember, find: Find
) -> None:
    common = [f"word{n}" for n in range(limits.SEARCH_TELLING_MAX)]
    for number in range(3):
        remember(f"m{number}", " ".join(common))
    remember("rare", "caraway")
    remember("common", common[-1])
    assert set(find(" ".join(common))) == {"m0", "m1", "m2", "common"}
    assert set(find(" ".join([*common, "caraway"]))) == {"m0", "m1", "m2", "rare"}
    assert set(find(" ".join([*common, "caraway", "nothing", "nobody"]))) == {"m0", "m1", "m2", "rare"}


def test_what_a_persona_s_rows_lack_takes_the_place_of_no_word_that_they_have(
    ledger: Ledger, remember: Remember, find: Find
) -> None:
    ledger.commit(("v1.PersonaCreated", {"id": "bo", "name": "Bo"}))
    theirs = [f"theirs{n}" for n in range(limits.SEARCH_TELLING_MAX)]
    remember("theirs", " ".join(theirs), personaId="bo")
    remember("a", "caraway")
    remember("b", "caraway")
    text = " ".join([*theirs, "caraway"])
    assert find(text) == ["theirs"]
    assert find(text, "memories", ("personaId", "=", "ada")) == ["a", "b"]


def test_words_that_somebody_chose_are_all_looked_for(remember: Remember, find: Find) -> None:
    words = [f"word{n}" for n in range(limits.SEARCH_TELLING_MAX)]
    remember("a", " ".join(words))
    remember("b", "caraway")
    remember("c", "caraway")
    assert find(" OR ".join([*words, "caraway"])) == ["a", "b", "c"]


def test_how_common_a_word_is_is_told_of_a_persona(ledger: Ledger, remember: Remember) -> None:
    ledger.commit(("v1.PersonaCreated", {"id": "bo", "name": "Bo"}))
    for number in range(4):
        remember(f"m{number}", "Ada speaks" if number else "Ada bakes")
    remember("theirs", "Bo speaks", personaId="bo")
    remember("late", "an oven speaks", personaId="bo")

    def shares(persona_id: str | None, exact_from: float = 0) -> list[float]:
        counted = Frequencies(ledger.connection, indexed("memories"), persona_id)
        return list(counted.shares(["Ada", "speaking", "oven", "→"], exact_from=exact_from).values())

    assert shares(None) == [4 / 6, 5 / 6, 1 / 6, 0.0]
    assert shares("ada") == [1.0, 0.75, 0.0, 0.0]
    assert shares("ada", exact_from=0.3) == [1.0, 0.75, 0.25, 0.0]
    assert shares("bo") == [0.0, 1.0, 0.5, 0.0]


def test_a_question_without_words_finds_nothing(ledger: Ledger, remember: Remember) -> None:
    remember("m", "???")
    assert word_hits(ledger.connection, "memories", parse("???"), depth=10) == []
