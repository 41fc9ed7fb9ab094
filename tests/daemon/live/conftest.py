"""Owns what the tests of live queries share: SQLite, to be asked."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from pjaid.store import schema
from pjaid.store.database import open_database
from tests.daemon.live.matching import Oracle


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    connection = open_database(tmp_path_factory.mktemp("live") / "pjai.db", "aegis", secrets.token_bytes(32))
    schema.prepare(connection, "store")
    yield Oracle(connection)
    connection.close()
