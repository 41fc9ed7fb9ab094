"""`pjai persona`: what people ask of personas, and of the actor that looks after them."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
from collections.abc import Iterator

import pytest

import pjai
from pjai import blocking, memories, personas, v1
from pjai.testing import Daemon, daemon
from tests.client.cli.shell import PJAI, Shell

SECRET = "Zanzibar7Quokka"  # noqa: S105 # a test's own
PATIENCE_S = 30


@pytest.fixture(scope="module")
def house() -> Iterator[Daemon]:
    """A daemon with the actor."""
    with daemon(actors="persona") as running:
        yield running


@pytest.fixture
def db(house: Daemon, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Iterator[blocking.Database]:
    """That daemon without personas, which the shell asks."""
    monkeypatch.setenv("PJAI_ENDPOINT", house.endpoint)
    with blocking.connect(house.endpoint) as database:
        yield database
        for persona in database.query(personas):
            database.persona.delete(persona.id)


@pytest.fixture
def ada(shell: Shell, db: blocking.Database) -> str:
    """A persona called Ada."""
    made: str = shell("persona", "create", "Ada", "--trait", "curious", "--json").document["id"]
    return made


def test_a_persona_is_made_shown_changed_and_listed(shell: Shell, ada: str) -> None:
    shown = shell("persona", "show", "Ada", "--json").document
    assert (shown["id"], shown["personality"]["traits"], shown["isActive"]) == (ada, ["curious"], False)
    changes = ("--name", "Ada  Lovelace", "--privacy", "high", "--retention", "30")
    ended = shell("persona", "update", "Ada", *changes)
    assert ended.out.startswith(f"updated: {ada}; seq ")
    shown = shell("persona", "show", ada, "--json").document
    assert (shown["name"], shown["personality"]["traits"]) == ("Ada Lovelace", ["curious"])
    assert (shown["settings"]["privacyLevel"], shown["settings"]["memoryRetention"]) == ("high", 30)
    assert [row["name"] for row in shell("persona", "list", "--json").document] == ["Ada Lovelace"]
    assert shell("persona", "list").table[0]["name"] == "Ada Lovelace"
    assert "name\tAda Lovelace" in shell("persona", "show", ada).out


def test_a_persona_is_activated_deactivated_and_deleted(
    shell: Shell, db: blocking.Database, ada: str
) -> None:
    assert shell("persona", "activate", "Ada").out.startswith(f"activated: {ada}; seq ")
    assert db.count(personas.where(is_active=True)) == 1
    assert shell("persona", "deactivate", "Ada", "--json").document["id"] == ada
    assert db.count(personas.where(is_active=True)) == 0
    assert shell("persona", "delete", "Ada").code != 0
    assert shell("persona", "delete", "Ada", stdin=b"n\n").code != 0
    assert db.count(personas) == 1
    assert shell("persona", "delete", "Ada", "--yes").out.startswith(f"deleted: {ada}; seq ")
    assert db.count(personas) == 0


def test_a_persona_is_duplicated_and_its_memories_are_counted(
    shell: Shell, db: blocking.Database, ada: str
) -> None:
    db.commit(v1.MemoryEntityCreated(id=pjai.new_id(), persona_id=ada, type="task", name="Feed the starter"))
    assert shell("persona", "duplicate", "Ada").out.startswith("created Ada (2): ")
    ended = shell("persona", "duplicate", "Ada", "--with-memories", "--name", "Bo")
    assert ended.out.startswith("created Bo with 1 memories and 0 links: ")
    assert db.count(memories) == 2
    told = shell("persona", "insights", "Bo", "--json").document
    assert (told["memories"], told["byType"], told["growth"][-1]) == (1, {"task": 1}, 1)
    assert "by tier\thot 1" in shell("persona", "insights", "Bo").out
    assert shell("persona", "duplicate", "Ada", "--name", "Bo").code == 1


def test_secrets_come_from_standard_input_and_reveal_says_that_it_is_recorded(shell: Shell, ada: str) -> None:
    ended = shell("persona", "set-secret", "Ada", "private-memory", stdin=f"{SECRET}\nand more\n".encode())
    assert ended.out.startswith(f"set private-memory: {ada}; seq ")
    keys = {"weather": SECRET}
    shell("persona", "set-secret", "Ada", "api-keys", stdin=json.dumps(keys).encode())
    told = shell("persona", "reveal", "Ada", "private-memory")
    assert told.out == f"{SECRET}\nand more\n"
    assert "the audit trail says that you were told: seq " in told.err
    told_keys = shell("persona", "reveal", "Ada", "api-keys", "--json").document
    assert (told_keys["apiKeys"], told_keys["privateMemory"]) == (keys, None)
    assert shell("persona", "reveal", "Ada", "api-keys").out == f"weather\t{SECRET}\n"
    trail = shell("events", "--persona", "Ada")
    assert trail.out.count("v1.PersonaSecretRevealed") == 3
    assert "\t(withheld)" in trail.out
    assert SECRET not in trail.out
    assert shell("events", "--verify", "--json").document["withheld"] >= 2
    assert " withheld" in shell("events", "--verify").out


def test_a_secret_is_removed(shell: Shell, ada: str) -> None:
    shell("persona", "set-secret", "Ada", "private-memory", stdin=SECRET.encode())
    ended = shell("persona", "set-secret", "Ada", "private-memory", "--remove", stdin=b"not read")
    assert ended.out.startswith("removed private-memory: ")
    assert shell("persona", "reveal", "Ada", "private-memory").code == 1


@pytest.mark.parametrize(
    ("words", "stdin", "code"),
    [
        (("set-secret", "Ada", "api-keys"), b"no JSON", 2),
        (("set-secret", "Ada", "api-keys"), json.dumps({"weather": [SECRET]}).encode(), 2),
        (("set-secret", "Ada", "api-keys"), b"{}", 2),
        (("set-secret", "Ada", "private-memory"), b"\xff", 2),
        (("set-secret", "Ada", "private-memory"), b"", 2),
        (("set-secret", "Ada", "private-memory", SECRET), b"", 2),
        (("set-secret", "Ada", "diary"), SECRET.encode(), 2),
        (("set-secret", "Bo", "private-memory"), SECRET.encode(), 1),
        (("update", "Ada"), b"", 2),
        (("create", " "), b"", 2),
        (("create", "Ada"), b"", 1),
        (("show", "Bo"), b"", 1),
        (("activate", "Bo"), b"", 1),
    ],
)
def test_what_is_wrong_is_said(
    shell: Shell, ada: str, words: tuple[str, ...], stdin: bytes, code: int
) -> None:
    ended = shell("persona", *words, stdin=stdin)
    assert (ended.code, ended.out) == (code, "")
    assert ended.err
    assert SECRET not in ended.err or SECRET in words


def test_a_secret_is_typed_unseen(house: Daemon, shell: Shell, ada: str, environment: dict[str, str]) -> None:
    command = [PJAI, "persona", "set-secret", "Ada", "private-memory"]
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command,
        env={**environment, "PJAI_ENDPOINT": house.endpoint},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        seen = _until(ours, b"private memory")
        os.write(ours, f"{SECRET}\n".encode())
        seen += _until(ours, b"seq ")
        assert process.wait(PATIENCE_S) == 0
    os.close(ours)
    assert SECRET.encode() not in seen
    assert shell("persona", "reveal", "Ada", "private-memory").out == f"{SECRET}\n"


def _until(terminal: int, wanted: bytes) -> bytes:
    """What is shown, up to some text."""
    seen = b""
    while wanted not in seen:
        assert select.select([terminal], [], [], PATIENCE_S)[0], seen
        seen += os.read(terminal, 4_096)
    return seen
