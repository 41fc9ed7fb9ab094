"""Owns what the tests of the search by words share: memories that are soon made, and searches of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pjaid.store.words.filters import compile_filter
from pjaid.store.words.hits import word_hits
from pjaid.store.words.question import parse
from tests.daemon.store.conftest import Ledger

Remember = Callable[..., None]
Find = Callable[..., list[str]]


@pytest.fixture
def remember(ledger: Ledger, persona: str) -> Remember:
    """Commits a memory whose content is a text, of the persona unless it is said to be another's."""

    def remembered(memory_id: str, text: str, **more: Any) -> None:
        args = {
            "id": memory_id,
            "personaId": persona,
            "type": "concept",
            "name": "-",
            "content": {"text": text},
        }
        ledger.commit(("v1.MemoryEntityCreated", args | more))

    return remembered


@pytest.fixture
def find(ledger: Ledger) -> Find:
    """The ids that a text finds in a table, the best first."""

    def found(text: str, table: str = "memories", *where: Any, depth: int = 10, **more: Any) -> list[str]:
        rows = compile_filter(table, where)
        hits = word_hits(ledger.connection, table, parse(text), rows, depth=depth, **more)
        sql = f"SELECT id FROM {table} WHERE rowid = ?"
        return [ledger.connection.execute(sql, (row,)).get for row, _ in hits]

    return found
