"""Owns actor processes, from the outside: asked for of a fork server, and ended."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from pjaid.supervisor.fork_messages import BEGIN, Begun, Ended, Refused, Start, Told, encode_start, told_in

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

BYTES_AT_ONCE = 2**16

KILLED_WITHIN_S = 1.0
"""Who was killed is gone in milliseconds, unless it waits for a disk that does not answer."""

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

    async def begin(self, start: Start) -> ActorProcess:
        """A process that serves as an actor.

        Raises:
            OSError: the system has no room for it, or what was to begin it is hung or gone.
        """
        if self._server is None or self._server.is_gone:
            self._server = ForkServer(self._lifeline, self._modules)
        server = self._server
        try:
            async with asyncio.timeout(self._begun_s_max):
                return await server.begin(start)
        except TimeoutError:
            server.end()
            raise

    def close(self) -> None:
        """Ends every process that has not ended yet."""
        os.close(self._end)
        os.close(self._lifeline)
        if self._server is not None:
            # Whoever still waits for it to begin a process would keep the daemon.
            self._server.end()


class ForkServer:
    """A fork server, as the daemon sees it; `fork_server.py` is its inside.

    Args:
        lifeline: a descriptor that it and its processes have too.
        modules: what it imports.

    Raises:
        OSError: the system has no room for it.
    """

    def __init__(self, lifeline: int, modules: Sequence[str]) -> None:
        self._loop = asyncio.get_running_loop()
        self._asked: deque[asyncio.Future[ActorProcess]] = deque()
        self._begun: dict[int, ActorProcess] = {}
        self._heard = b""
        self.is_gone = False
        self._socket, theirs = socket.socketpair()
        self._socket.setblocking(False)
        with theirs:
            try:
                self._process = _process((theirs.fileno(), lifeline), modules)
            except OSError:
                self._socket.close()
                raise
        self._loop.add_reader(self._socket, self._listen)

    async def begin(self, start: Start) -> ActorProcess:
        """A process that serves as an actor, once there is one.

        Raises:
            OSError: the system has no room for it, or this server is gone.
        """
        reading, writing = os.pipe()
        try:
            # It is read when the process is there, and nobody is to wait for that.
            os.set_blocking(writing, False)
            encoded = encode_start(start)
            if os.write(writing, encoded) < len(encoded):
                raise OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))
            socket.send_fds(self._socket, [BEGIN], [reading])
        finally:
            os.close(reading)
            os.close(writing)
        begun: asyncio.Future[ActorProcess] = self._loop.create_future()
        self._asked.append(begun)
        return await begun

    def end(self) -> None:
        """Ends it and its processes, hung or not; it will not tell how they ended."""
        if self.is_gone:
            return
        self.is_gone = True
        self._loop.remove_reader(self._socket)
        self._socket.close()
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(KILLED_WITHIN_S)
        for process in self._begun.values():
            process.kill()
            process.told(None)
        for begun in self._asked:
            if not begun.done():
                begun.set_exception(ChildProcessError("what begins processes has ended"))

    def _listen(self) -> None:
        """It tells something, or has ended."""
        try:
            heard = self._socket.recv(BYTES_AT_ONCE)
        except ConnectionError:
            heard = b""
        if not heard:
            self.end()
        *lines, self._heard = (self._heard + heard).split(b"\n")
        for line in lines:
            self._told(told_in(line))

    def _told(self, message: Told) -> None:
        match message:
            case Begun(pid):
                self._begun[pid] = process = ActorProcess(pid)
                begun = self._asked.popleft()
                if begun.done():
                    # Whoever asked for it has gone.
                    process.kill()
                else:
                    begun.set_result(process)
            case Refused(number):
                begun = self._asked.popleft()
                if not begun.done():
                    begun.set_exception(OSError(number, os.strerror(number)))
            case Ended(pid, code):
                self._begun.pop(pid).told(code)


class ActorProcess:
    """The process of an actor."""

    def __init__(self, pid: int) -> None:
        self.pid: Final = pid
        self._loop = asyncio.get_running_loop()
        self._told: asyncio.Future[int | None] = self._loop.create_future()
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
        return self._told.result() if self._told.done() else None

    def terminate(self) -> None:
        """Asks it to end."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it and what it began, hung or stopped or not."""
        if not self._has_ended:
            self._kill_group()
        self._send(signal.SIGKILL)
        # Who would tell of the end may hang itself.
        self._loop.call_later(TOLD_WITHIN_S, self.told, None)

    async def _seen_or_told(self) -> None:
        """Waits until the kernel shows its end, or the server tells of it."""
        seen = asyncio.Event()
        self._told.add_done_callback(lambda _: seen.set())
        shown = _end_of(self.pid)
        for descriptor in shown:
            self._loop.add_reader(descriptor, seen.set)
        try:
            await seen.wait()
        finally:
            for descriptor in shown:
                self._loop.remove_reader(descriptor)
                os.close(descriptor)

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


def _process(descriptors: tuple[int, int], modules: Sequence[str]) -> subprocess.Popen[bytes]:
    """A fork server's process.

    Args:
        descriptors: of the socket on which it serves, and of its lifeline.
        modules: what it imports.
    """
    program = SERVER.format(path=sys.path, arguments=(os.getpid(), *descriptors, [*modules]))
    flags: list[str] = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined] # nothing public tells them
    return subprocess.Popen(  # noqa: S603 # our own interpreter, and our own program
        [sys.executable, *flags, "-P", "-c", program],
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
