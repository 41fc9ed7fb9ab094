"""Owns the life of an actor's process, from the inside: confined, ended with the daemon, and serving."""

from __future__ import annotations

import importlib
import os
import resource
import select
import socket
import sys
import threading

import anyio

from pjai import exchange
from pjai.actor import Actor
from pjai.serving import serve
from pjai_wire.methods import METHODS
from pjaid.process import (
    EXIT_WITHOUT_PARENT,
    GIVEN_BACK_EVERY_S,
    end_with,
    forbid_core_dumps,
    forbid_new_privileges,
    give_back,
    share_one_heap,
)
from pjaid.supervisor.child_logs import ActorLog
from pjaid.supervisor.fork_messages import BEGIN, Start, decode_start
from pjaid.supervisor.standing_back import STANDS_BACK_S, stand_back_no_more

EXIT_FAILED = 1
STANDARD_OUTPUT, STANDARD_ERROR = 1, 2


def prepare() -> None:
    """Makes what every actor has need of, in what they are forked from, where it is made once for all."""
    exchange.prepare(METHODS.values())


def run(listening: int, lifeline: int, server: int) -> int:
    """Waits to be told which actor this is, and serves as it until the daemon ends it, or is gone.

    Args:
        listening: the descriptor of a socket; with a byte on it comes another, from which that is read.
        lifeline: one from which nothing is ever read; it ends with the daemon, however that ends.
        server: the process that this one was forked from.

    Returns:
        The exit code.
    """
    log = ActorLog()
    log.install()
    try:
        share_one_heap()
        _let_go_of_descriptors({listening, lifeline})
        _confine(server)
        anyio.run(_serve, listening, lifeline, log)
    except BaseException as failure:
        # Also a `sys.exit`, whose text is not ours: no exception leaves this process but by its log.
        log.tell("actor_failed", error=failure)
        return EXIT_FAILED
    return 0


async def _serve(listening: int, lifeline: int, log: ActorLog) -> None:
    # The loop is there before it is known who will serve in it, and nothing else runs in it yet.
    start = _told(listening, lifeline)
    log.actor = start.name
    threading.Thread(target=_end_with, args=(lifeline,), name="lifeline", daemon=True).start()
    _limit(start)
    os.environ.update({name: os.fsdecode(value) for name, value in start.secrets.items()})
    await serve(_declared(start.actor), endpoint=start.endpoint, token=start.token)


def _let_go_of_descriptors(kept: set[int]) -> None:
    """Lets go of every open file that came along, but some, standard input and standard error.

    What it prints is its author's wording, and the daemon's standard output is kept as a log, as a rule.
    """
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, STANDARD_OUTPUT)
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 # names are all that is asked for
        descriptor = int(name)
        if descriptor > STANDARD_ERROR and descriptor not in {*kept, nothing}:
            # Not closed: whoever opened it may close it yet, when the number would be another's.
            os.dup2(nothing, descriptor, inheritable=False)
    os.close(nothing)


def _confine(server: int) -> None:
    """Gives up what no actor has need of."""
    # One that hangs could not see its lifeline end. What it was forked from ends with the daemon.
    end_with(server)
    # The terminal's Ctrl-C is for the daemon, and what this process begins is to end with it, by its group. A
    # session of its own would be scheduled apart on Linux, and begin twice as slowly.
    os.setpgid(0, 0)
    forbid_core_dumps()
    forbid_new_privileges()


def _limit(start: Start) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (start.open_files_max, start.open_files_max))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_DATA, (start.memory_bytes_max, start.memory_bytes_max))


def _told(listening: int, lifeline: int) -> Start:
    """Waits until it is said which actor this is."""
    waiting = select.poll()
    waiting.register(listening, select.POLLIN)
    waiting.register(lifeline, select.POLLIN)
    ready = dict(waiting.poll())
    if lifeline in ready:
        os._exit(EXIT_WITHOUT_PARENT)
    with socket.socket(fileno=listening) as server:
        told, starts, _, _ = socket.recv_fds(server, len(BEGIN), 1)
    if not told:
        os._exit(EXIT_WITHOUT_PARENT)
    with os.fdopen(starts[0], "rb") as start:
        return decode_start(start.read())


def _end_with(lifeline: int) -> None:
    waiting = select.poll()
    waiting.register(lifeline, select.POLLIN)
    is_ended = waiting.poll(1000 * STANDS_BACK_S)
    stand_back_no_more()
    while not is_ended:
        is_ended = waiting.poll(1000 * GIVEN_BACK_EVERY_S)
        give_back()
    os._exit(EXIT_WITHOUT_PARENT)


def _declared(place: str) -> Actor:
    module, _, attribute = place.partition(":")
    actor = getattr(importlib.import_module(module), attribute)
    assert isinstance(actor, Actor), place
    return actor
