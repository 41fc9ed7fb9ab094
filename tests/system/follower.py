"""Owns a client that follows a live query in a process of its own, which can be stopped or killed.

It says that it holds the first result. Then, for each seq on stdin, it waits until it has reached that state,
and says which memories it holds.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
import msgspec

import pjai
from pjai import Select, memories
from pjai.testing import Daemon
from pjai_wire.records import MemoryEntity

PATIENCE_S = 60


class Follower:
    """The process, as those see it who started it.

    Args:
        process: it, its two pipes open.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process

    def wait_until_it_follows(self) -> None:
        """Returns once it holds the first result."""
        self._line()

    def held_at(self, seq: int) -> list[str]:
        """The ids that it holds once it has reached the state at `seq`."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"%d\n" % seq)
        self.process.stdin.flush()
        return msgspec.json.decode(self._line(), type=list[str])

    def stop(self) -> None:
        """Lets it do nothing more, until `go_on`."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Lets it do again what it did."""
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Ends it at once, without a goodbye, whatever it does or does not do."""
        self.process.kill()
        self.process.wait()

    def _line(self) -> bytes:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the follower has ended"
        return line


@contextmanager
def follower(running: Daemon, persona_id: str, limit: int) -> Iterator[Follower]:
    """A follower of a persona's newest memories, ended with the block."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.system.follower", running.endpoint, persona_id, str(limit)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        one = Follower(process)
        try:
            yield one
        finally:
            one.kill()


def newest(persona_id: str, limit: int) -> Select[MemoryEntity]:
    """The memories of a persona that were accessed last."""
    return memories.where(persona_id=persona_id).order_by(memories.last_accessed_at.desc()).limit(limit)


async def follow(*arguments: str) -> None:
    """Does what the module says, until stdin ends."""
    endpoint, persona_id, limit = arguments
    async with (
        pjai.connect(endpoint, client="follower", timeout=PATIENCE_S) as db,
        db.watch(newest(persona_id, int(limit)), "follower") as live,
    ):
        _say(b"follows")
        async for line in anyio.wrap_file(sys.stdin):
            await live.reached(int(line))
            _say(msgspec.json.encode([memory.id for memory in live.current]))


def _say(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    anyio.run(follow, *sys.argv[1:])
