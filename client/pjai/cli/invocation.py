"""Owns what every command shares: its common options, its connection, and its errors' way to the shell."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass

import anyio
import click

from pjai.cli.output import Output
from pjai.database import Database
from pjai.opening import connect
from pjai_wire.errors import NotRunning, PjaiError, RequestError

CLIENT = "pjai"
"""What the command calls itself in the audit trail."""

WAIT_S = 2.0

EX_UNAVAILABLE = 69
"""From sysexits(3): a service is not there."""

EXIT_BROKEN_PIPE = 141
"""128 + SIGPIPE, as shells have it."""


@dataclass(frozen=True)
class Invocation:
    """One run of a command."""

    output: Output
    endpoint: str | None
    wait: float

    def connect(self, client: str = CLIENT) -> AbstractAsyncContextManager[Database]:
        """The daemon, inside the block."""
        return connect(self.endpoint, client=client, wait=self.wait)


Body = Callable[..., Awaitable[None]]
"""A command: takes its invocation, and what click makes of its options as keywords."""


def invoked(body: Body) -> Callable[..., None]:
    """Makes a coroutine function what click calls, with the options that all commands have."""

    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    @click.option("--endpoint", metavar="ADDRESS", help="The daemon's request socket.  [env: PJAI_ENDPOINT]")
    @click.option(
        "--wait",
        type=click.FloatRange(min=0),
        default=WAIT_S,
        show_default=True,
        metavar="SECONDS",
        help="How long to wait for a daemon.",
    )
    @functools.wraps(body)
    def run(*, as_json: bool, endpoint: str | None, wait: float, **options: object) -> None:
        output = Output(as_json=as_json)
        try:
            anyio.run(functools.partial(body, Invocation(output, endpoint, wait), **options))
        except PjaiError as problem:
            output.problem(problem)
            code = EX_UNAVAILABLE if isinstance(problem, NotRunning) else 1
            raise click.exceptions.Exit(code) from None
        except UnicodeEncodeError:
            # What is no UTF-8 on a command line comes as text that cannot be encoded.
            raise click.UsageError("what was given is not text in UTF-8") from None
        except BrokenPipeError:
            # Python flushes standard output once more at its end, and would complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise click.exceptions.Exit(EXIT_BROKEN_PIPE) from None

    return run


@contextmanager
def reading_the_command_line() -> Iterator[None]:
    """What cannot be understood inside the block is the command line's fault.

    Raises:
        UsageError: what was wrong with it.
    """
    try:
        yield
    except RequestError as problem:
        raise click.UsageError(str(problem), click.get_current_context(silent=True)) from None
