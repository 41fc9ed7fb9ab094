from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import assert_type

import pytest

import pjai
from pjai import blocking, memories, personas, records, v1
from pjai.testing import Daemon
from pjai_wire.errors import NotFound, NotRunning, TimedOut


@pytest.fixture
def db(daemon: Daemon) -> Iterator[blocking.Database]:
    with blocking.connect(daemon.endpoint, client="blocking tests") as database:
        yield database


def test_records_are_committed_and_asked_for(db: blocking.Database) -> None:
    made = pjai.testing.sample()
    receipt = db.commit(*made.events)
    rows = assert_type(db.query(memories.where(memories.id.in_(made.memories))), list[records.MemoryEntity])
    assert {row.id for row in rows} == set(made.memories)
    assert assert_type(db.get(personas, made.personas[0]), records.Persona | None) is not None
    assert db.first(personas.where(id=made.personas[1])) == db.get(personas, made.personas[1])
    assert db.count(memories.where(memories.id.in_(made.memories))) == len(rows)
    assert db.health().seq >= receipt.seq
    assert db.hello.seq <= receipt.seq
    assert_type(db.query(personas), list[records.Persona])
    assert db.rebuild().identical


def test_pages_are_iterated(db: blocking.Database) -> None:
    made = pjai.testing.sample(memories=5)
    db.commit(*made.events)
    select = memories.where(memories.id.in_(made.memories)).limit(2)
    assert [len(page) for page in db.pages(select)] == [2, 2, 1]


def test_a_live_query_is_iterated(db: blocking.Database) -> None:
    name = pjai.new_id()
    with db.watch(personas.where(name=name), "by name") as live:
        assert next(live) == []
        receipt = db.commit(v1.PersonaCreated(id=pjai.new_id(), name=name))
        for rows in live:
            assert [row.name for row in assert_type(rows, list[records.Persona])] == [name]
            break
        assert live.current == db.query(personas.where(name=name))
        assert live.reached(receipt.seq) == live.seq
        with pytest.raises(TimedOut):
            live.reached(receipt.seq + 1_000, timeout=0.001)
        assert (live.label, bool(live.topic)) == ("by name", True)
    assert list(live) == []


def test_the_trail_is_iterated(db: blocking.Database) -> None:
    receipt = db.commit(v1.UserPreferenceSet(id="theme", value="dark"))
    assert db.events(after=receipt.seq - 1, limit=1).events[0].seq == receipt.seq
    assert next(db.follow_events(after=receipt.seq - 1)).seq == receipt.seq
    assert next(db.audit(after=receipt.seq - 1)).seq == receipt.seq
    assert db.verify().events >= receipt.seq


def test_a_document_is_read_changed_and_watched(db: blocking.Database) -> None:
    document = db.document("window", {"width": 800})
    assert document.get() == {"width": 800}
    with document.watch() as live:
        assert next(live) == {"width": 800}
        assert document.set(height=3) == document.merge({}) == next(live) == live.current


def test_errors_are_the_same(db: blocking.Database) -> None:
    with pytest.raises(NotFound):
        db.commit(v1.PersonaActivated(id="nobody"))
    with pytest.raises(NotRunning), blocking.connect("ipc:///nowhere/requests.sock", wait=0.001):
        pass


def test_an_error_inside_the_block_comes_out_as_it_is(daemon: Daemon) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        blocking.connect(daemon.endpoint) as db,
        db.watch(personas.all()),
    ):
        raise ZeroDivisionError


def test_nothing_is_left_running(daemon: Daemon) -> None:
    before = threading.active_count()
    with blocking.connect(daemon.endpoint):
        assert threading.active_count() > before
    assert threading.active_count() == before


WAITING = """
from pjai import blocking, personas
with blocking.connect() as db, db.watch(personas.where(id="nobody")) as live:
    for rows in live:
        print(rows, flush=True)
"""


def test_ctrl_c_ends_a_wait_cleanly(daemon: Daemon) -> None:
    command = [sys.executable, "-W", "error", "-c", WAITING]
    with subprocess.Popen(
        command, env=daemon.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "[]\n"
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate()
    assert process.returncode == -signal.SIGINT
    assert complaint.splitlines()[-1] == "KeyboardInterrupt"
    assert complaint.count("Traceback") == 1
