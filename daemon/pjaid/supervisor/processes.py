"""Owns actor processes, from the outside: begun by a server that has imported what they need, and ended."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from contextlib import suppress
from multiprocessing.context import ForkServerContext, ForkServerProcess

from pjaid.supervisor.entry import Start, main

PRELOADED = [
    "dataclasses",
    "queue",
    *("anyio._backends._asyncio", "anyio.lowlevel", "anyio.streams.memory", "anyio.to_thread"),
    *("pjai.clock", "pjai.signals"),
    "pjaid.supervisor.child",
]
"""What every actor needs, also what is imported only when called: a process that is forked from one with it
starts in milliseconds, and shares the memory. The last one freezes what is there."""


class Processes:
    """Begins processes of actors."""

    def __init__(self) -> None:
        self._context: ForkServerContext = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(PRELOADED)
        self._lifeline, self._end = self._context.Pipe(duplex=False)

    async def begin(self, start: Start) -> ActorProcess:
        """A process that serves as an actor.

        Raises:
            OSError: the system has no room for it.
        """
        return await asyncio.to_thread(self._begin, start)

    def close(self) -> None:
        """Ends every process that has not ended yet."""
        self._end.close()
        self._lifeline.close()

    def _begin(self, start: Start) -> ActorProcess:
        process = self._context.Process(
            target=main, args=(start, self._lifeline), name=f"pjai actor {start.name}", daemon=True
        )
        process.start()
        return ActorProcess(process)


class ActorProcess:
    """The process of an actor."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process
        assert process.pid is not None
        self.pid: int = process.pid
        self._has_ended = False
        self._exit_code: int | None = None

    async def ended(self) -> int | None:
        """Waits for the end, one task at a time; the exit code, negative for a signal."""
        if self._has_ended:
            return self._exit_code
        loop = asyncio.get_running_loop()
        over: asyncio.Future[None] = loop.create_future()
        sentinel = self._process.sentinel
        loop.add_reader(sentinel, over.set_result, None)
        over.add_done_callback(lambda _: loop.remove_reader(sentinel))
        await over
        self._has_ended = True
        self._process.join()
        self._exit_code = self._process.exitcode
        self._process.close()
        return self._exit_code

    def terminate(self) -> None:
        """Asks it to end."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it, hung or stopped or not."""
        self._send(signal.SIGKILL)

    def _send(self, kind: signal.Signals) -> None:
        # Its number may be another's by then.
        if not self._has_ended:
            with suppress(ProcessLookupError):
                os.kill(self.pid, kind)
