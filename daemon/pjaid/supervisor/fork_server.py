"""Owns the process that actors are forked from: it has imported what they need, and keeps a spare one ready.

The spare has done already what is the same for every actor, and waits to be told which it is: less is left to
do when one falls, and others wait for its calls. Who was begun is followed by another spare in a while.
"""

from __future__ import annotations

import gc
import importlib
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from msgspec import Struct

from pjaid.process import end_with
from pjaid.supervisor import child
from pjaid.supervisor.fork_messages import BEGIN, Begun, Ended, Refused, Told, line_of
from pjaid.supervisor.standing_back import stand_back

SPARE_AFTER_S = 0.25
"""From the last beginning to the next spare: neither those that begin together are held up, nor who waits."""

SPARE_AFTER_S_MAX = 60.0
"""Each spare that ends by itself doubles the pause before the next, up to this; until one is made use of."""

SIGNALS_AT_ONCE = 4096


class Spare(Struct, frozen=True):
    """A process that waits to be told which actor it is."""

    pid: int
    telling: socket.socket
    """What it listens to: one byte, with the descriptor from which it reads the rest."""


class ForkServer:
    """Begins processes as the daemon asks for them, and tells it of their ends.

    Args:
        daemon: what the daemon says, and is told.
        lifeline: what ends with the daemon; actors have it too.
    """

    def __init__(self, daemon: socket.socket, lifeline: int) -> None:
        self._daemon = daemon
        self._lifeline = lifeline
        self._spare: Spare | None = None
        self._spare_pause_s = SPARE_AFTER_S
        self._spare_at = time.monotonic() + SPARE_AFTER_S
        self._falls, told = os.pipe()
        for descriptor in (self._falls, told):
            os.set_blocking(descriptor, False)
        signal.signal(signal.SIGCHLD, _nothing)
        signal.set_wakeup_fd(told, warn_on_full_buffer=False)

    def serve(self) -> None:
        """Serves until the daemon is gone."""
        waiting = select.poll()
        waiting.register(self._daemon, select.POLLIN)
        waiting.register(self._falls, select.POLLIN)
        while True:
            left_s = None if self._spare else max(0.0, self._spare_at - time.monotonic())
            ready = {descriptor for descriptor, _ in waiting.poll(None if left_s is None else 1000 * left_s)}
            if self._falls in ready:
                os.read(self._falls, SIGNALS_AT_ONCE)
                self._bury()
            if self._daemon.fileno() in ready and not self._listen():
                return
            if not ready and self._spare is None:
                self._keep_spare()

    def _listen(self) -> bool:
        """Does the next that the daemon asks for; whether it is still there."""
        try:
            asked, starts, _, _ = socket.recv_fds(self._daemon, len(BEGIN), 1)
        except ConnectionError:
            return False
        for start in starts:
            self._tell(self._begin(start))
            os.close(start)
        return bool(asked)

    def _begin(self, start: int) -> Begun | Refused:
        self._spare_pause_s = SPARE_AFTER_S
        self._spare_at = time.monotonic() + SPARE_AFTER_S
        try:
            begun = self._spare or self._fork()
        except OSError as error:
            return Refused(error.errno or 0)
        self._spare = None
        # Where it has ended already, that is what the daemon is told next.
        with suppress(OSError), begun.telling:
            socket.send_fds(begun.telling, [BEGIN], [start])
        return Begun(begun.pid)

    def _keep_spare(self) -> None:
        self._spare_at = time.monotonic() + self._spare_pause_s
        with suppress(OSError):  # There may be room later.
            self._spare = self._fork()

    def _fork(self) -> Spare:
        telling, listening = socket.socketpair()
        with listening:
            server = os.getpid()
            try:
                pid = os.fork()
            except OSError:
                telling.close()
                raise
            if pid == 0:
                _become(listening.fileno(), self._lifeline, server)
        return Spare(pid, telling)

    def _bury(self) -> None:
        """Tells the daemon who has ended."""
        while (ended := _next_ended()) is not None:
            if self._spare is not None and ended.pid == self._spare.pid:
                self._spare.telling.close()
                self._spare = None
                self._spare_pause_s = min(2 * self._spare_pause_s, SPARE_AFTER_S_MAX)
                self._spare_at = time.monotonic() + self._spare_pause_s
            else:
                self._tell(ended)

    def _tell(self, message: Told) -> None:
        with suppress(ConnectionError):
            self._daemon.sendall(line_of(message))


def main(parent: int, daemon: int, lifeline: int, modules: Sequence[str]) -> None:
    """Serves until the daemon is gone.

    Args:
        parent: the daemon's process.
        daemon: the descriptor of a socket, whose other end is the daemon's.
        lifeline: that of a pipe's end on which nothing ever comes; it ends with the daemon.
        modules: what to import beside what all actors need.
    """
    end_with(parent)
    for module in modules:
        with suppress(Exception):  # Whoever needs it will tell, and the others go on.
            importlib.import_module(module)
    child.prepare()
    # What is there stays: a collector that looks at it would write to pages that all actors share.
    gc.freeze()
    # It inherits to those that it forks, who take their turn again once they serve.
    stand_back()
    ForkServer(socket.socket(fileno=daemon), lifeline).serve()


def _become(listening: int, lifeline: int, server: int) -> NoReturn:
    """This process, which was just forked, is an actor's from now on."""
    code = child.EXIT_FAILED
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        code = child.run(listening, lifeline, server)
    finally:
        # Nothing of the server is to be cleaned up here.
        with suppress(OSError, ValueError):
            sys.stdout.flush()
        os._exit(code)


def _next_ended() -> Ended | None:
    with suppress(ChildProcessError):
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid:
            return Ended(pid, os.waitstatus_to_exitcode(status))
    return None


def _nothing(*_: object) -> None:
    """A handler has to be there, or the signal wakes nobody."""
