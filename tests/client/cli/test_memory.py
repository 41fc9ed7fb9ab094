"""`pjai memory`: what people ask of the memory steward."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import pjai
from pjai import blocking, memories, v1
from pjai.testing import daemon
from tests.client.cli.shell import Shell


@pytest.fixture
def db(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Iterator[blocking.Database]:
    """A daemon with a steward, which the shell asks, and a persona."""
    with daemon(actors="memory") as running, blocking.connect(running.endpoint) as database:
        monkeypatch.setenv("PJAI_ENDPOINT", running.endpoint)
        database.commit(v1.PersonaCreated(id="ada", name="Ada", settings={"sanitiser": "redact"}))
        yield database


def remember(shell: Shell, *words: str) -> str:
    made: str = shell("memory", "remember", *words, "--persona", "Ada", "--json").document["id"]
    return made


def test_a_persona_remembers_by_its_name(shell: Shell, db: blocking.Database) -> None:
    words = ("memory", "remember", "Ada", "ada@example.org", "--persona", "Ada", "--tag", "mail")
    ended = shell(*words)
    assert ended.out.startswith("remembered, 1 redacted: ")
    (row,) = db.query(memories)
    assert (row.name, row.content, row.tags) == ("Ada", {"text": "[redacted: email]"}, ("mail",))
    assert shell(*words).out.startswith("remembered already, 1 redacted: ")
    assert db.count(memories) == 1


def test_a_file_is_remembered_without_what_is_sensitive(
    shell: Shell, db: blocking.Database, tmp_path: Path
) -> None:
    path = tmp_path / "notes.txt"
    told = [f"Paragraph {number}." for number in range(119)]
    path.write_text("\n\n".join(["Write to ada@example.org.", *told]))
    # It stands in the text, and in its summary.
    first = shell("remember", "--persona", "Ada", str(path), "--json").document
    assert (first["remembered"], first["redactions"], first["isLookedThrough"]) == (120, 2, True)
    texts = {row.content["text"] for row in db.query(memories.limit(200))}
    assert texts == {"Write to [redacted: email].", *told}
    again = shell("remember", "--persona", "Ada", str(path), "--json").document
    assert (again["remembered"], again["known"], again["seq"]) == (0, 120, first["seq"])
    other = shell("remember", "--persona", "Bo", str(path))
    assert "sensitive" not in other.err
    events = db.events(client="actor.memory", limit=1_000).events
    # Bo's privacy level lets it stand. Each file is three commits.
    assert len(events) == 2 * 120
    assert len({event.commit_id for event in events}) == 2 * 3


def test_memories_are_touched_connected_pinned_and_forgotten(shell: Shell, db: blocking.Database) -> None:
    one, two = remember(shell, "One"), remember(shell, "Two")
    assert shell("memory", "connect", one, two, "--kind", "needs", "--json").document.keys() == {"id", "seq"}
    for command, said in (("touch", "touched"), ("pin", "pinned"), ("unpin", "unpinned")):
        assert shell("memory", command, one).out.startswith(f"{said}: {one}; seq ")
    shell("memory", "pin", one)
    row = db.get(memories, one)
    assert row is not None
    assert (row.pinned, row.connection_count) == (True, 1)
    assert shell("memory", "forget", one, "--json").document["id"] == one
    assert db.get(memories, one) is None


def test_an_unknown_persona_or_memory_is_an_error(shell: Shell, db: blocking.Database) -> None:
    ended = shell("memory", "remember", "x", "--persona", "Bo")
    assert (ended.code, "there is no persona 'Bo'" in ended.err) == (1, True)
    assert shell("memory", "touch", "nothing").code == 1
    assert db.count(memories) == 0


def test_memories_are_tended_now(shell: Shell, db: blocking.Database) -> None:
    db.memory.tend()
    one = remember(shell, "One")
    db.commit(v1.MemoryEntityUpdated(id=one, importance=60))
    assert shell("memory", "tend", "--persona", "Ada").out == "1 memories looked at one by one, 1 moved\n"
    assert shell("memory", "tend", "--json").document == {"seen": 0, "moved": 0}
    assert shell("memory", "tend", "--persona", "Bo").code == 1
    status = shell("memory", "status", "--json").document
    assert (status["isAtWork"], status["seen"], status["moved"]) == (False, 0, 0)
    assert "state\tat rest\n" in shell("memory", "status").out


def test_what_is_to_go_goes_now(shell: Shell, db: blocking.Database) -> None:
    # The clean-up with which the actor begins is over then.
    db.memory.clean()
    db.commit(
        v1.MemoryEntityCreated(id="old", persona_id="ada", type="task", name="Old", last_accessed_at=0),
        v1.SystemConfigSet(id="memory.purgeAfterDays", value="soon"),
    )
    assert shell("memory", "clean").out == (
        "expired\t1 memories\npurged\t0 memories\narchived\t0 conversations\nunlinked\t0 connections\n"
    )
    assert shell("memory", "clean", "--json").document == {
        "expired": 0,
        "purged": 0,
        "archived": 0,
        "unlinked": 0,
    }
    told = shell("memory", "status").out
    assert "expired\t1 memories\n" in told
    assert "memory.purgeAfterDays\t7 (by default: its row is not valid)\n" in told


def test_without_a_steward_it_says_so(shell: Shell) -> None:
    ended = shell("memory", "touch", pjai.new_id())
    assert ended.code == 2
    assert "the actor memory, which does not run" in ended.err
