"""Tests of the search for a part of a text as it stands."""

from __future__ import annotations

import pytest

from pjaid.store.words.filters import compile_filter
from pjaid.store.words.substring import substring_hits
from tests.daemon.store.conftest import Ledger
from tests.daemon.store.words.conftest import Remember


def found(ledger: Ledger, text: str, *where: tuple[str, str, object], depth: int = 10) -> list[str]:
    rows = compile_filter("memories", where)  # type: ignore[arg-type]  # any operator
    hits = substring_hits(ledger.connection, "memories", text, rows, depth=depth)
    return [
        ledger.connection.execute("SELECT id FROM memories WHERE rowid = ?", (row,)).get for row, _ in hits
    ]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("The sourdough rises", "dough RI"),
        ("Crème brûlée", "ME BRU"),
        ("creme", "è"),
        ("die Straße", "SS"),
        ("我喜欢吃面包", "欢吃"),
        ("100 % (of it)", "0 % ("),
        ('a "quoted" one', '"quo'),
        ("well 🎉", "🎉"),
        ("nul\0byte", "l\0b"),
    ],
)
def test_any_part_is_found_without_regard_to_case_and_diacritics(
    text: str, part: str, ledger: Ledger, remember: Remember
) -> None:
    remember("other", "-")
    remember("m", text)
    assert found(ledger, part) == ["m"]


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
