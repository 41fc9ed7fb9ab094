"""Owns the command's tree, and what its end means to the shell."""

from __future__ import annotations

from collections.abc import Sequence

import click

from pjai.cli import EXIT_INTERRUPTED
from pjai.cli.commit import commit
from pjai.cli.document import document
from pjai.cli.events import events
from pjai.cli.health import health, status
from pjai.cli.query import count, get, query
from pjai.cli.rebuild import rebuild
from pjai.cli.remember import remember
from pjai.cli.watch import watch
from pjai_wire import version


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version.PACKAGE, prog_name="pjai", message="%(prog)s %(version)s")
def pjai() -> None:
    """Asks and tells the PJai daemon.

    Each command takes --json and --endpoint. Exit codes: 0 as asked, 1 not so, 2 the command line is wrong,
    69 no daemon answers.
    """


for one in (status, health, query, count, get, watch, commit, events, rebuild, document, remember):
    pjai.add_command(one)


def run(arguments: Sequence[str] | None) -> int:
    """Carries out a command line; returns the exit code."""
    try:
        code = pjai.main(arguments, prog_name="pjai", standalone_mode=False)
    except click.ClickException as problem:
        problem.show()
        return problem.exit_code
    except click.Abort:
        return EXIT_INTERRUPTED
    return code if isinstance(code, int) else 0
