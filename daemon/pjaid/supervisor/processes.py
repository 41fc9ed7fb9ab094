"""Owns actor processes, from the outside: begun by a server that has imported what they need, and ended."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, ForkServerProcess

from pjaid.supervisor.entry import Start, main

PRELOADED = (
    *("dataclasses", "multiprocessing.popen_forkserver", "queue"),
    *("anyio._backends._asyncio", "anyio.lowlevel", "anyio.streams.memory", "anyio.to_thread"),
    *("pjai.clock", "pjai.signals"),
    "pjaid.supervisor.child",
)
"""What every actor needs, also what is imported only when called: a process that is forked from one with it
starts in milliseconds, and shares the memory."""

IMPORTED_LAST = "pjaid.supervisor.server"

TOLD_WITHIN_S = 1.0
"""From the end of a process until the server that it was forked from has told how it ended."""


class Processes:
    """Begins processes of actors.

    Args:
        begun_s_max: how long that may take before the server counts as hung, and another one takes its place.
        actors: modules that the server imports too.
    """

    def __init__(self, begun_s_max: float, actors: Sequence[str] = ()) -> None:
        self._begun_s_max = begun_s_max
        self._context: ForkServerContext = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([*PRELOADED, *actors, IMPORTED_LAST])
        self._lifeline, self._end = self._context.Pipe(duplex=False)

    async def begin(self, start: Start) -> ActorProcess:
        """A process that serves as an actor.

        Raises:
            OSError: the system has no room for it, or what was to begin it is hung or gone.
        """
        beginning = asyncio.ensure_future(asyncio.to_thread(self._begin, start))
        if not (await asyncio.wait([beginning], timeout=self._begun_s_max))[0]:
            # Its pipe ends with it, and so does the wait.
            _kill_server()
        return await beginning

    def close(self) -> None:
        """Ends every process that has not ended yet."""
        self._end.close()
        self._lifeline.close()
        # Whoever still waits for it to begin a process would keep the daemon.
        _kill_server()

    def _begin(self, start: Start) -> ActorProcess:
        process = self._context.Process(
            target=main, args=(start, self._lifeline), name=f"pjai actor {start.name}", daemon=True
        )
        try:
            process.start()
        except EOFError as gone:
            raise ChildProcessError("what begins processes has ended") from gone
        return ActorProcess(process)


def _kill_server() -> None:
    # Whoever asks for a process next finds it gone, and starts another.
    pid: int | None = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined] # nothing public has it
    if pid is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


class ActorProcess:
    """The process of an actor."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process
        assert process.pid is not None
        self.pid: int = process.pid
        self._end_of_pid = _end_of(self.pid)
        self._has_ended = False
        self._exit_code: int | None = None

    async def ended(self) -> int | None:
        """Waits for the end, one task at a time.

        Returns:
            The exit code, negative for a signal; None where nobody tells it.
        """
        if self._has_ended:
            return self._exit_code
        told = self._process.sentinel
        await _any_readable(told, *self._end_of_pid)
        self._kill_group()
        with suppress(TimeoutError):
            await asyncio.wait_for(_any_readable(told), TOLD_WITHIN_S)
        self._has_ended = True
        for descriptor in self._end_of_pid:
            os.close(descriptor)
        self._exit_code = self._process.exitcode
        if self._exit_code is not None:
            self._process.close()
        return self._exit_code

    def terminate(self) -> None:
        """Asks it to end."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it and what it began, hung or stopped or not."""
        if not self._has_ended:
            self._kill_group()
        self._send(signal.SIGKILL)

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


def _end_of(pid: int) -> list[int]:
    """What to wait for where the kernel tells of a process's end by itself, as its parent may hang."""
    if sys.platform == "linux":
        with suppress(OSError):
            return [os.pidfd_open(pid)]
    return []


async def _any_readable(*descriptors: int) -> None:
    loop, readable = asyncio.get_running_loop(), asyncio.Event()
    for descriptor in descriptors:
        loop.add_reader(descriptor, readable.set)
    try:
        await readable.wait()
    finally:
        for descriptor in descriptors:
            loop.remove_reader(descriptor)
