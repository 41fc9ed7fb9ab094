"""Owns the command's tree, and what its end means to the shell."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from pjai.cli import EXIT_INTERRUPTED
from pjai.cli.actors import actors
from pjai.cli.commit import commit
from pjai.cli.document import document
from pjai.cli.embedder import embedder
from pjai.cli.events import events
from pjai.cli.health import health, status
from pjai.cli.insight import explain, live
from pjai.cli.memory import memory
from pjai.cli.optimiser import optimiser
from pjai.cli.output import Output
from pjai.cli.persona import persona
from pjai.cli.query import count, get, query
from pjai.cli.rebuild import rebuild
from pjai.cli.remember import remember
from pjai.cli.search import recall, search
from pjai.cli.top import top
from pjai.cli.watch import watch
from pjai_wire import version
from pjai_wire.errors import RequestError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version.PACKAGE, prog_name="pjai", message="%(prog)s %(version)s")
def pjai() -> None:
    """Asks and tells the PJai daemon.

    Each command takes --json and --endpoint. Exit codes: 0 as asked, 1 not so, 2 what is asked for is wrong,
    69 no daemon answers, 74 a file or standard output fails.
    """


for one in (
    *(status, health, query, count, get, watch, commit, events, rebuild, document, remember),
    *(search, recall, explain, live, actors, memory, persona, optimiser, embedder, top),
):
    pjai.add_command(one)


class InvalidCommandLine(RequestError):
    """The command line asks for what no command takes."""

    code = "invalid_command_line"


def run(arguments: Sequence[str] | None) -> int:
    """Carries out a command line; returns the exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    # A command line that is wrong has no parsed options.
    as_json = "--json" in words
    try:
        code = pjai.main(words, prog_name="pjai", standalone_mode=False)
        # Not left to the process's end, where nobody could tell what went wrong.
        sys.stdout.flush()
    except click.ClickException as problem:
        if as_json:
            Output(as_json=True).problem(InvalidCommandLine(problem.format_message()))
        else:
            problem.show()
        return problem.exit_code
    except click.Abort:
        return EXIT_INTERRUPTED
    except OSError as failure:
        return Output(as_json=as_json).failed(failure)
    return code if isinstance(code, int) else 0
