"""Owns the reading of single keys from a terminal."""

from __future__ import annotations

import os
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager

import anyio


@contextmanager
def single_keys() -> Iterator[None]:
    """Keys come one at a time and unseen inside the block, where standard input is a terminal."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


async def pressed(*keys: str) -> None:
    """Waits, inside `single_keys`, until one of some keys is pressed or the terminal is gone.

    For ever where there was none to begin with.
    """
    if not sys.stdin.isatty():
        await anyio.sleep_forever()
    while True:
        await anyio.wait_readable(sys.stdin)
        key = os.read(sys.stdin.fileno(), 1)
        if not key or key.decode(errors="replace") in keys:
            return
