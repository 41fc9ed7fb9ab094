"""Notifications reach the socket that the service manager names, and need none."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pjaid import notify


@pytest.fixture
def manager() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.settimeout(5)
        yield receiver


def test_starting_ready_and_stopping_are_told(
    manager: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "notify")
    manager.bind(path)
    monkeypatch.setenv("NOTIFY_SOCKET", path)

    notify.starting("bringing the store up to date")
    notify.ready("answering")
    notify.stopping("draining")

    assert [manager.recv(1024) for _ in range(3)] == [
        b"EXTEND_TIMEOUT_USEC=60000000\nSTATUS=bringing the store up to date",
        b"READY=1\nSTATUS=answering",
        b"STOPPING=1\nSTATUS=draining",
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are Linux's")
def test_an_abstract_socket_is_reached(manager: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    manager.bind("")
    name: bytes = manager.getsockname()
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name[1:].decode()}")

    notify.ready("answering")

    assert manager.recv(1024).startswith(b"READY=1\n")


def test_a_status_is_one_line(
    manager: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "notify")
    manager.bind(path)
    monkeypatch.setenv("NOTIFY_SOCKET", path)

    notify.ready("two\nlines\nREADY=1")

    assert manager.recv(1024) == b"READY=1\nSTATUS=two lines READY=1"


@pytest.mark.parametrize("address", [None, "", "vsock:2:1", "/nowhere/notify"])
def test_where_nobody_listens_nothing_happens(monkeypatch: pytest.MonkeyPatch, address: str | None) -> None:
    if address is None:
        monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    else:
        monkeypatch.setenv("NOTIFY_SOCKET", address)

    notify.ready("answering")
