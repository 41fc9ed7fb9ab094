"""Tests of what goes into a prompt."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from pjaid.search.prompt import DAY_MS, Found, Piece, fitted
from pjaid.search.tokens import estimated_tokens

MAY = 19_500 * DAY_MS


def piece(
    name: str, text: str = "", *, at: int = MAY, thread: str | None = None, score: float | None = 1.0
) -> Piece:
    return Piece(id=name, text=text or f"text of {name}", at=at, thread=thread, score=score)


def spaced(text: str) -> str:
    return " ".join(text.split()) or "a"


pieces = st.builds(
    Piece,
    id=st.uuids().map(str),
    text=st.text(alphabet="ab 1.é語", min_size=1, max_size=300).map(spaced),
    at=st.integers(0, 2**53 - 1),
    thread=st.none() | st.sampled_from(["one", "two"]),
    score=st.none() | st.floats(0, 1),
    passage=st.text(alphabet="ab 1.é語", max_size=3),
)
found = st.lists(st.builds(Found, piece=pieces, around=st.lists(pieces, max_size=2).map(tuple)), max_size=15)


@given(found, st.integers(16, 400))
def test_never_takes_more_than_the_budget(drawn: list[Found], budget: int) -> None:
    assert fitted(drawn, budget).tokens <= budget


@given(found, st.integers(16, 400))
def test_tells_the_text_by_its_lines(drawn: list[Found], budget: int) -> None:
    whole = fitted(drawn, budget)
    written = whole.text.split("\n")
    assert [line.text for line in whole.lines] == [line for line in written if line.startswith("[")]
    assert whole.tokens == estimated_tokens(whole.text)
    for number, line in enumerate(whole.lines, 1):
        assert line.text.startswith(f"[{number}] ")
        assert line.text.endswith(line.piece.text)
        assert line.tokens == estimated_tokens(line.text)


@given(found, st.integers(16, 400))
def test_has_no_memory_and_no_text_twice_and_counts_what_it_left_out(drawn: list[Found], budget: int) -> None:
    whole = fitted(drawn, budget)
    ids = [line.piece.id for line in whole.lines]
    assert len(ids) == len(set(ids))
    assert len({one.piece.text for one in drawn if one.piece.id in ids}) == sum(
        one.piece.id in ids for one in drawn
    )
    assert whole.left_out <= len(drawn)


@given(st.lists(pieces, max_size=8, unique_by=lambda one: one.text))
def test_takes_all_where_there_is_room(drawn: list[Piece]) -> None:
    whole = fitted([Found(one) for one in drawn], 100_000)
    assert {line.piece.id for line in whole.lines} == {one.id for one in drawn}
    assert whole.left_out == 0


def test_puts_turns_in_the_order_of_time_behind_what_is_known() -> None:
    whole = fitted(
        [
            Found(piece("late", at=MAY + 5, thread="talk")),
            Found(piece("fact", at=MAY + 9)),
            Found(piece("early", at=MAY + 1, thread="talk")),
            Found(piece("before", at=MAY - DAY_MS, thread="talk")),
        ],
        1000,
    )
    assert whole.text == (
        "What is known:\n"
        "[1] 2023-05-23 text of fact\n"
        "Conversation of 2023-05-22:\n"
        "[2] text of before\n"
        "Conversation of 2023-05-23:\n"
        "[3] text of early\n"
        "[4] text of late"
    )


def test_takes_the_best_first_and_something_shorter_where_the_next_is_too_long() -> None:
    counts = (("a", 20), ("b", 21), ("c", 22), ("d", 3))
    whole = fitted([Found(piece(name, " ".join(["word"] * count))) for name, count in counts], 84)
    assert [line.piece.id for line in whole.lines] == ["a", "b", "d"]
    assert (whole.left_out, whole.cut) == (1, frozenset())


def test_takes_the_turns_around_a_hit_with_it() -> None:
    before = piece("before", at=MAY - 1, thread="talk")
    after = piece("after", at=MAY + 1, thread="talk", score=None)
    around = (structs.replace(before, score=None), after)
    whole = fitted([Found(piece("hit", thread="talk"), around), Found(before)], 1000)
    assert [(line.piece.id, line.piece.score) for line in whole.lines] == [
        ("before", 1.0),
        ("hit", 1.0),
        ("after", None),
    ]


def test_cuts_what_is_longer_than_half_of_the_budget() -> None:
    whole = fitted([Found(piece("long", "word " * 1000)), Found(piece("short"))], 100)
    assert [line.piece.id for line in whole.lines] == ["long", "short"]
    assert whole.lines[0].text.endswith("word…")


def test_of_a_small_budget_one_memory_takes_what_it_needs() -> None:
    whole = fitted([Found(piece("a", "rye bread was baked")), Found(piece("b"))], 30)
    assert [line.text for line in whole.lines] == ["[1] 2023-05-23 rye bread was baked"]
    assert whole.left_out == 1


def test_what_is_cut_shows_what_is_wanted_and_takes_what_others_left() -> None:
    text = "word " * 1000 + "here it is: " + "more " * 1000
    long = structs.replace(piece("long", text), passage="here it is:")
    whole = fitted([Found(long), Found(piece("short"))], 100)
    assert whole.lines[0].text.startswith("[1] 2023-05-23 …here it is: more more ")
    assert whole.lines[1].piece.id == "short"
    assert whole.tokens >= 98
    assert whole.cut == {"long"}


@given(st.integers(200, 3_000), st.sampled_from([None, "talk"]))
def test_two_that_are_too_long_share_the_budget(budget: int, thread: str | None) -> None:
    ranked = [Found(piece(name, f"{name} word " * budget, thread=thread)) for name in "abc"]
    whole = fitted(ranked, budget)
    assert [line.piece.id for line in whole.lines] == ["a", "b"]
    assert whole.cut == {"a", "b"}
    assert whole.left_out == 1


def test_a_day_past_the_calendar_is_a_number() -> None:
    assert fitted([Found(piece("far", at=2**53 - 1))], 100).lines[0].text == "[1] day 104249991 text of far"
