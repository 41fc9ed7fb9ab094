"""Owns the life of an actor's process, from the inside: confined, ended with the daemon, and serving."""

from __future__ import annotations

import ctypes
import importlib
import os
import resource
import signal
import sys
import threading
from functools import partial
from multiprocessing.connection import Connection

import anyio

from pjai.actor import Actor
from pjai.serving import serve
from pjaid.process import GIVEN_BACK_EVERY_S, give_back, share_one_heap
from pjaid.supervisor.child_logs import ActorLog
from pjaid.supervisor.entry import Start
from pjaid.supervisor.standing_back import STANDS_BACK_S, stand_back_no_more

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
"""Of prctl(2)."""

EXIT_FAILED, EXIT_WITHOUT_DAEMON = 1, 75
STANDARD_ERROR = 2


def run(start: Start, lifeline: Connection) -> None:
    """As `entry.main`."""
    share_one_heap()
    _let_go_of_descriptors(lifeline.fileno())
    os.environ.update(start.secrets)
    _confine(start)
    threading.Thread(target=_end_with, args=(lifeline,), name="lifeline", daemon=True).start()
    log = ActorLog(start.name)
    log.install()
    try:
        declared = _declared(start.actor)
        anyio.run(partial(serve, declared, endpoint=start.endpoint, token=start.token))
    except BaseException as failure:
        # Whoever began this process would print it, text and all: also that of a `sys.exit`.
        log.tell("actor_failed", error=failure)
        sys.exit(EXIT_FAILED)


def _let_go_of_descriptors(kept: int) -> None:
    """Lets go of every open file that came along, but the standard ones and one more.

    What this process was forked from ends when nobody else holds the pipe to it, which came along too.
    """
    nothing = os.open(os.devnull, os.O_RDWR)
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 # names are all that is asked for
        descriptor = int(name)
        if descriptor > STANDARD_ERROR and descriptor not in (kept, nothing):
            # Not closed: whoever opened it may close it yet, when the number would be another's.
            os.dup2(nothing, descriptor, inheritable=False)
    os.close(nothing)


def _confine(start: Start) -> None:
    """Gives up what an actor has no need of."""
    # The terminal's Ctrl-C is for the daemon, and what this process begins is to end with it, by its group. A
    # session of its own would be scheduled apart on Linux, and begin twice as slowly.
    os.setpgid(0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (start.open_files_max, start.open_files_max))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_DATA, (start.memory_bytes_max, start.memory_bytes_max))
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        # One that hangs could not see its lifeline end. What it was forked from ends with the daemon.
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _end_with(lifeline: Connection) -> None:
    try:
        is_ended = lifeline.poll(STANDS_BACK_S)
        stand_back_no_more()
        while not is_ended:
            is_ended = lifeline.poll(GIVEN_BACK_EVERY_S)
            give_back()
        lifeline.recv_bytes()
    except (EOFError, OSError):
        os._exit(EXIT_WITHOUT_DAEMON)


def _declared(place: str) -> Actor:
    module, _, attribute = place.partition(":")
    actor = getattr(importlib.import_module(module), attribute)
    assert isinstance(actor, Actor), place
    return actor
