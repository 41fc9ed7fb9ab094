"""Owns what every test may ask for: the event loop, and one real daemon for the whole run."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

import pjai.testing

TICK_INTERVAL_MS = 50
"""Short, as some tests wait for ticks."""


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As shells start what runs in the background. The commands that tests interrupt would ignore it too.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """ZeroMQ's sockets need asyncio."""
    return "asyncio"


@pytest.fixture(scope="session")
def daemon() -> Iterator[pjai.testing.Daemon]:
    """A daemon that all tests share: each makes its own records, and none stops it."""
    with pjai.testing.daemon(tick_interval_ms=TICK_INTERVAL_MS) as running:
        yield running
