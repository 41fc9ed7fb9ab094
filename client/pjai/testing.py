"""Owns throw-away daemons for the tests of programs that use PJai, and something to fill them with.

with pjai.testing.daemon() as daemon:
    async with pjai.connect(daemon.endpoint) as db:
        made = await pjai.testing.seed(db)
"""

from __future__ import annotations

import os
import secrets
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from pjai.sample import Sample, sample, seed
from pjai_wire.endpoints import SOCKET_PATH_BYTES_MAX, Endpoints
from pjai_wire.errors import NotRunning

__all__ = ["Daemon", "Sample", "daemon", "sample", "seed"]

COMMAND = (sys.executable, "-m", "pjaid")

READY_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0
LOG_LINES_SHOWN = 20

SHORT_DIRECTORY = "/tmp"  # noqa: S108 # used only where the usual place would make a socket's path too long
LONGEST_SOCKET = "pjai-12345678/run/requests.sock"


class _Ready(Struct):
    """The line that a daemon prints when it answers."""

    endpoints: Endpoints


class Daemon:
    """A daemon with a store of its own, ended and removed when the block of `daemon` ends.

    Args:
        directory: where its files are.
        settings: by name, as `pjaid settings` lists them.
    """

    endpoint: str
    """Of requests; `pjai.connect` takes it."""
    pid: int
    """Of the process that runs, or ran last."""

    def __init__(self, directory: Path, settings: Mapping[str, object]) -> None:
        self.directory = directory
        self.log = directory / "log"
        """What the daemon wrote to stderr, over all its runs."""
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PJAI_")},
            "PJAI_DATA_DIR": str(directory / "data"),
            "PJAI_STATE_DIR": str(directory / "state"),
            "PJAI_RUNTIME_DIR": _text(settings.get("runtime_dir", directory / "run")),
            "PJAI_CONFIG": str(directory / "pjaid.toml"),
            "PJAI_PASSPHRASE": secrets.token_urlsafe(),
        }
        """What to run other programs with that are to find this daemon."""
        self._flags = [f"--{name.replace('_', '-')}={_text(value)}" for name, value in settings.items()]
        (directory / "pjaid.toml").touch()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it, and waits until it answers.

        Raises:
            NotRunning: it ended, or was not ready in time; the hint is the end of its log.
        """
        assert self._process is None, "it runs already"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 # a constant of ours, and its flags
                [*COMMAND, *self._flags],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self.pid = self._process.pid
        line = self._first_line(self._process)
        if not line:
            self.kill()
            end = self.log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
            raise NotRunning("the daemon did not start", hint="\n".join(end))
        self.endpoint = msgspec.json.decode(line, type=_Ready).endpoints.requests

    def stop(self) -> None:
        """Asks it to end, and waits until it has; nothing happens where it has ended."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                pass
            finally:
                self.kill()

    def kill(self) -> None:
        """Ends it at once, as a crash or a power cut would."""
        if self._process is not None:
            assert self._process.stdout is not None
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()
            self._process = None

    def restart(self) -> None:
        """Stops it where it runs, and starts it again on the same store."""
        self.stop()
        self.start()

    def _first_line(self, process: subprocess.Popen[bytes]) -> bytes:
        assert process.stdout is not None
        readable, _, _ = select.select([process.stdout], [], [], READY_TIMEOUT_S)
        return process.stdout.readline() if readable else b""


@contextmanager
def daemon(**settings: object) -> Iterator[Daemon]:
    """A real daemon on a new encrypted store, for the block; it needs `pjai[daemon]` installed.

    Args:
        settings: of the daemon, such as `tick_interval_ms=50`; no actors run unless `actors` names them.

    Raises:
        NotRunning: it did not start, as where a setting is unknown or not allowed.
    """
    directory = Path(tempfile.mkdtemp(prefix="pjai-", dir=_place()))
    running = Daemon(directory, {"actors": "none", **settings})
    try:
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(directory, ignore_errors=True)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _place() -> str | None:
    """Where to make the directory; None for the usual place."""
    usual = Path(tempfile.gettempdir()) / LONGEST_SOCKET
    return None if len(os.fsencode(usual)) <= SOCKET_PATH_BYTES_MAX else SHORT_DIRECTORY
