"""Owns what the command's tests share: a shell in which to run it, and records of a test's own."""

from __future__ import annotations

import io
import os
import sys

import pytest

import pjai
from pjai import v1
from pjai.cli import main
from pjai.testing import Daemon
from tests.client.cli.shell import Ended, House, Shell


@pytest.fixture
def shell(daemon: Daemon, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Runs `pjai` with arguments, and what stands on its standard input, in this process."""
    monkeypatch.setenv("PJAI_ENDPOINT", daemon.endpoint)

    def run(*arguments: str, stdin: bytes = b"") -> Ended:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = main(arguments)
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return run


@pytest.fixture
def house(daemon: Daemon) -> House:
    """A persona with three memories."""
    owner = pjai.new_id()
    ids = [pjai.new_id() for _ in range(3)]
    with pjai.blocking.connect(daemon.endpoint, client="house") as db:
        receipt = db.commit(
            v1.PersonaCreated(id=owner, name=f"Ada {owner}"),
            *(
                v1.MemoryEntityCreated(
                    id=row_id,
                    persona_id=owner,
                    type="concept" if number else "task",
                    name=f"Memory {number}",
                    tags=["bread", f"tag-{number}"],
                    importance=number * 10,
                )
                for number, row_id in enumerate(ids)
            ),
        )
    return House(owner, ids, receipt.seq)


@pytest.fixture
def environment(daemon: Daemon) -> dict[str, str]:
    """What a process of its own needs in order to find the daemon."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME") if name in os.environ}
    return {**kept, "PJAI_ENDPOINT": daemon.endpoint, "PYTHONWARNINGS": "error"}
