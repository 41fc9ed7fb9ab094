from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import pjai
from pjai import blocking, memories, personas, v1
from pjai_wire.errors import NotRunning


def test_a_daemon_keeps_its_store_over_a_crash_and_a_restart() -> None:
    with pjai.testing.daemon() as daemon:
        with blocking.connect(daemon.endpoint) as db:
            db.commit(v1.PersonaCreated(id="ada", name="Ada"))
        first = daemon.pid
        daemon.kill()
        daemon.restart()
        daemon.restart()
        with blocking.connect(daemon.endpoint) as db:
            assert db.get(personas, "ada") is not None
        assert daemon.pid != first
        assert '"ready"' in daemon.log.read_text()


def test_a_daemon_is_gone_after_its_block_whatever_happens() -> None:
    with pytest.raises(ZeroDivisionError), pjai.testing.daemon() as daemon:
        raise ZeroDivisionError
    with pytest.raises(ProcessLookupError):
        os.kill(daemon.pid, 0)
    assert not daemon.directory.exists()


def test_other_programs_find_the_daemon_by_its_environment(daemon: pjai.testing.Daemon) -> None:
    script = "from pjai import blocking\nwith blocking.connect() as db: print(db.hello.instance)"
    done = subprocess.run(
        [sys.executable, "-c", script], env=daemon.environment, capture_output=True, text=True, check=True
    )
    with blocking.connect(daemon.endpoint) as db:
        assert done.stdout.strip() == db.hello.instance


def test_settings_reach_the_daemon() -> None:
    with (
        pjai.testing.daemon(tick_interval_ms=20, development=True) as daemon,
        blocking.connect(daemon.endpoint) as db,
    ):
        assert db.hello.tick_interval_ms == 20


def test_a_daemon_that_does_not_start_says_why() -> None:
    with (
        pytest.raises(NotRunning, match=r"(?s)did not start.*tick_interval_ms"),
        pjai.testing.daemon(tick_interval_ms=0),
    ):
        pass


def test_a_misspelt_setting_is_told_with_the_nearest() -> None:
    with (
        pytest.raises(NotRunning, match=r"(?s)unknown flag --tick-intervall-ms.*'--tick-interval-ms'"),
        pjai.testing.daemon(tick_intervall_ms=100),
    ):
        pass


def test_other_programs_find_a_daemon_in_a_runtime_directory_of_its_own(short_path: Path) -> None:
    with pjai.testing.daemon(runtime_dir=short_path / "elsewhere") as daemon:
        assert str(short_path) in daemon.endpoint
        assert daemon.environment["PJAI_RUNTIME_DIR"] == str(short_path / "elsewhere")


def test_a_long_temporary_directory_is_avoided(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    long = tmp_path_factory.mktemp("x" * 100)
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with pjai.testing.daemon() as daemon:
        assert long not in daemon.directory.parents


def test_the_sample_has_every_kind_of_memory(daemon: pjai.testing.Daemon) -> None:
    made = pjai.testing.sample(personas=3, memories=6, conversations=1)
    assert [len(made.personas), len(made.memories), len(made.conversations)] == [3, 6, 1]
    with blocking.connect(daemon.endpoint) as db:
        db.commit(*made.events)
        rows = db.query(memories.where(memories.id.in_(made.memories)))
    assert len({row.type for row in rows}) == 6
