"""Owns what every command shares: its common options, its connection, and its errors' way to the shell."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
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

EX_REQUEST = 2
"""What click has for a command line that is wrong; one that asks for what cannot be asked is too."""

EX_UNAVAILABLE = 69
"""From sysexits(3): a service is not there."""


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
            raise click.exceptions.Exit(_exit_code(problem)) from None
        except UnicodeEncodeError:
            # What is no UTF-8 on a command line comes as text that cannot be encoded.
            raise click.UsageError("what was given is not text in UTF-8") from None
        except OSError as problem:
            raise click.exceptions.Exit(output.failed(problem)) from None

    return run


def _exit_code(problem: PjaiError) -> int:
    """What a problem is to the shell, whoever noticed it: this command or the daemon."""
    match problem:
        case RequestError():
            return EX_REQUEST
        case NotRunning():
            return EX_UNAVAILABLE
        case _:
            return 1
