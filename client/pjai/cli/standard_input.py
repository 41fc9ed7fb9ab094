"""Owns the reading of standard input: while the command line is read, where an interrupt ends it.

Inside the event loop it would not: there SIGINT cancels a task, and nothing cancels a read that blocks.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import click


def given_or_read(asked: str, *, unless: str | None = None) -> Callable[..., bytes]:
    """What makes an argument bytes: its own, or where it is not given those of standard input.

    Args:
        asked: what to tell whoever gives neither.
        unless: an argument before this one; where that is given, nothing is read and this one is empty.
    """

    def convert(context: click.Context, parameter: click.Parameter, value: str | None) -> bytes:
        if value is not None:
            return os.fsencode(value)
        if unless is not None and context.params[unless] is not None:
            return b""
        # Python has no standard input where the shell closed it.
        if sys.stdin is None or sys.stdin.isatty():
            raise click.UsageError(f"{asked}, or on standard input")
        return sys.stdin.buffer.read()

    return convert
