"""Tests of what holds for any search: typed errors alone, no row lost by a filter, scores as is said."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pjai_wire import limits
from pjai_wire.errors import InvalidSearch, LimitExceeded
from pjaid.store.words.filters import compile_filter
from pjaid.store.words.hits import AFTER, BEFORE, word_hits
from pjaid.store.words.neighbours import neighbours
from pjaid.store.words.question import parse, plain
from pjaid.store.words.snippets import snippets
from pjaid.store.words.substring import substring_hits
from tests.daemon.store.conftest import Ledger, new_ledger

WORDS = ("bread", "rye", "oat", "getUserName", "面包", "🎉", "café")
SIGNS = (
    "AND",
    "OR",
    "NOT",
    "NEAR",
    "(",
    ")",
    '"',
    "*",
    "-",
    "^",
    "{name}",
    ":",
    "+",
    "\0",
    "'",
    ";",
    "\\",
    " ",
)

any_text = st.text(max_size=40) | st.lists(st.sampled_from((*WORDS, *SIGNS)), max_size=12).flatmap(
    lambda parts: st.sampled_from((" ", "")).map(lambda between: between.join(parts))
)
texts = st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join)
memories = st.lists(
    st.tuples(
        st.sampled_from(("ada", "bo")),
        st.sampled_from(("conversation", "concept")),
        texts,
        st.integers(0, 3),
        st.sampled_from(("", "s")),
    ),
    min_size=1,
    max_size=12,
)
"""Whose, of what type, the text, when (in half hours) and how important, and of which session."""

some_words = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3, unique=True)


@contextmanager
def remembering(given_memories: list[tuple[str, str, str, int, str]]) -> Iterator[Ledger]:
    with tempfile.TemporaryDirectory() as directory, new_ledger(Path(directory)) as ledger:
        ledger.commit(*(("v1.PersonaCreated", {"id": name, "name": name}) for name in ("ada", "bo")))
        for number, (persona, kind, text, when, session) in enumerate(given_memories):
            args = {"id": f"m{number}", "personaId": persona, "type": kind, "name": "-", "importance": when}
            metadata = {"sessionId": session} if session else {}
            content = {"content": {"text": text}, "metadata": metadata, "at": when * 1_800_000}
            ledger.commit(("v1.MemoryEntityCreated", args | content))
        yield ledger


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(asked=st.lists(any_text, min_size=1, max_size=20))
def test_any_text_finds_something_or_is_refused_with_a_typed_error(asked: list[str]) -> None:
    with remembering([("ada", "conversation", " ".join(WORDS), 1, "")]) as ledger:
        for text in asked:
            for ask in (parse, plain):
                try:
                    question = ask(text)
                except (InvalidSearch, LimitExceeded):
                    assert ask is parse
                    continue
                hits = word_hits(ledger.connection, "memories", question, depth=5)
                snippets(ledger.connection, "memories", question, [row for row, _ in hits])
            substring_hits(ledger.connection, "memories", text, depth=5)


def test_the_deepest_and_the_longest_question_can_be_asked() -> None:
    depth = limits.SEARCH_DEPTH_MAX
    deep = "a" + "".join(f" AND b{n} OR c{n} NOT (d{n}" for n in range(depth)) + ")" * depth
    long = [" AND ", " OR ", " NOT ", " "]
    words = ["".join(letters) for letters in itertools.product("abcd", repeat=4)]
    assert len(words) == limits.SEARCH_WORDS_MAX
    with remembering([("ada", "concept", "a", 1, "")]) as ledger:
        for text in (
            deep,
            *(between.join(words) for between in long),
            " ".join(f'"{word}"*' for word in words),
        ):
            word_hits(ledger.connection, "memories", parse(text), depth=5)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(given_memories=memories, words=some_words, operator=st.sampled_from((" ", " AND ", " NOT ")))
def test_a_filter_loses_no_row_and_lets_no_other_through(
    given_memories: list[tuple[str, str, str, int, str]], words: list[str], operator: str
) -> None:
    question = parse(operator.join(words))
    with remembering(given_memories) as ledger:
        for whose in ((), (("personaId", "=", "ada"),)):
            everything = compile_filter("memories", whose)
            found = dict(word_hits(ledger.connection, "memories", question, everything, depth=100))
            for condition in (("importance", ">=", 2), ("type", "=", "concept"), ("name", "=", "nothing")):
                rows = compile_filter("memories", (*whose, condition))
                filtered = word_hits(ledger.connection, "memories", question, rows, depth=100)
                sql = f"SELECT rowid FROM memories WHERE {condition[0]} {condition[1]} ?"
                allowed = {row for (row,) in ledger.connection.execute(sql, (condition[2],))}
                assert dict(filtered) == {row: score for row, score in found.items() if row in allowed}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(given_memories=memories, words=some_words)
def test_scores_are_the_best_of_a_row_and_its_neighbours_word_by_word(
    given_memories: list[tuple[str, str, str, int, str]], words: list[str]
) -> None:
    with remembering(given_memories) as ledger:
        around = neighbours(ledger.connection, "memories", range(1, len(given_memories) + 1))
        expected: dict[int, float] = dict.fromkeys(range(1, len(given_memories) + 1), 0.0)
        for word in words:
            hits = word_hits(ledger.connection, "memories", plain(word), depth=100, with_neighbours=False)
            own = dict(hits)
            for row in expected:
                before, after = around.get(row, (None, None))
                shares = (own.get(row, 0), BEFORE * own.get(before or 0, 0), AFTER * own.get(after or 0, 0))
                expected[row] += max(shares)
        found = word_hits(ledger.connection, "memories", plain(" ".join(words)), depth=100)
        assert dict(found) == {row: score for row, score in expected.items() if score}
        assert found == sorted(found, key=lambda hit: (-hit[1], hit[0]))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(given_memories=memories)
def test_neighbours_are_of_one_thread_an_hour_apart_at_most(
    given_memories: list[tuple[str, str, str, int, str]],
) -> None:
    threads: dict[tuple[str, str], list[tuple[int, str, int]]] = {}
    for number, (persona, kind, _, when, session) in enumerate(given_memories):
        if kind == "conversation":
            threads.setdefault((persona, session), []).append((when, f"m{number}", number + 1))
    expected: dict[int, tuple[int | None, int | None]] = {}
    for turns in threads.values():
        turns.sort()
        for (when, _, row), (later, _, following) in itertools.pairwise(turns):
            if later - when <= 2:
                expected[row] = expected.get(row, (None, None))[0], following
                expected[following] = row, None
    with remembering(given_memories) as ledger:
        rows = range(1, len(given_memories) + 1)
        assert neighbours(ledger.connection, "memories", rows) == expected
