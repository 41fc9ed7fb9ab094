"""Owns the entry of the command `pjai`, which says what to install where its extra is missing."""

from __future__ import annotations

import sys
from collections.abc import Sequence

OUR_PACKAGES = ("pjai", "pjai_wire")

EX_CONFIG = 78
"""From sysexits(3): something is not set up as it must be."""

EXIT_INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs `pjai`.

    Args:
        arguments: those after the program's name; by default the process's own.

    Returns:
        The exit code.
    """
    try:
        # Not before now: without the extra there would be nobody to say so.
        from pjai.cli.command import run

        return run(arguments)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in OUR_PACKAGES:
            raise
        sys.stderr.write(f'pjai: {package} is not installed\n      pip install "pjai[cli]"\n')
        return EX_CONFIG
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
