"""Owns actor processes, from the outside: asked for of a fork server, and ended."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, cast

from pjaid.supervisor.fork_messages import Begun, Ended, Refused, Start, line_of, told_in

PRELOADED = (
    *("dataclasses", "queue"),
    *("anyio._backends._asyncio", "anyio.lowlevel", "anyio.streams.memory", "anyio.to_thread"),
    *("pjai.clock", "pjai.signals"),
)
"""What every actor needs and what is imported only when called: a process that is forked from one with it
starts in milliseconds, and shares the memory."""

SERVER = (
    "import sys; sys.path[:] = {path!r}; from pjaid.supervisor.fork_server import main; main{arguments!r}"
)

TOLD_WITHIN_S = 1.0
"""From the end of a process until the server that it was forked from has told how it ended."""


class Processes:
    """Begins processes of actors, from one thread that lives as long as they.

    Args:
        begun_s_max: how long that may take before the server counts as hung, and another one takes its place.
        actors: modules that the server imports too.
    """

    def __init__(self, begun_s_max: float, actors: Sequence[str] = ()) -> None:
        self._begun_s_max = begun_s_max
        self._modules = (*PRELOADED, *actors)
        self._lifeline, self._end = os.pipe()
        self._server: ForkServer | None = None
        self._starting = asyncio.Lock()

    async def begin(self, start: Start) -> ActorProcess:
        """A process that serves as an actor.

        Raises:
            OSError: the system has no room for it, or what was to begin it is hung or gone.
        """
        async with self._starting:
            if self._server is None or self._server.is_gone:
                self._server = await ForkServer.started(self._lifeline, self._modules)
            server = self._server
        try:
            async with asyncio.timeout(self._begun_s_max):
                return await server.begin(start)
        except TimeoutError:
            server.kill()
            raise

    def close(self) -> None:
        """Ends every process that has not ended yet."""
        os.close(self._end)
        os.close(self._lifeline)
        if self._server is not None:
            # Whoever still waits for it to begin a process would keep the daemon.
            self._server.kill()


class ForkServer(asyncio.Protocol):
    """A fork server, as the daemon sees it; `fork_server.py` is its inside.

    Args:
        process: it runs in.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._transport: asyncio.Transport | None = None
        self._asked: deque[asyncio.Future[ActorProcess]] = deque()
        self._begun: dict[int, ActorProcess] = {}
        self._heard = b""
        self.is_gone = False

    @classmethod
    async def started(cls, lifeline: int, modules: Sequence[str]) -> ForkServer:
        """A server that was just begun.

        Args:
            lifeline: a descriptor that it and its processes have too.
            modules: what it imports.

        Raises:
            OSError: the system has no room for it.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            process = _begun((theirs.fileno(), lifeline, [*modules]), (theirs.fileno(), lifeline))
        server = cls(process)
        await asyncio.get_running_loop().create_unix_connection(lambda: server, sock=ours)
        return server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It can be told what to begin."""
        # uvloop's are of no class of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def begin(self, start: Start) -> asyncio.Future[ActorProcess]:
        """A process that serves as an actor, once there is one.

        It fails with an OSError where the system has no room for it, or this server is gone.
        """
        begun: asyncio.Future[ActorProcess] = asyncio.get_running_loop().create_future()
        self._asked.append(begun)
        assert self._transport is not None
        self._transport.write(line_of(start))
        return begun

    def kill(self) -> None:
        """Ends it, hung or not."""
        self._process.kill()
        self.connection_lost(None)

    def data_received(self, data: bytes) -> None:
        """It tells something."""
        *lines, self._heard = (self._heard + data).split(b"\n")
        for line in lines:
            match told_in(line):
                case Begun(pid):
                    self._begun[pid] = process = ActorProcess(pid)
                    _settle(self._asked.popleft(), process)
                case Refused(errno):
                    _fail(self._asked.popleft(), OSError(errno, os.strerror(errno)))
                case Ended(pid, code):
                    self._begun.pop(pid).told(code)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone, and will not tell how its processes end."""
        if self.is_gone:
            return
        self.is_gone = True
        assert self._transport is not None
        self._transport.close()
        self._process.kill()
        self._process.wait()
        for process in self._begun.values():
            process.told(None)
        for begun in self._asked:
            _fail(begun, ChildProcessError("what begins processes has ended"))


class ActorProcess:
    """The process of an actor."""

    def __init__(self, pid: int) -> None:
        self.pid: Final = pid
        self._end_of_pid = _end_of(self.pid)
        self._told: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._has_ended = False

    def told(self, code: int | None) -> None:
        """It has ended, or nobody will tell when it does; with that exit code, negative for a signal."""
        if not self._told.done():
            self._told.set_result(code)

    async def ended(self) -> int | None:
        """Waits for the end, one task at a time.

        Returns:
            The exit code, negative for a signal; None where nobody tells it.
        """
        if not self._has_ended:
            await self._seen_or_told()
            self._kill_group()
            await asyncio.wait([self._told], timeout=TOLD_WITHIN_S)
            self._has_ended = True
            for descriptor in self._end_of_pid:
                os.close(descriptor)
        return self._told.result() if self._told.done() else None

    def terminate(self) -> None:
        """Asks it to end."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it and what it began, hung or stopped or not."""
        if not self._has_ended:
            self._kill_group()
        self._send(signal.SIGKILL)

    async def _seen_or_told(self) -> None:
        """Waits until the kernel shows its end, or the server tells of it."""
        loop, seen = asyncio.get_running_loop(), asyncio.Event()
        for descriptor in self._end_of_pid:
            loop.add_reader(descriptor, seen.set)
        self._told.add_done_callback(lambda _: seen.set())
        try:
            await seen.wait()
        finally:
            for descriptor in self._end_of_pid:
                loop.remove_reader(descriptor)

    def _kill_group(self) -> None:
        """Ends what it began, which would outlive it."""
        # While anybody is left of its group, the number is no other's.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def _send(self, kind: signal.Signals) -> None:
        # Its number may be another's by then.
        if not self._has_ended:
            with suppress(ProcessLookupError):
                os.kill(self.pid, kind)


def _begun(arguments: tuple[object, ...], descriptors: tuple[int, ...]) -> subprocess.Popen[bytes]:
    """A fork server's process.

    Args:
        arguments: of its `main`.
        descriptors: those that it has too.
    """
    return subprocess.Popen(  # noqa: S603 # our own interpreter, and our own program
        [sys.executable, "-P", "-c", SERVER.format(path=sys.path, arguments=arguments)],
        stdin=subprocess.DEVNULL,
        pass_fds=descriptors,
        # The terminal's Ctrl-C is for the daemon, which ends it.
        process_group=0,
    )


def _end_of(pid: int) -> list[int]:
    """What to wait for where the kernel tells of a process's end by itself, as its parent may hang."""
    if sys.platform == "linux":
        with suppress(OSError):
            return [os.pidfd_open(pid)]
    return []


def _settle(begun: asyncio.Future[ActorProcess], process: ActorProcess) -> None:
    if begun.done():
        # Whoever asked for it has gone.
        process.kill()
    else:
        begun.set_result(process)


def _fail(begun: asyncio.Future[ActorProcess], error: OSError) -> None:
    if not begun.done():
        begun.set_exception(error)
