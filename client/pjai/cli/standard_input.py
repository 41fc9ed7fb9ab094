"""Owns the reading of standard input: while the command line is read, where an interrupt ends it.

Inside the event loop it would not: there SIGINT cancels a task, and nothing cancels a read that blocks.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

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
        return read_all(asked)

    return convert


def read_all(asked: str) -> bytes:
    """What standard input holds.

    Raises:
        click.UsageError: it is closed or a terminal; the message begins with `asked`.
    """
    # Python has no standard input where the shell closed it.
    if sys.stdin is None or sys.stdin.isatty():
        raise click.UsageError(f"{asked}, or on standard input")
    with _interrupted_at_once():
        return sys.stdin.buffer.read()


@contextmanager
def _interrupted_at_once() -> Iterator[None]:
    """Leaves SIGINT to the system inside the block.

    Python's own handler only makes a note where a signal comes between two reads, and the second then blocks.
    """
    python_s = signal.getsignal(signal.SIGINT)
    if python_s is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, python_s)
