"""Tests of the query language: what texts ask for, and which of them are wrong."""

from __future__ import annotations

import pytest

from pjai_wire import limits
from pjai_wire.errors import InvalidSearch, LimitExceeded
from pjaid.store.words.question import parse, plain


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("bread", '"bread"'),
        ("bread yeast bread", '("bread" OR "yeast")'),
        ("What is the bread?", '"bread"'),
        ("what is that", '("what" OR "is" OR "that")'),
        ("(bread) [yeast], {rye}: oat!", '("bread" OR "yeast" OR "rye" OR "oat")'),
        ("my mother's bread", '("mother" OR "bread")'),
        ("user_id in std::vector 1.2.3", '("user_id" OR "std::vector" OR ("1.2.3" OR "v1.2.3"))'),
        ("V1.2rc1 since 2 or v3", '(("V1.2rc1" OR "1.2rc1") OR "since" OR "2" OR "v3")'),
        ("getUserName", '("getUserName" OR "get User Name")'),
        ("喜欢面包", '"喜欢 欢面 面包"'),
        ("面", '"面" *'),
        ("\uff42read\uff0crye", '("bread" OR "rye")'),
        ("great 🎉", '("great" OR "u1f389")'),
        ("nul\0byte", '("nul" OR "byte")'),
        ("and or not", '("and" OR "or" OR "not")'),
        ("5 * 3", '("5" OR "3")'),
    ],
)
def test_plain_text_asks_for_any_of_its_words(text: str, expression: str) -> None:
    question = parse(text)
    assert question.expression == expression
    assert question.is_any


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ('"sour dough"', '"sour dough"'),
        ('"sour dough"*', '"sour dough" *'),
        ("ferment*", '"ferment" *'),
        ("bread AND yeast AND rye", '("bread" AND "yeast" AND "rye")'),
        ("bread OR yeast", '("bread" OR "yeast")'),
        ("bread NOT yeast NOT rye", '("bread" NOT ("yeast" OR "rye"))'),
        ("bread AND NOT yeast", '("bread" NOT "yeast")'),
        ("bread yeast AND rye oat", '(("bread" OR "yeast") AND ("rye" OR "oat"))'),
        ("bread AND (rye OR oat)", '("bread" AND ("rye" OR "oat"))'),
        ("a OR b AND c", '("a" OR ("b" AND "c"))'),
        ("this AND bread", '("this" AND "bread")'),
        ("the bread NOT rye", '("bread" NOT "rye")'),
        ('bread ""', '"bread"'),
    ],
)
def test_the_query_language_joins_words(text: str, expression: str) -> None:
    assert parse(text).expression == expression


@pytest.mark.parametrize("text", ["", " \n", "???", "→ — …", '""', "()"])
def test_a_text_without_words_asks_for_nothing(text: str) -> None:
    question = parse(text)
    assert question.whole is None
    assert question.expression == ""
    assert question.terms == ()


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('bread "sour dough', "the one at character 7"),
        ("bread AND", "at the end"),
        ("AND bread", "at character 1"),
        ("NOT bread", "at character 1"),
        ("bread OR OR rye", "at character 10"),
        ('"rye" AND (bread', "at the end"),
        ('"rye" AND bread)', "at character 16"),
        ('"rye" AND ()', "at character 12"),
        ("bread AND ???", "at the end"),
    ],
)
def test_what_is_wrong_in_the_query_language_is_said_without_the_text(text: str, hint: str) -> None:
    with pytest.raises(InvalidSearch) as raised:
        parse(text)
    assert hint in raised.value.hint
    assert "bread" not in str(raised.value)


@pytest.mark.parametrize("text", ['bread "sour', "bread AND", "(NOT *"])
def test_what_is_meant_as_it_stands_is_never_wrong(text: str) -> None:
    assert plain(text).is_any


def test_what_a_row_must_lack_is_not_sought() -> None:
    question = parse("bread NOT (rye NOT oat)")
    assert [term.phrases for term in question.terms] == [("bread",), ("oat",)]
    assert not question.is_any


def test_of_a_long_plain_text_the_first_words_count() -> None:
    words = [f"w{n}" for n in range(limits.SEARCH_WORDS_MAX + 1)]
    for ask in (parse, plain):
        question = ask(" ".join(["w0", *words]))
        assert [term.phrases for term in question.terms] == [(word,) for word in words[:-1]]


def test_words_and_parentheses_have_limits() -> None:
    with pytest.raises(LimitExceeded):
        parse(" OR ".join(f"w{n}" for n in range(limits.SEARCH_WORDS_MAX + 1)))
    deep = limits.SEARCH_DEPTH_MAX + 1
    with pytest.raises(LimitExceeded):
        parse(f"a AND {'(' * deep}b{')' * deep}")
