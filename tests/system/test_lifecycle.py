"""Tests of starting and stopping: one daemon a store, clean ends, and errors that say what to do."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import msgpack  # type: ignore[import-untyped] # it ships no types
import pytest

import tests.trouble_actor
from pjai.testing import Daemon, daemon
from tests.installing import install, make_known
from tests.system.raw import raw_client

EX_OK, EX_TEMPFAIL, EX_NOPERM, EX_CONFIG = 0, 75, 77, 78
CLEAN_STOP_MAX_S = 5
PERSONA = {"id": "e", "name": "v1.PersonaCreated", "args": {"id": "ada", "name": "Ada"}}


def start(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a `pjaid` that is expected to end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "pjaid", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def logged(running: Daemon) -> list[str]:
    return [json.loads(line)["event"] for line in running.log.read_text().splitlines()]


def test_a_second_daemon_on_the_same_store_is_told_and_harms_nobody() -> None:
    with daemon() as running, raw_client(running.endpoint) as client:
        second = start(running.environment)
        assert second.returncode == EX_TEMPFAIL
        assert f"another pjaid (pid {running.pid}) owns" in second.stderr
        assert client.result("health")["status"] == "ok"


def test_a_wrong_passphrase_says_so_and_changes_nothing() -> None:
    with daemon() as running:
        running.stop()
        data = running.directory / "data"
        before = {path.name: path.read_bytes() for path in data.iterdir()}
        wrong = start(running.environment | {"PJAI_PASSPHRASE": "not it"})
        assert wrong.returncode == EX_NOPERM
        assert "passphrase" in wrong.stderr
        assert "not it" not in wrong.stderr
        after = {path.name: path.read_bytes() for path in data.iterdir()}
        assert {name: after[name] for name in ("keys.json", "pjai.db")} == {
            name: before[name] for name in ("keys.json", "pjai.db")
        }
        running.start()


def test_without_a_key_slot_it_refuses_and_says_how_to_make_one(tmp_path: Path) -> None:
    with daemon() as running:
        environment = {
            name: value for name, value in running.environment.items() if name != "PJAI_PASSPHRASE"
        }
        places = {"PJAI_DATA_DIR": str(tmp_path / "data"), "PJAI_RUNTIME_DIR": str(tmp_path / "run")}
        refused = start(environment | places)
        assert refused.returncode == EX_CONFIG
        assert "pjaid init" in refused.stderr
        assert not (tmp_path / "data" / "pjai.db").exists()


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(kind: signal.Signals) -> None:
    with daemon() as running:
        with raw_client(running.endpoint) as client:
            assert client.result("commit", events=[PERSONA])["seq"] == 1
        process = running._process
        assert process is not None
        process.send_signal(kind)
        assert process.wait(CLEAN_STOP_MAX_S) == EX_OK
        assert logged(running)[-2:] == ["stopping", "stopped"]
        data = sorted(path.name for path in (running.directory / "data").iterdir())
        assert data == ["keys.json", "pjai.db", "pjaid.lock"], "the WAL was moved into the database"
        assert sorted(path.name for path in (running.directory / "run").iterdir()) == ["pjaid.lock"]
        running.restart()
        with raw_client(running.endpoint) as client:
            assert client.result("query", table="personas")["rows"][0][1] == "Ada"


def test_requests_in_flight_are_answered_before_it_ends() -> None:
    with daemon() as running, raw_client(running.endpoint) as client:
        client.result("commit", events=[PERSONA])
        uses = [{"id": f"u{n}", "name": "v1.PersonaUsed", "args": {"id": "ada"}} for n in range(2_000)]
        client.send(msgpack.packb({"v": 1, "id": 1, "method": "commit", "params": {"events": uses}}))
        client.send(msgpack.packb({"v": 1, "id": 2, "method": "health", "params": {}}))
        assert client.receive()["id"] == 2, "the commit is in flight"
        os.kill(running.pid, signal.SIGTERM)
        assert client.receive()["result"]["seq"] == 2_001


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once_and_loses_nothing(
    kind: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, tests.trouble_actor)
    make_known(tmp_path, monkeypatch)
    with daemon(actors="trouble", drain_timeout_s=60) as running:
        process = running._process
        assert process is not None
        with raw_client(running.endpoint) as client:
            client.result("trouble.be_well")
            client.result("commit", events=[PERSONA])
            client.send(msgpack.packb({"v": 1, "id": 1, "method": "trouble.linger", "params": {}}))
            while not client.result("actors")["actors"][0]["calls"]:
                pass
            process.send_signal(signal.SIGTERM)
            while client.result("health")["status"] != "stopping":
                pass
            assert process.poll() is None, "it waits for what is in flight"
            process.send_signal(kind)
            assert process.wait(CLEAN_STOP_MAX_S) == 128 + kind
        assert "stopped" not in logged(running)
        running.restart()
        with raw_client(running.endpoint) as client:
            assert client.result("query", table="personas")["rows"][0][1] == "Ada"


def test_it_tells_its_service_manager(tmp_path: Path) -> None:
    with daemon() as running:
        running.stop()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(str(tmp_path / "notify"))
            manager.settimeout(30)
            running.environment["NOTIFY_SOCKET"] = str(tmp_path / "notify")
            running.start()
            assert manager.recv(4096).startswith(b"READY=1\n")
            running.stop()
            assert manager.recv(4096).startswith(b"STOPPING=1\n")


def test_a_full_house_turns_newcomers_away_until_somebody_leaves() -> None:
    with daemon(clients_max=2) as running, raw_client(running.endpoint) as first:
        assert first.result("health")["clients"] == 1
        with raw_client() as third:
            with raw_client(running.endpoint) as second:
                assert second.result("health")["clients"] == 2
                third.socket.connect(running.endpoint)
                third.send(msgpack.packb({"v": 1, "id": 1, "method": "health", "params": {}}))
                while "client_turned_away" not in logged(running):
                    assert first.result("health")["status"] == "ok"
                assert not third.socket.poll(0)
            assert third.receive()["id"] == 1


def test_settings_come_from_flags_over_environment_over_file(tmp_path: Path) -> None:
    config = tmp_path / "pjaid.toml"
    config.write_text("readers_max = 3\nreaders_min = 1\ntick_interval_ms = 70\n")
    environment = os.environ | {"PJAI_CONFIG": str(config), "PJAI_READERS_MAX": "4"}
    printed = start(environment, "settings", "--json", "--tick-interval-ms", "80")
    settings = json.loads(printed.stdout)
    values = {name: settings[name]["value"] for name in ("readers_min", "readers_max", "tick_interval_ms")}
    assert values == {"readers_min": 1, "readers_max": 4, "tick_interval_ms": 80}
