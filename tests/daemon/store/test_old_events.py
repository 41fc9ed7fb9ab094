"""Tests that the log keeps old arguments packed, and that whoever reads it finds them as they were."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import HealthCheck, given, settings

from pjai_wire import chain
from pjai_wire.envelope import NIL
from pjai_wire.errors import StorageError
from pjai_wire.ids import now_ms
from pjai_wire.methods import EventsParams
from pjaid.errors import StartError
from pjaid.store import old_events
from pjaid.store.old_events import EVENTS_AT_ONCE, pack_old
from pjaid.store.packing import is_packed
from pjaid.store.rebuild import compare_with_log, replace_from_log
from pjaid.store.trail import read_page
from pjaid.store.upgrade import upgrade
from tests.daemon.store.conftest import Ledger, Rows, new_ledger
from tests.daemon.store.test_packed_memories import commit_halves, dictionary, memory, packed
from tests.prose import prose
from tests.strategies import histories

PLENTY = 2**30
LATER = now_ms() + 10**9

History = list[list[tuple[str, dict[str, Any]]]]


@pytest.fixture(autouse=True)
def begun(ledger: Ledger) -> None:
    ledger.commit(("v1.PersonaCreated", {"id": "p1", "name": "Ada"}), memory("m1"), memory("m2"))
    ledger.commit(dictionary(1), packed("m1"), memory("m3"))


def pack_all(connection: apsw.Connection) -> None:
    while pack_old(connection, LATER):
        pass


def trail(connection: apsw.Connection) -> list[tuple[str, bytes]]:
    page = read_page(connection, EventsParams(limit=1_000), PLENTY)
    for event in page.events:
        if event.args != NIL:  # Erased, or withheld.
            assert chain.arguments_hash(bytes(event.args)) == event.args_hash
    return [(event.name, bytes(event.args)) for event in page.events]


def test_old_arguments_are_stored_packed_and_told_as_they_were(ledger: Ledger, rows: Rows) -> None:
    before = trail(ledger.connection)
    stored = rows("SELECT sum(length(args)) FROM events WHERE name = 'v1.MemoryEntityCreated'")[0][0]
    pack_all(ledger.connection)
    now = rows("SELECT sum(length(args)) FROM events WHERE name = 'v1.MemoryEntityCreated'")[0][0]
    assert now < stored / 2
    assert trail(ledger.connection) == before
    names = {name for name, args in rows("SELECT name, args FROM events") if is_packed(args)}
    assert names == {"v1.MemoryEntityCreated"}


def test_the_state_is_made_from_a_packed_log(ledger: Ledger, tmp_path: Path) -> None:
    pack_all(ledger.connection)
    assert compare_with_log(ledger.connection, tmp_path, "aegis").identical
    ledger.connection.execute("DELETE FROM dictionaries")
    ledger.recorder.restore(ledger.recorder.head)
    assert not replace_from_log(ledger.connection, ledger.recorder).identical
    assert compare_with_log(ledger.connection, tmp_path, "aegis").identical


def test_an_older_file_with_a_packed_log_opens(ledger: Ledger, tmp_path: Path) -> None:
    pack_all(ledger.connection)
    ledger.recorder.restore(ledger.recorder.head)
    ledger.connection.pragma("user_version", 1)
    upgrade(ledger.connection)
    assert compare_with_log(ledger.connection, tmp_path, "aegis").identical


def test_an_older_file_with_a_damaged_log_does_not_open_and_stays_as_it_was(
    ledger: Ledger, rows: Rows
) -> None:
    pack_all(ledger.connection)
    ledger.connection.execute("UPDATE events SET args = substr(args, 1, 30) WHERE seq = 2")
    ledger.connection.pragma("user_version", 1)
    with pytest.raises(StartError, match="the arguments of event 2 are damaged") as told:
        upgrade(ledger.connection)
    assert told.value.hint == "restore a backup"
    assert rows("SELECT id FROM memories") == [("m1",), ("m2",), ("m3",)]


def test_recent_events_stay_as_they_are(ledger: Ledger, rows: Rows) -> None:
    last = rows("SELECT max(seq) FROM events")[0][0]
    ledger.connection.execute("UPDATE events SET recorded_at = 5")
    ledger.connection.execute("UPDATE events SET recorded_at = 10 WHERE seq = ?", (last,))
    assert not pack_old(ledger.connection, 10)
    packed_seqs = [seq for seq, args in rows("SELECT seq, args FROM events") if is_packed(args)]
    assert packed_seqs
    assert last not in packed_seqs
    assert not pack_old(ledger.connection, 11)
    assert is_packed(rows("SELECT args FROM events ORDER BY seq DESC LIMIT 1")[0][0])


def test_without_a_dictionary_nothing_is_packed(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with new_ledger(tmp_path / "other") as other:
        other.commit(("v1.PersonaCreated", {"id": "p1", "name": "Ada"}), memory("m1"))
        assert not pack_old(other.connection, LATER)
        other.commit(dictionary(1))
        pack_all(other.connection)
        assert is_packed(other.connection.execute("SELECT args FROM events WHERE seq = 2").get)


def test_each_event_is_looked_at_once(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.commit(*[memory(f"m{number}") for number in range(10, 10 + EVENTS_AT_ONCE)])
    assert pack_old(ledger.connection, LATER)
    pack_all(ledger.connection)
    changes = ledger.connection.total_changes()
    assert not pack_old(ledger.connection, LATER)
    assert ledger.connection.total_changes() == changes


def test_a_batch_is_bounded_by_what_it_packs(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(old_events, "BYTES_AT_ONCE", 500)
    assert pack_old(ledger.connection, LATER)
    reached = ledger.connection.execute("SELECT value FROM meta WHERE name = ?", (old_events.REACHED,)).get
    assert reached < ledger.recorder.head.seq


def test_arguments_that_do_not_shrink_or_were_erased_stay(ledger: Ledger, rows: Rows) -> None:
    ledger.commit(memory("m4", content={"noise": random.Random(1).randbytes(800)}))
    ledger.connection.execute("UPDATE events SET args = NULL WHERE seq = 2")
    last = rows("SELECT args FROM events ORDER BY seq DESC LIMIT 1")
    pack_all(ledger.connection)
    assert rows("SELECT args FROM events ORDER BY seq DESC LIMIT 1") == last
    assert rows("SELECT args FROM events WHERE seq = 2") == [(None,)]


def test_arguments_that_are_larger_than_an_event_can_be_stay_and_those_after_them_are_packed(
    ledger: Ledger, rows: Rows
) -> None:
    commit_halves(ledger, "m4")
    ledger.commit(memory("m5"))
    pack_all(ledger.connection)
    last = [is_packed(args) for (args,) in rows("SELECT args FROM events ORDER BY seq DESC LIMIT 2")]
    assert last == [True, False]


def test_damaged_arguments_are_told_with_the_event(ledger: Ledger) -> None:
    pack_all(ledger.connection)
    ledger.connection.execute("UPDATE events SET args = substr(args, 1, 30) WHERE seq = 2")
    with pytest.raises(StorageError, match="the arguments of event 2 are damaged"):
        read_page(ledger.connection, EventsParams(), PLENTY)
    with pytest.raises(StorageError, match="the arguments of event 2 are damaged"):
        replace_from_log(ledger.connection, ledger.recorder)


def test_a_page_of_the_trail_is_as_large_as_what_it_says(ledger: Ledger) -> None:
    ledger.commit(
        memory("m4", content={"text": "x" * 100_000}), memory("m5", content={"text": "y" * 100_000})
    )
    pack_all(ledger.connection)
    page = read_page(ledger.connection, EventsParams(after=ledger.recorder.head.seq - 2), 150_000)
    assert len(page.events) == 1
    assert page.next is not None


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories)
def test_any_history_is_told_and_made_again_from_a_packed_log(history: History) -> None:
    with tempfile.TemporaryDirectory() as directory, new_ledger(Path(directory)) as ledger:
        ledger.commit(("v1.PersonaCreated", {"id": "p1", "name": "Ada"}), dictionary(1))
        for number, commit in enumerate(history):
            ledger.try_commit(memory(f"m{number}", content=prose(number)), *commit)
            pack_old(ledger.connection, LATER)
        before = trail(ledger.connection)
        pack_all(ledger.connection)
        assert trail(ledger.connection) == before
        assert compare_with_log(ledger.connection, Path(directory), "aegis").identical
        assert replace_from_log(ledger.connection, ledger.recorder).identical
