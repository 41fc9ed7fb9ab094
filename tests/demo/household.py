"""Owns the demonstration's two long-running processes: the daemon and the watcher."""

from __future__ import annotations

import json
import os
import secrets
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from tests.demo.stage import require

ROOT = Path(__file__).parents[2]

WAIT_S = 20.0
"""How long anything may take that takes moments."""


class Daemon:
    """A running `pjaid`."""

    def __init__(self, process: subprocess.Popen[bytes], directory: Path) -> None:
        self.process = process
        self.directory = directory
        self.log = directory / "log"

    def stop(self) -> int:
        """Asks it to end; returns its exit code."""
        self.process.terminate()
        return self.process.wait(WAIT_S)


def environment_in(directory: Path) -> dict[str, str]:
    """What makes daemon and commands meet in `directory`, with a passphrase that was never used before."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("PJAI_")},
        **{f"PJAI_{kind.upper()}_DIR": str(directory / kind) for kind in ("data", "state", "runtime")},
        "PJAI_PASSPHRASE": secrets.token_urlsafe(),
    }


@contextmanager
def running_daemon(directory: Path, environment: Mapping[str, str]) -> Iterator[Daemon]:
    """A daemon that answers, ended with the block at the latest."""
    pjaid = str(Path(sys.executable).with_name("pjaid"))
    with (
        (directory / "log").open("w") as log,
        subprocess.Popen([pjaid], env=environment, bufsize=0, stdout=subprocess.PIPE, stderr=log) as process,
    ):
        daemon = Daemon(process, directory)
        try:
            ready = next_line(process.stdout)
            require(ready is not None, f"pjaid starts: {daemon.log.read_text()}")
            yield daemon
        finally:
            process.kill()


class Watcher:
    """A running watcher, which shows what changes, and reports what it has shown."""

    def __init__(self, reports: IO[bytes]) -> None:
        self._reports = reports
        self.delays_ms: list[float] = []
        """From just before a commit was sent until its change was on the screen."""

    def until(self, memories: int, seq: int) -> None:
        """Waits until it has shown so many memories, at that seq or later."""
        while True:
            report = next_line(self._reports)
            require(report is not None, f"the watcher shows {memories} memories at {seq}")
            if report["delayMs"] is not None:
                self.delays_ms.append(report["delayMs"])
            if report["memories"] == memories and report["seq"] >= seq:
                return


@contextmanager
def running_watcher(environment: Mapping[str, str]) -> Iterator[Watcher]:
    """A watcher that has shown the first result, ended with the block."""
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "tests.demo.watcher", str(writing)]
    with (
        os.fdopen(reading, "rb", buffering=0) as reports,
        subprocess.Popen(command, env=environment, cwd=ROOT, pass_fds=[writing]) as process,
    ):
        os.close(writing)
        watcher = Watcher(reports)
        try:
            watcher.until(0, 0)
            yield watcher
        finally:
            process.kill()


def next_line(stream: IO[bytes] | None) -> Any:
    """The next line of JSON, or None where none comes.

    The stream has no buffer: what waits in one would make nothing readable.
    """
    assert stream is not None
    readable, _, _ = select.select([stream], [], [], WAIT_S)
    line = stream.readline() if readable else b""
    return json.loads(line) if line else None
