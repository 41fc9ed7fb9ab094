"""Tests of the search for a part of a text as it stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pjaid.store.words.filters import compile_filter
from pjaid.store.words.fragments import LEAD_CHARACTERS, fragment
from pjaid.store.words.passages import PART_CHARACTERS, PASSAGE_CHARACTERS_MAX
from pjaid.store.words.snippets import substring_snippets
from pjaid.store.words.substring import substring_hits
from pjaid.store.words.texts import folded
from tests.daemon.store.conftest import Ledger
from tests.daemon.store.words.conftest import Remember


def found(ledger: Ledger, text: str, *where: tuple[str, str, object], depth: int = 10) -> list[str]:
    rows = compile_filter("memories", where)  # type: ignore[arg-type]  # any operator
    hits = substring_hits(ledger.connection, "memories", text, rows, depth=depth)
    return [
        ledger.connection.execute("SELECT id FROM memories WHERE rowid = ?", (row,)).get for row, _ in hits
    ]


def shown(ledger: Ledger, part: str) -> str:
    """The snippet of the only memory, with matches in brackets."""
    ((_, parts),) = substring_snippets(ledger.connection, "memories", part, [1]).items()
    return "".join(f"[{piece}]" if at % 2 else piece for at, piece in enumerate(parts))


@pytest.mark.parametrize(
    ("text", "part", "snippet"),
    [
        ("The sourdough rises", "dough RI", "The sour[dough ri]ses"),
        ("Crème brûlée", "ME BRU", "Crè[me brû]lée"),
        ("Cre\u0300me bru\u0302le\u0301e", "cre", "[Cre\u0300]me bru\u0302le\u0301e"),
        ("cafe\u0301", "fé", "ca[fe\u0301]"),
        ("creme", "è", "cr[e]m[e]"),
        ("die Straße", "SS", "die Stra[ß]e"),
        ("die Straße", "SE", "die Stra[ße]"),
        ("我喜欢吃面包", "欢吃", "我喜[欢吃]面包"),
        ("100 % (of it)", "0 % (", "10[0 % (]of it)"),
        ("C++ and C#", "++", "C[++] and C#"),
        ("banana", "an", "b[anan]a"),
        ('a "quoted" one', '"quo', 'a ["quo]ted" one'),
        ("well 🎉", "🎉", "well [🎉]"),
        ("nul\0byte", "l\0b", "nu[l\0b]yte"),
    ],
)
def test_any_part_is_found_and_marked_without_regard_to_case_and_diacritics(
    text: str, part: str, snippet: str, ledger: Ledger, remember: Remember
) -> None:
    remember("m", text)
    remember("other", "-")
    assert found(ledger, part) == ["m"]
    assert shown(ledger, part) == snippet


@pytest.mark.parametrize("filler", ["word ", "x", "面包", "Crème ", "ﬃ e\u0301"])
def test_of_a_long_text_what_is_around_the_part_is_shown(
    filler: str, ledger: Ledger, remember: Remember
) -> None:
    remember("m", filler * (3 * PART_CHARACTERS // len(filler)) + "the sourdough starter " + filler * 400)
    snippet = shown(ledger, "rdough sta")
    assert "sou[rdough sta]rter" in snippet
    assert snippet.startswith("…")
    assert snippet.endswith("…")
    assert len(snippet) <= PASSAGE_CHARACTERS_MAX + len("[]……")


def test_a_part_that_is_longer_than_a_passage_is_marked_as_far_as_it_is_shown(
    ledger: Ledger, remember: Remember
) -> None:
    remember("m", "before " + "é" * 1_000)
    assert shown(ledger, "E" * 900) == f"before [{'é' * (PASSAGE_CHARACTERS_MAX - len('before '))}]…"


def test_the_column_that_has_the_part_is_shown(ledger: Ledger, remember: Remember) -> None:
    remember("m", "bread", name="oats", tags=["kitchen"])
    assert shown(ledger, "itche") == "k[itche]n"
    assert shown(ledger, "oat") == "[oat]s"
    assert shown(ledger, "rye") == "bread"


@given(st.text(alphabet="aAéßﬃΣς\u0301\u0323 語한", max_size=LEAD_CHARACTERS), st.data())
def test_any_part_of_any_text_is_marked(text: str, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(text)))
    sought = folded(text[begin : data.draw(st.integers(begin, len(text)))])
    parts, terms = fragment(text, sought)
    assert "".join(parts) == text
    assert terms == bool(sought)
    assert all(sought in folded(part) for part in parts[1::2])
    assert not sought or all(sought not in folded(part) for part in parts[::2])


def test_nothing_is_a_part_of_no_text(ledger: Ledger, remember: Remember) -> None:
    remember("m", "sourdough")
    assert found(ledger, "") == found(ledger, "%") == []


def test_weighty_columns_come_first_and_then_what_is_new(ledger: Ledger, remember: Remember) -> None:
    remember("summary", "-", summary="sourdough")
    remember("old", "sourdough")
    remember("new", "sourdough")
    remember("tags", "-", tags=["sourdough"])
    assert found(ledger, "dough") == ["tags", "summary", "new", "old"]
    assert found(ledger, "dough", depth=1) == ["tags"]


def test_filters_and_deletions_hold(ledger: Ledger, remember: Remember) -> None:
    ledger.commit(("v1.PersonaCreated", {"id": "bo", "name": "Bo"}))
    remember("mine", "sourdough", importance=9)
    remember("theirs", "sourdough", personaId="bo")
    remember("gone", "sourdough")
    ledger.commit(("v1.MemoryEntityDeleted", {"id": "gone"}))
    assert found(ledger, "dough") == ["theirs", "mine"]
    assert found(ledger, "dough", ("personaId", "=", "bo")) == ["theirs"]
    assert found(ledger, "dough", ("importance", "<", 10)) == ["mine"]
