"""Owns what the foreign clients' tests need: Node's packages, and a socket without a client around it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pytest
import zmq

HERE = Path(__file__).parent
PACKAGES = ("package.json", "package-lock.json")
INSTALL_TIMEOUT_S = 300
ANSWER_TIMEOUT_MS = 20_000


class Daemon(Protocol):
    """A running daemon, as far as a foreign client needs to know it."""

    endpoint: str


class Node(NamedTuple):
    """Node, and a directory beside whose packages a script can be put."""

    program: str
    directory: Path

    def command(self, name: str, script: str) -> list[str]:
        """The command that runs `script`, written to a file called `name`."""
        file = self.directory / name
        file.write_text(script, encoding="utf-8")
        return [self.program, str(file)]


@pytest.fixture(scope="session")
def node() -> Node:
    """Node with the packages that a client needs; npm is asked once for each lock file."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program is None or npm is None:
        pytest.skip("node and npm are not installed")
    lock = sha256(b"".join((HERE / name).read_bytes() for name in PACKAGES)).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pjai-tests"
    directory = cache / f"node-{lock}"
    if not directory.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            fresh = Path(scratch) / "packages"
            fresh.mkdir()
            _install(npm, fresh)
            fresh.rename(directory)
    return Node(program, directory)


def _install(npm: str, directory: Path) -> None:
    for name in PACKAGES:
        shutil.copy(HERE / name, directory)
    # The packages bring their binaries with them, so no script of theirs needs to run.
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(
        command, cwd=directory, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def bare_socket(daemon: Daemon) -> Iterator[zmq.Socket[Any]]:
    """A DEALER socket connected to the daemon."""
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RCVTIMEO, ANSWER_TIMEOUT_MS)
        socket.connect(daemon.endpoint)
        yield socket
