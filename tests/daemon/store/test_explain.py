"""Tests that a statement's plan is told as SQLite has it, with the indexes by their names."""

from __future__ import annotations

import pytest

from pjai_wire.methods import GetParams
from pjai_wire.select import Select, either
from pjai_wire.tables import memories, memory_links, personas
from pjaid.store.explain import PRIMARY_KEY, explained
from pjaid.store.statements import compile_get, compile_query
from tests.daemon.store.conftest import Ledger


@pytest.mark.parametrize(
    ("asked", "indexes"),
    [
        (memories.where(persona_id="ada", type="concept"), ("memories_by_type",)),
        (memories.where(persona_id="ada").order_by("importance"), ("memories_by_importance",)),
        (memories.where(name="Rye"), (PRIMARY_KEY,)),
        (memories.where(name="Rye").order_by("summary"), ()),
        (personas.where(id="ada"), (PRIMARY_KEY,)),
        (personas.select("is_active").where(is_active=True), ("personas_by_use",)),
    ],
)
def test_the_indexes_that_a_query_uses_are_named(
    ledger: Ledger, asked: Select[object], indexes: tuple[str, ...]
) -> None:
    statement = compile_query(asked.query)
    found = explained(ledger.connection, statement)
    assert found.indexes == indexes
    assert found.sql == statement.sql


def test_a_row_by_its_id_is_found_by_the_primary_key(ledger: Ledger) -> None:
    found = explained(ledger.connection, compile_get(GetParams(table="personas", id="ada")))
    assert found.plan == ("SEARCH personas USING INDEX sqlite_autoindex_personas_1 (id=?)",)
    assert found.indexes == (PRIMARY_KEY,)


def test_steps_within_a_step_are_indented(ledger: Ledger) -> None:
    asked = memory_links.where(either(memory_links.from_id == "a", memory_links.to_id == "a"))
    found = explained(ledger.connection, compile_query(asked.query))
    assert found.plan == (
        "MULTI-INDEX OR",
        "  INDEX 1",
        "    SEARCH memory_links USING INDEX memory_links_by_from (from_id=?)",
        "  INDEX 2",
        "    SEARCH memory_links USING INDEX memory_links_by_to (to_id=?)",
        "USE TEMP B-TREE FOR ORDER BY",
    )
    assert found.indexes == ("memory_links_by_from", "memory_links_by_to")


def test_no_value_of_a_query_is_told(ledger: Ledger) -> None:
    asked = memories.where(memories.name.contains("MARKER"), persona_id="MARKER")
    assert "MARKER" not in repr(explained(ledger.connection, compile_query(asked.query)))
