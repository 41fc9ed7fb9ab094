"""`pjai actors`: which actors the daemon keeps running, and beginning one of them again."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from msgspec import convert

import pjai
import tests.notes_actor
from pjai import blocking
from pjai.testing import Daemon
from pjai_wire.errors import ActorFailed
from pjai_wire.methods import ActorInfo, ActorsResult, Method, Scope
from tests.client.cli.shell import Shell
from tests.installing import install, make_known
from tests.notes_actor import TotalParams, TotalResult

TOTAL = Method("notes.total", TotalParams, TotalResult, needs=Scope.READ)
ADA = TotalParams(persona_id="ada")


@pytest.fixture
def db(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[blocking.Database]:
    """A daemon whose actor is up, and which the shell asks."""
    install(tmp_path, tests.notes_actor)
    make_known(tmp_path, monkeypatch)
    with pjai.testing.daemon(actors="notes") as running, blocking.connect(running.endpoint) as database:
        monkeypatch.setenv("PJAI_ENDPOINT", running.endpoint)
        assert database.call(TOTAL, ADA) == TotalResult(total=0)
        yield database


def told_of(shell: Shell) -> ActorInfo:
    (one,) = convert(shell("actors", "--json").document, ActorsResult).actors
    return one


def test_actors_tells_programs_of_each(shell: Shell, db: blocking.Database) -> None:
    told = told_of(shell)
    (known,) = db.actors().actors
    assert (told.name, told.state, told.pid, told.methods) == ("notes", "up", known.pid, ("notes.total",))


def test_actors_shows_people_one_a_row(shell: Shell, db: blocking.Database) -> None:
    (row,) = shell("actors").table
    assert row.pop("memory").endswith(" MB")
    assert row == {
        "name": "notes",
        "pid": str(db.actors().actors[0].pid),
        "state": "up",
        "restarts": "0",
        "queue": "0",
        "calls": "0",
        "last error": "",
    }


def test_restart_begins_an_actor_again(shell: Shell, db: blocking.Database) -> None:
    before = told_of(shell)
    assert shell("actors", "restart", "notes").out == "notes is starting again\n"
    assert db.call(TOTAL, ADA) == TotalResult(total=0)
    after = told_of(shell)
    assert (after.restarts, after.last_error) == (1, "")
    assert after.pid != before.pid


def test_restart_answers_programs_with_an_empty_document(shell: Shell, db: blocking.Database) -> None:
    assert shell("actors", "restart", "notes", "--json").document == {}
    assert db.call(TOTAL, ADA) == TotalResult(total=0)


def test_why_an_actor_fell_is_shown(shell: Shell, db: blocking.Database) -> None:
    pid = told_of(shell).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    with suppress(ActorFailed):
        db.call(TOTAL, ADA)
    assert db.call(TOTAL, ADA) == TotalResult(total=0)
    (row,) = shell("actors").table
    assert row["last error"] == "exit -9"


def test_an_unknown_actor_is_told_with_those_that_there_are(shell: Shell, db: blocking.Database) -> None:
    refused = shell("actors", "restart", "weather")
    assert refused.code == 1
    assert "there is no actor 'weather'" in refused.err
    assert "notes" in refused.err


def test_options_before_restart_are_refused_as_they_would_mean_nothing(shell: Shell) -> None:
    refused = shell("actors", "--endpoint", "ipc:///elsewhere", "restart", "notes")
    assert refused.code == 2
    assert "options stand behind 'restart'" in refused.err


def test_a_daemon_without_actors_lists_none(shell: Shell, daemon: Daemon) -> None:
    assert shell("actors", "--json").document == {"actors": []}
    assert shell("actors").table == []
