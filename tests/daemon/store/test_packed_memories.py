"""Tests that packed contents read as they were given, for every reader, and that the log makes them again."""

from __future__ import annotations

import random
import struct
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec import Raw

from pjai_wire import limits
from pjai_wire.codec import encode
from pjai_wire.errors import AlreadyExists, Conflict, InvalidValue, LimitExceeded, NotFound, StorageError
from pjai_wire.ids import new_id
from pjai_wire.methods import CountParams, GetParams, NewEvent
from pjai_wire.query import Query
from pjai_wire.tables import memories
from pjaid.store import reads
from pjaid.store.explain import explained
from pjaid.store.incoming import incoming
from pjaid.store.packing import Dictionary, is_packed
from pjaid.store.rebuild import compare_with_log, replace_from_log
from pjaid.store.statements import compile_count, compile_get, compile_query, compile_stored_rows
from tests.daemon.store.conftest import ORIGIN, Ledger, Rows, new_ledger
from tests.prose import prose, trained
from tests.strategies import histories

PLENTY = 2**30
WARM = ("m1", "m2", "m3")

HALVES = 300_000
"""Numbers that come in less than an event may have, and are stored in more."""

History = list[list[tuple[str, dict[str, Any]]]]


def dictionary(version: int, seed: int = 0) -> tuple[str, dict[str, Any]]:
    return "v1.DictionaryTrained", {
        "id": f"d{version}",
        "version": version,
        "data": trained(seed),
        "samples": 300,
        "saved": 0.6,
        "reason": "first",
    }


def memory(row_id: str, **fields: Any) -> tuple[str, dict[str, Any]]:
    given_fields = {"type": "event", "name": row_id, "content": prose(int(row_id[1:])), "memoryTier": "warm"}
    return "v1.MemoryEntityCreated", {"id": row_id, "personaId": "p1", **given_fields, **fields}


def packed(*ids: str, version: int = 1) -> tuple[str, dict[str, Any]]:
    return "v1.MemoriesPacked", {"id": "p1", "ids": ids, "dictionary": version, "reason": "seldom_read"}


def left_plain(*ids: str) -> tuple[str, dict[str, Any]]:
    return "v1.MemoriesLeftPlain", {"id": "p1", "ids": ids, "dictionary": 1, "reason": "would_not_shrink"}


BEGINNING = [
    ("v1.PersonaCreated", {"id": "p1", "name": "Ada"}),
    dictionary(1),
    *map(memory, WARM),
]


@pytest.fixture(autouse=True)
def begun(ledger: Ledger) -> None:
    ledger.commit(*BEGINNING)


def contents(ledger: Ledger, **asked: Any) -> list[Any]:
    """The contents that a query answers."""
    statement = compile_query(Query(table="memories", select=("id", "content"), **asked))
    return [bytes(row[1]) for row in reads.rows(ledger.connection, statement, PLENTY)]


def stored(ledger: Ledger, row_id: str) -> bytes:
    value: bytes = ledger.connection.execute("SELECT content FROM memories WHERE id = ?", (row_id,)).get
    return value


def test_a_packed_content_is_stored_in_less_than_half_and_read_as_it_was(ledger: Ledger) -> None:
    before = {row_id: stored(ledger, row_id) for row_id in WARM}
    ledger.commit(packed(*WARM))
    for row_id, plain in before.items():
        assert is_packed(stored(ledger, row_id))
        assert len(stored(ledger, row_id)) < len(plain) / 2
    assert contents(ledger) == [encode(prose(1)), encode(prose(2)), encode(prose(3))] == list(before.values())


def test_a_packed_memory_says_so_and_has_not_changed(ledger: Ledger, rows: Rows) -> None:
    before = rows("SELECT version, updated_at FROM memories")
    ledger.commit(packed("m1"))
    applied = rows("SELECT id, compression_applied, compression_dictionary FROM memories ORDER BY id")
    assert applied == [("m1", 1, 1), ("m2", 0, None), ("m3", 0, None)]
    assert rows("SELECT version, updated_at FROM memories") == before


def test_every_way_to_read_rows_gives_plain_values(ledger: Ledger) -> None:
    ledger.commit(packed("m1"))
    query = Query(table="memories", limit=1)
    (row,) = reads.rows(ledger.connection, compile_query(query), PLENTY)
    assert bytes(row[4]) == encode(prose(1))
    (row,) = reads.rows(ledger.connection, compile_get(GetParams(table="memories", id="m1")), PLENTY)
    assert bytes(row[4]) == encode(prose(1))
    (row,) = reads.run_raw(ledger.connection, compile_stored_rows(query, memories.columns), PLENTY).rows
    assert row[4] == encode(prose(1))
    without = compile_stored_rows(query, [memories.id])
    (row,) = reads.run_raw(ledger.connection, without, PLENTY).rows
    assert row[4] is None


def test_materializers_read_plain_values(ledger: Ledger) -> None:
    ledger.commit(packed("m1"))
    (found,) = ledger.recorder._read(memories.where(id="m1"))
    assert found.content == prose(1)


def test_an_answer_is_as_large_as_what_it_says(ledger: Ledger) -> None:
    ledger.commit(memory("m4", content={"text": "x" * 1_000_000}), packed("m4"))
    assert len(stored(ledger, "m4")) < 1_000
    statement = compile_query(Query(table="memories", where=(("id", "=", "m4"),)))
    with pytest.raises(LimitExceeded, match="larger than 500000 bytes"):
        reads.run(ledger.connection, statement, 500_000)
    with pytest.raises(LimitExceeded, match="larger than 500000 bytes"):
        reads.run_raw(ledger.connection, statement, 500_000)


def test_a_content_that_does_not_shrink_is_stored_plain_and_counts_as_packed(ledger: Ledger) -> None:
    noise = {"noise": random.Random(1).randbytes(500)}
    ledger.commit(memory("m4", content=noise), packed("m4"))
    assert stored(ledger, "m4") == encode(noise)
    assert contents(ledger, where=(("compressionApplied", "=", True),)) == [encode(noise)]


def commit_halves(ledger: Ledger, row_id: str) -> None:
    """Commits a memory of numbers in four bytes each, as some clients send them; they are stored in eight."""
    halves = b"\xdd" + HALVES.to_bytes(4) + (b"\xca" + struct.pack(">f", 0.5)) * HALVES
    name, values = memory(row_id, content={"halves": None})
    begin, nil = encode({"halves": None})[:-1], encode(None)
    args = encode(values).replace(begin + nil, begin + halves)
    new = NewEvent(id=new_id(), name=name, args=Raw(args))
    ledger.recorder.commit(incoming((new,)), ORIGIN)


def test_a_content_that_is_larger_than_an_event_can_be_stays_plain_and_is_read(ledger: Ledger) -> None:
    commit_halves(ledger, "m4")
    plain = stored(ledger, "m4")
    assert len(plain) > limits.EVENT_BYTES_MAX
    ledger.commit(packed("m4"))
    assert contents(ledger, where=(("id", "=", "m4"),)) == [plain] == [encode({"halves": [0.5] * HALVES})]


def test_a_short_content_is_not_to_be_packed(ledger: Ledger, rows: Rows) -> None:
    ledger.commit(memory("m4", content={}), ("v1.MemoryEntityUpdated", {"id": "m3", "content": {"a": 1}}))
    ledger.commit(("v1.MemoryPinned", {"id": "m4"}))
    assert rows("SELECT id FROM memories WHERE compression_dictionary = 0") == [("m3",), ("m4",)]
    with pytest.raises(Conflict):
        ledger.commit(packed("m3"))


def test_a_new_content_is_plain(ledger: Ledger, rows: Rows) -> None:
    ledger.commit(packed(*WARM))
    ledger.commit(("v1.MemoryEntityUpdated", {"id": "m1", "content": prose(8)}))
    ledger.commit(("v2.MemoryEntityUpdated", {"id": "m2", "content": prose(9), "version": 2}))
    ledger.commit(("v1.MemoryEntityUpdated", {"id": "m3", "importance": 9}))
    assert [is_packed(stored(ledger, row_id)) for row_id in WARM] == [False, False, True]
    applied = rows("SELECT compression_applied, compression_dictionary FROM memories ORDER BY id")
    assert applied == [(0, None), (0, None), (1, 1)]
    assert contents(ledger) == [encode(prose(8)), encode(prose(9)), encode(prose(3))]


@pytest.mark.parametrize(
    "warming",
    [
        ("v1.MemoryEntityUpdated", {"id": "m1", "memoryTier": "hot"}),
        ("v2.MemoryEntityUpdated", {"id": "m1", "memoryTier": "hot", "version": 2}),
        ("v1.MemoryPinned", {"id": "m1"}),
        ("v1.MemoriesTiered", {"id": "p1", "ids": ["m1"], "tier": "hot", "reason": "frequent"}),
    ],
)
def test_what_becomes_hot_is_plain(ledger: Ledger, rows: Rows, warming: tuple[str, dict[str, Any]]) -> None:
    ledger.commit(packed("m1", "m2"))
    ledger.commit(warming)
    assert stored(ledger, "m1") == encode(prose(1))
    assert is_packed(stored(ledger, "m2"))
    applied = rows("SELECT compression_applied, compression_dictionary FROM memories ORDER BY id")
    assert applied == [(0, None), (1, 1), (0, None)]


def test_what_becomes_cold_stays_packed(ledger: Ledger) -> None:
    ledger.commit(packed("m1"))
    reason = {"tier": "cold", "reason": "old_and_unimportant"}
    ledger.commit(("v1.MemoriesTiered", {"id": "p1", "ids": ["m1"], **reason}))
    assert is_packed(stored(ledger, "m1"))


def test_what_was_left_plain_is_known_until_its_content_changes(ledger: Ledger, rows: Rows) -> None:
    ledger.commit(left_plain("m1", "m2"))
    ledger.commit(("v1.MemoryEntityUpdated", {"id": "m2", "content": prose(9)}))
    applied = rows("SELECT compression_applied, compression_dictionary FROM memories ORDER BY id")
    assert applied == [(0, 1), (0, None), (0, None)]
    with pytest.raises(Conflict):
        ledger.commit(packed("m1"))


@pytest.mark.parametrize("which", [packed, left_plain])
def test_only_untried_memories_of_the_persona_that_are_not_hot_are_packed(ledger: Ledger, which: Any) -> None:
    ledger.commit(
        ("v1.PersonaCreated", {"id": "p2", "name": "Bo"}),
        memory("m4", memoryTier="hot"),
        memory("m5", personaId="p2"),
        memory("m6"),
        ("v1.MemoryEntityDeleted", {"id": "m6"}),
        packed("m3"),
    )
    for row_id in ("m3", "m4", "m5", "m6", "m7"):
        with pytest.raises(Conflict):
            ledger.commit(which("m1", row_id))
    ledger.commit(which("m1", "m2"))


def test_only_a_known_dictionary_is_used(ledger: Ledger) -> None:
    with pytest.raises(NotFound, match="no dictionary"):
        ledger.commit(packed("m1", version=2))


def test_a_dictionary_needs_a_version_and_an_id_of_its_own_and_true_data(ledger: Ledger) -> None:
    name, values = dictionary(1)
    with pytest.raises(Conflict, match="has this version"):
        ledger.commit((name, {**values, "id": "other"}))
    with pytest.raises(AlreadyExists):
        ledger.commit((name, {**values, "version": 2}))
    with pytest.raises(InvalidValue, match="not a dictionary"):
        ledger.commit((name, {**values, "id": "other", "version": 2, "data": b"bread " * 50}))


def test_each_dictionary_stays_with_what_was_packed_with_it(ledger: Ledger) -> None:
    ledger.commit(packed("m1"))
    ledger.commit(dictionary(2, seed=1), packed("m2", version=2))
    assert contents(ledger) == [encode(prose(number)) for number in (1, 2, 3)]


def test_a_dictionary_that_was_rolled_back_is_forgotten(ledger: Ledger) -> None:
    with pytest.raises(Conflict):
        ledger.commit(dictionary(2, seed=0), packed("m1", version=2), packed("m1", version=2))
    ledger.commit(dictionary(2, seed=1), packed("m1", version=2))
    assert Dictionary(2, trained(1)).unpack(stored(ledger, "m1")) == encode(prose(1))


def test_a_damaged_content_is_told_with_the_id_and_mended_from_the_log(
    ledger: Ledger, tmp_path: Path
) -> None:
    ledger.commit(packed(*WARM))
    ledger.connection.execute("UPDATE memories SET content = substr(content, 1, 20) WHERE id = 'm2'")
    with pytest.raises(StorageError, match="the memory m2 is damaged") as told:
        contents(ledger)
    assert "rebuild" in told.value.hint
    statement = compile_query(Query(table="memories", select=("content",)))
    with pytest.raises(StorageError, match="of a memory is damaged"):
        reads.rows(ledger.connection, statement, PLENTY)
    assert contents(ledger, where=(("id", "!=", "m2"),)) == [encode(prose(1)), encode(prose(3))]
    compared = compare_with_log(ledger.connection, tmp_path, "aegis")
    assert compared.tables["memories"].differences == 1
    replace_from_log(ledger.connection, ledger.recorder)
    assert contents(ledger) == [encode(prose(number)) for number in (1, 2, 3)]


def test_a_content_whose_dictionary_is_missing_is_told_with_the_id(ledger: Ledger) -> None:
    ledger.commit(packed("m1"))
    ledger.connection.execute("DELETE FROM dictionaries")
    ledger.recorder.restore(ledger.recorder.head)
    with pytest.raises(StorageError, match="the memory m1 is damaged: its dictionary is missing"):
        contents(ledger)


def test_without_the_dictionary_s_event_the_log_makes_the_contents_plain(
    ledger: Ledger, tmp_path: Path
) -> None:
    ledger.commit(packed(*WARM))
    ledger.connection.execute("UPDATE events SET args = NULL WHERE name = 'v1.DictionaryTrained'")
    assert compare_with_log(ledger.connection, tmp_path, "aegis").tables["memories"].differences == 0
    replace_from_log(ledger.connection, ledger.recorder)
    assert [stored(ledger, row_id) for row_id in WARM] == [encode(prose(number)) for number in (1, 2, 3)]


def test_a_damaged_memory_can_be_changed_and_become_hot(ledger: Ledger) -> None:
    ledger.commit(packed("m1", "m2"))
    ledger.connection.execute("UPDATE memories SET content = substr(content, 1, 20)")
    ledger.commit(("v1.MemoryEntityUpdated", {"id": "m1", "content": prose(8)}))
    ledger.commit(("v1.MemoryPinned", {"id": "m2"}))
    assert contents(ledger, where=(("id", "=", "m1"),)) == [encode(prose(8))]


def test_the_log_makes_the_same_state_however_values_are_packed(
    ledger: Ledger, rows: Rows, tmp_path: Path
) -> None:
    ledger.commit(packed(*WARM))
    ledger.connection.execute("UPDATE memories SET content = ? WHERE id = 'm2'", (encode(prose(2)),))
    assert compare_with_log(ledger.connection, tmp_path, "aegis").identical
    assert replace_from_log(ledger.connection, ledger.recorder).identical
    assert is_packed(stored(ledger, "m2"))


def test_a_changed_content_is_found_under_the_packing(ledger: Ledger, tmp_path: Path) -> None:
    ledger.commit(packed(*WARM))
    other = Dictionary(1, trained()).pack(encode(prose(9)))
    ledger.connection.execute("UPDATE memories SET content = ? WHERE id = 'm2'", (other,))
    assert compare_with_log(ledger.connection, tmp_path, "aegis").tables["memories"].differences == 1


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories)
def test_any_history_in_which_contents_are_packed_reads_the_same_and_is_made_again(history: History) -> None:
    with (
        tempfile.TemporaryDirectory() as one,
        tempfile.TemporaryDirectory() as other,
        new_ledger(Path(one)) as ledger,
        new_ledger(Path(other)) as plain,
    ):
        for both in (ledger, plain):
            both.commit(*BEGINNING)
        for commit in history:
            for row_id in (*WARM, "m4", "m5"):
                ledger.try_commit(packed(row_id))
            if ledger.try_commit(*commit):
                plain.try_commit(*commit)
        assert contents(ledger) == contents(plain)
        compared = compare_with_log(ledger.connection, Path(one), "aegis")
        assert compared.identical, compared.tables
        assert replace_from_log(ledger.connection, ledger.recorder).identical


def test_what_nobody_tried_is_found_by_an_index(ledger: Ledger) -> None:
    where = (memories.memory_tier != "hot", memories.compression_dictionary.is_null())
    query = Query(table="memories", where=where, select=("id", "content"), limit=10)
    assert explained(ledger.connection, compile_query(query)).indexes == ("memories_to_pack",)
    count = compile_count(CountParams(table="memories", where=where))
    assert explained(ledger.connection, count).indexes == ("memories_to_pack",)
