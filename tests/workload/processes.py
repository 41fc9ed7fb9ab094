"""Owns the processes of a run: each is started inside a block, and ended with it whatever happens."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import anyio
import psutil
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream
from msgspec import Struct

from pjai_wire.endpoints import endpoints_in
from pjai_wire.errors import PjaiError

PASSPHRASE = "correct horse battery staple"  # noqa: S105 - it protects generated data
STOP_TIMEOUT_S = 10
LINE_BYTES_MAX = 10_000


class Child:
    """A process that talks in lines.

    Args:
        process: it, its two pipes open.
    """

    def __init__(self, process: Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.pid = process.pid
        self._input = process.stdin
        self._output = BufferedByteReceiveStream(process.stdout)

    async def line(self) -> str:
        """The next line that it says.

        Raises:
            anyio.EndOfStream: it said its last.
        """
        return (await self._output.receive_until(b"\n", LINE_BYTES_MAX)).decode()

    async def tell(self, line: str) -> None:
        """Says a line to it."""
        await self._input.send(f"{line}\n".encode())


@asynccontextmanager
async def child(
    *arguments: str, env: Mapping[str, str] | None = None, errors: IO[bytes] | None = None
) -> AsyncGenerator[Child]:
    """A Python process inside the block.

    Args:
        arguments: what the interpreter is given.
        env: the environment; by default this process's.
        errors: where its stderr goes; by default where this process's goes.
    """
    # Out of reach of the terminal's Ctrl-C, which is then acted on once, and here.
    process = await anyio.open_process(
        [sys.executable, *arguments],
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        start_new_session=True,
    )
    try:
        yield Child(process)
    finally:
        with anyio.CancelScope(shield=True):
            await _end(process)


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
    with anyio.move_on_after(STOP_TIMEOUT_S):
        await process.wait()
    if process.returncode is None:
        process.kill()
    await process.aclose()


class Home(Struct, frozen=True):
    """The directories of the daemon under test."""

    directory: Path

    @property
    def data(self) -> Path:
        """Where its store is."""
        return self.directory / "data"

    @property
    def runtime(self) -> Path:
        """Where its sockets are."""
        return self.directory / "run"

    @property
    def log(self) -> Path:
        """What it wrote to stderr."""
        return self.directory / "pjaid.log"

    @property
    def endpoint(self) -> str:
        """Its request socket."""
        return endpoints_in(self.runtime).requests

    def environment(self) -> dict[str, str]:
        """What it is told; nothing of the user's own settings."""
        config = self.directory / "pjaid.toml"
        config.touch()
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PJAI_")}
        return {
            **inherited,
            "PJAI_CONFIG": str(config),
            "PJAI_DATA_DIR": str(self.data),
            "PJAI_STATE_DIR": str(self.directory / "state"),
            "PJAI_RUNTIME_DIR": str(self.runtime),
            "PJAI_PASSPHRASE": PASSPHRASE,
        }


@contextmanager
def copied(home: Home) -> Iterator[Home]:
    """Directories with a copy of a store that nobody has open, inside the block."""
    with TemporaryDirectory(dir=home.directory, prefix="copy-") as name:
        copy = Home(Path(name))
        shutil.copytree(home.data, copy.data)
        yield copy


class DaemonFailed(Exception):
    """The daemon under test did not start; the message is what it said."""


@asynccontextmanager
async def daemon(home: Home, **settings: str | int) -> AsyncGenerator[Child]:
    """A real daemon that answers, inside the block.

    Args:
        home: where its files are.
        settings: of its own, by name; otherwise it has the defaults, and no actors.

    Raises:
        DaemonFailed: it did not start.
    """
    chosen = {"actors": "none", **settings}
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in chosen.items()]
    with home.log.open("ab") as log:
        async with child("-m", "pjaid", *flags, env=home.environment(), errors=log) as process:
            try:
                await process.line()
            except anyio.EndOfStream:
                raise DaemonFailed(home.log.read_text()) from None
            try:
                yield process
            except PjaiError:
                # The directory goes with the run, so what the daemon said about its error is told now.
                sys.stderr.write(home.log.read_text())
                raise


def memory_bytes(pid: int) -> int:
    """The memory of a process: its own pages, and of each shared one its share.

    Where the system does not tell shares, all that is resident.
    """
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        resident: int = psutil.Process(pid).memory_info().rss
        return resident
    (share,) = (line.split()[1] for line in rollup.splitlines() if line.startswith("Pss:"))
    return 1024 * int(share)
