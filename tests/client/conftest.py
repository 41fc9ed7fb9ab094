"""Owns what the client's tests share: a connection to the real daemon, and a fake daemon."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import pjai
from pjai.testing import Daemon
from tests.client.fake_daemon import FakeDaemon


@pytest.fixture
async def db(daemon: Daemon) -> AsyncIterator[pjai.Database]:
    """A connection to the daemon that all tests share."""
    async with pjai.connect(daemon.endpoint, client="tests") as database:
        yield database


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A directory whose path leaves room for a socket's name, as pytest's own may not."""
    with TemporaryDirectory(prefix="pjai-") as directory:
        yield Path(directory)


@pytest.fixture
async def fake(short_path: Path) -> AsyncIterator[FakeDaemon]:
    """A daemon whose every answer the test decides."""
    async with FakeDaemon(short_path) as running:
        yield running
