"""Tests that the index of words holds what the rows say, whatever became of them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import HealthCheck, given, settings

from pjai_wire.codec import encode
from pjaid.store.rebuild import replace_from_log
from pjaid.store.words import keeping
from pjaid.store.words.index import INDEXED
from pjaid.store.words.keeping import DUE
from tests.daemon.store.conftest import Ledger, Rows, new_ledger
from tests.daemon.store.words.conftest import Find, Remember
from tests.prose import prose, trained
from tests.strategies import histories

History = list[list[tuple[str, dict[str, Any]]]]
Words = dict[str, set[tuple[Any, ...]]]

DICTIONARY = {"id": "d1", "version": 1, "data": trained(0), "samples": 9, "saved": 0.5, "reason": "first"}


def words_of(connection: apsw.Connection) -> Words:
    """Every word that the indexes hold: of which row and column it is, and where it stands there."""
    held: Words = {}
    for one in INDEXED.values():
        connection.execute(f"CREATE VIRTUAL TABLE temp.held USING fts5vocab(main, {one.name}, instance)")
        held[one.name] = set(connection.execute("SELECT * FROM temp.held").fetchall())
        connection.execute("DROP TABLE temp.held")
    return held


def fresh_words(connection: apsw.Connection) -> Words:
    """What the indexes would hold, were they made now."""
    keeping.remove(connection)
    keeping.make(connection)
    return words_of(connection)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories)
def test_after_any_history_the_index_is_as_if_it_were_made_of_the_rows(history: History) -> None:
    with tempfile.TemporaryDirectory() as directory, new_ledger(Path(directory)) as ledger:
        for commit in history:
            ledger.try_commit(*commit)
        held = words_of(ledger.connection)
        assert ledger.connection.execute(f"SELECT count(*) FROM {DUE}").get == 0
        assert held == fresh_words(ledger.connection)
        replace_from_log(ledger.connection, ledger.recorder)
        assert held == words_of(ledger.connection)


def test_a_change_of_texts_is_followed(ledger: Ledger, remember: Remember, find: Find) -> None:
    remember("m", "sourdough", name="bread")
    ledger.commit(("v1.MemoryEntityUpdated", {"id": "m", "content": {"text": "yeast"}}))
    assert (find("sourdough"), find("yeast"), find("bread")) == ([], ["m"], ["m"])
    ledger.commit(("v1.MemoryEntityDeleted", {"id": "m"}))
    assert find("bread") == []


def test_a_row_number_that_is_used_again_is_the_new_row_s(
    ledger: Ledger, remember: Remember, find: Find
) -> None:
    remember("m", "yeast")
    columns = ", ".join(
        column.python_name for column in INDEXED["memories"].table.columns if column.name != "id"
    )
    ledger.connection.execute(f"CREATE TEMP TABLE kept AS SELECT {columns} FROM memories")
    ledger.connection.execute("DELETE FROM memories")
    ledger.connection.execute(f"INSERT INTO memories (id, {columns}) SELECT 'n', {columns} FROM kept")
    ledger.connection.execute("UPDATE memories SET name = 'bread'")
    keeping.catch_up(ledger.connection)
    assert (find("yeast"), find("bread")) == (["n"], ["n"])
    assert words_of(ledger.connection) == fresh_words(ledger.connection)


def test_what_is_rolled_back_is_not_found(ledger: Ledger, remember: Remember, find: Find) -> None:
    remember("m", "yeast")
    ledger.connection.execute("SAVEPOINT outer")
    remember("gone", "yeast")
    ledger.commit(("v1.MemoryEntityUpdated", {"id": "m", "content": {"text": "bread"}}))
    ledger.connection.execute("ROLLBACK TO outer")
    ledger.connection.execute("RELEASE outer")
    assert (find("yeast"), find("bread")) == (["m"], [])


def test_packing_and_unpacking_touch_no_index(
    ledger: Ledger, remember: Remember, find: Find, rows: Rows
) -> None:
    ledger.commit(("v1.DictionaryTrained", DICTIONARY))
    remember("m", "", content=prose(1), memoryTier="cold")
    before = words_of(ledger.connection)
    blocks = rows("SELECT * FROM memories_words_data")
    ids = {"id": "ada", "ids": ["m"]}
    ledger.commit(("v1.MemoriesPacked", ids | {"dictionary": 1, "reason": "seldom_read"}))
    assert rows("SELECT compression_applied FROM memories") == [(1,)]
    ledger.commit(("v1.MemoryPinned", {"id": "m"}))
    assert rows("SELECT compression_applied FROM memories") == [(0,)]
    assert rows("SELECT * FROM memories_words_data") == blocks
    assert words_of(ledger.connection) == before


def test_a_packed_content_is_indexed_as_it_was_given(ledger: Ledger, remember: Remember) -> None:
    ledger.commit(("v1.DictionaryTrained", DICTIONARY))
    remember("m", "", content=prose(1), memoryTier="cold")
    before = words_of(ledger.connection)
    packing = {"id": "ada", "ids": ["m"], "dictionary": 1, "reason": "seldom_read"}
    ledger.commit(("v1.MemoriesPacked", packing))
    ledger.commit(("v1.MemoryEntityUpdated", {"id": "m", "importance": 3}))
    assert words_of(ledger.connection) == fresh_words(ledger.connection) == before
    ledger.commit(("v1.MemoryEntityUpdated", {"id": "m", "name": "other"}))
    assert words_of(ledger.connection) == fresh_words(ledger.connection) != before


@pytest.mark.parametrize("content", [b"\xc1", encode({"text": "yeast"})[:-2], b"\xc7\x05\x5a\x00\x01abc"])
def test_a_damaged_content_has_no_words_and_can_be_changed(
    content: bytes, ledger: Ledger, remember: Remember, find: Find
) -> None:
    remember("m", "yeast", name="bread")
    ledger.connection.execute("UPDATE memories SET content = ?", (content,))
    keeping.catch_up(ledger.connection)
    assert (find("yeast"), find("bread")) == ([], ["m"])
    ledger.commit(("v1.MemoryEntityUpdated", {"id": "m", "content": {"text": "rye"}}))
    assert find("rye") == ["m"]


def test_what_nobody_caught_up_with_is_indexed_by_the_next_who_does(
    ledger: Ledger, remember: Remember, find: Find
) -> None:
    remember("m", "yeast")
    ledger.connection.execute("UPDATE memories SET name = 'bread'")
    assert find("bread") == []
    remember("other", "-")
    assert find("bread") == ["m"]


def test_what_commits_add_one_by_one_is_merged_a_little_at_a_time(
    ledger: Ledger, remember: Remember, find: Find, rows: Rows
) -> None:
    def parts() -> int:
        return len(rows("SELECT DISTINCT segid FROM memories_words_idx"))

    for number in range(12):
        remember(f"m{number}", f"bread {number}")
    held = words_of(ledger.connection)
    assert parts() == 12
    steps = 1
    while keeping.merge(ledger.connection):
        steps += 1
    assert steps > 1
    assert parts() < 4
    assert words_of(ledger.connection) == held
    assert find("bread 7")[0] == "m7"


def test_an_index_that_is_made_of_rows_has_nothing_to_merge(ledger: Ledger, remember: Remember) -> None:
    for number in range(20):
        remember(f"m{number}", f"bread {number}")
    keeping.remove(ledger.connection)
    keeping.make(ledger.connection)
    assert not keeping.merge(ledger.connection)
