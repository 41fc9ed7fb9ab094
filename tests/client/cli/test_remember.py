"""`pjai remember`: texts become memories, each once."""

from __future__ import annotations

from pathlib import Path

import pytest

import pjai
from pjai import memories, v1
from pjai.cli.remembering import FILE_BYTES_MAX, found_in, read_source
from pjai.testing import Daemon
from pjai_wire.records import MemoryEntity
from tests.client.cli.shell import Shell

TEXT = """# Bread

Feed the starter on Sundays. It likes rye.

## Water

Lukewarm.

Lukewarm.
"""


@pytest.fixture
def bread(tmp_path: Path) -> str:
    path = tmp_path / "Bread notes.md"
    path.write_text(TEXT)
    return str(path)


@pytest.fixture
def name() -> str:
    """A persona's name that no other test has."""
    return f"Ada {pjai.new_id()}"


def remembered(daemon: Daemon, persona_id: str) -> list[MemoryEntity]:
    with pjai.blocking.connect(daemon.endpoint) as db:
        found = db.query(memories.where(persona_id=persona_id))
    return sorted(found, key=lambda memory: memory.content["position"])


def test_paragraphs_become_memories_under_their_headings(
    shell: Shell, daemon: Daemon, bread: str, name: str
) -> None:
    done = shell(
        "remember", "--persona", name, "--type", "concept", "--importance", "70", bread, "--json"
    ).document

    found = remembered(daemon, done["personaId"])
    assert done["files"] == [{"source": "Bread notes.md", "remembered": 3, "known": 0}]
    assert done["personaCreated"] is True
    assert [(memory.name, memory.summary) for memory in found] == [
        ("Bread", "Feed the starter on Sundays. It likes rye."),
        ("Bread > Water", "Lukewarm."),
        ("Bread > Water", "Lukewarm."),
    ]
    assert found[1].content == {
        "text": "Lukewarm.",
        "source": "Bread notes.md",
        "heading": ["Bread", "Water"],
        "position": 1,
    }
    assert {(memory.type, memory.importance, memory.tags) for memory in found} == {
        ("concept", 70, ("bread", "notes"))
    }


def test_it_is_said_that_nobody_looked_for_what_is_sensitive(shell: Shell, bread: str, name: str) -> None:
    done = shell("remember", "--persona", name, bread)
    assert "nobody looked for what is sensitive" in done.err
    assert "sensitive" not in shell("remember", "--persona", name, bread).err


def test_to_remember_again_adds_only_what_is_new(shell: Shell, daemon: Daemon, bread: str, name: str) -> None:
    first = shell("remember", "--persona", name, bread, "--json").document
    again = shell("remember", "--persona", name, bread, bread)
    with Path(bread).open("a") as file:
        file.write("\nCold in summer.\n")
    third = shell("remember", "--persona", first["personaId"], bread, "--json").document

    assert (first["remembered"], first["known"]) == (3, 0)
    assert again.out.splitlines()[-1].startswith(f"{name} remembers 0 more; 3 were known")
    assert (third["remembered"], third["known"]) == (1, 3)
    assert third["personaCreated"] is False
    assert len(remembered(daemon, first["personaId"])) == 4


def test_what_was_deleted_is_not_brought_back(shell: Shell, daemon: Daemon, bread: str, name: str) -> None:
    done = shell("remember", "--persona", name, bread, "--json").document
    with pjai.blocking.connect(daemon.endpoint) as db:
        db.commit(v1.MemoryEntityDeleted(id=remembered(daemon, done["personaId"])[0].id))

    assert shell("remember", "--persona", name, bread, "--json").document["known"] == 3


def test_many_paragraphs_go_into_commits_of_many_events(shell: Shell, tmp_path: Path, name: str) -> None:
    path = tmp_path / "long.txt"
    path.write_text("\n\n".join(f"Paragraph {number}." for number in range(120)))

    done = shell("remember", "--persona", name, str(path), "--json").document

    found = shell("events", "--persona", done["personaId"], "--json").lines
    assert done["remembered"] == 120
    assert len(found) == 121
    assert len({event["commitId"] for event in found}) == 3
    assert found[0]["commitId"] == found[1]["commitId"]


def test_the_limits_of_every_field_are_kept(shell: Shell, daemon: Daemon, tmp_path: Path, name: str) -> None:
    path = tmp_path / f"{'a-' * 110}.md"
    path.write_text(f"# {'heading ' * 200}\n\n## {'inner ' * 80}\n\n{'word ' * 3_000}\n\n{'x' * 5_000}")

    done = shell("remember", "--persona", name, str(path), "--json").document

    kept = "".join(memory.content["text"] for memory in remembered(daemon, done["personaId"]))
    assert kept.count("word") == 3_000
    assert kept.count("x") == 5_000


def test_a_persona_can_be_required_to_exist(shell: Shell, bread: str, name: str) -> None:
    refused = shell("remember", "--no-create", "--persona", name, bread)

    assert refused.code == 1
    assert name in refused.err
    assert shell("count", "personas", "--where", f"name={name}").out == "0\n"


def test_a_persona_is_found_by_its_name_before_another_by_its_id(
    shell: Shell, daemon: Daemon, bread: str, name: str
) -> None:
    named = pjai.new_id()
    with pjai.blocking.connect(daemon.endpoint) as db:
        db.commit(
            v1.PersonaCreated(id=name, name=f"Not {name}"),
            v1.PersonaCreated(id=named, name=name),
        )

    assert shell("remember", "--persona", name, bread, "--json").document["personaId"] == named


@pytest.mark.parametrize("content", [b"\xff\xfe\x00binary", b"text\0text", b"x" * (FILE_BYTES_MAX + 1)])
def test_what_is_no_text_stops_everything_before_it_begins(
    shell: Shell, tmp_path: Path, bread: str, name: str, content: bytes
) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(content)

    refused = shell("remember", "--persona", name, bread, str(path))

    assert refused.code == 2
    assert "picture.png" in refused.err
    assert str(tmp_path) not in refused.err
    assert shell("count", "personas", "--where", f"name={name}").out == "0\n"


def test_an_empty_file_makes_neither_memories_nor_a_persona(shell: Shell, tmp_path: Path, name: str) -> None:
    path = tmp_path / "empty.md"
    path.write_text("\n")

    done = shell("remember", "--persona", name, str(path), "--json").document

    assert (done["remembered"], done["personaCreated"]) == (0, False)
    assert shell("remember", "--persona", name, str(path)).code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["--persona", "Ada"],
        ["missing.md"],
        ["--persona", "Ada", "missing.md"],
        ["--persona", "Ada", "."],
        ["--persona", "Ada", "--importance", "101", __file__],
        ["--persona", "Ada", "--type", "dream", __file__],
    ],
)
def test_a_command_line_that_means_nothing_is_told(shell: Shell, arguments: list[str]) -> None:
    assert shell("remember", *arguments).code == 2


def test_ids_follow_from_persona_file_name_and_text(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    here, there = tmp_path / "x.md", tmp_path / "elsewhere" / "x.md"
    here.write_text(TEXT)
    there.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())

    ids = [one.id for one in found_in(read_source(here), "ada")]

    assert len(set(ids)) == 3
    assert [one.id for one in found_in(read_source(there), "ada")] == ids
    assert not {one.id for one in found_in(read_source(here), "eve")} & set(ids)
