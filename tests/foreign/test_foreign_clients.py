"""Programs in other languages, and with other libraries, do the whole job through the protocol alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from pjai_wire.version import PROTOCOL
from tests.foreign.conftest import HERE, Daemon, Node

PROTOCOL_DOCUMENT = Path(__file__).parents[2] / "shared" / "PROTOCOL.md"
RUN_TIMEOUT_S = 120


def lines_of(command: list[str], runtime_directory: Path | None = None) -> list[str]:
    """What a program wrote, line by line."""
    environment = os.environ | ({"PJAI_RUNTIME_DIR": str(runtime_directory)} if runtime_directory else {})
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=RUN_TIMEOUT_S, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def check_client(command: list[str], daemon: Daemon) -> None:
    """The clients in this folder do the same things, tell them in one line, and must see the same."""
    (line,) = lines_of([*command, daemon.endpoint])
    saw: dict[str, Any] = json.loads(line)
    assert saw["version"] == PROTOCOL
    assert saw["repeated"] is True
    assert saw["row"]["name"] == "Bread"
    assert saw["row"]["createdAt"] == 1_750_000_000_000
    assert saw["row"]["embedding"] == [0.25, -1.0, 1.5]
    assert saw["counted"] == 1
    assert saw["before"] == [[saw["persona"], False]]
    assert saw["after"] == [[saw["persona"], True]]
    assert saw["gaps"] == 0
    assert saw["pulsed"] is True
    assert saw["refused"] == "unknown_column"


def example(language: str) -> str:
    """The complete client that PROTOCOL.md gives in a language."""
    _, clients = PROTOCOL_DOCUMENT.read_text(encoding="utf-8").split("\n## Complete clients\n")
    found = re.search(rf"```{language}\n(.*?)```", clients, re.DOTALL)
    assert found
    return found[1]


def check_example(command: list[str], daemon: Daemon) -> None:
    """An example finds the daemon by itself, and prints a persona before and after it is activated."""
    directory = Path(daemon.endpoint.removeprefix("ipc://")).parent
    before, after = lines_of(command, directory)
    assert re.search(r"Ada .*false", before, re.IGNORECASE)
    assert re.search(r"Ada .*true", after, re.IGNORECASE)


def test_the_lock_file_names_no_registry() -> None:
    lock = (HERE / "package-lock.json").read_text(encoding="utf-8")
    assert '"integrity"' in lock
    assert "://" not in lock


def test_python_with_plain_msgpack(daemon: Daemon) -> None:
    check_client([sys.executable, str(HERE / "client.py")], daemon)


def test_javascript(daemon: Daemon, node: Node) -> None:
    check_client(node.command("client.mjs", (HERE / "client.mjs").read_text(encoding="utf-8")), daemon)


def test_example_in_python(daemon: Daemon) -> None:
    check_example([sys.executable, "-c", example("python")], daemon)


def test_example_in_javascript(daemon: Daemon, node: Node) -> None:
    check_example(node.command("example.mjs", example("javascript")), daemon)
