"""`pjai search` and `pjai recall`: what is found, as people and programs read it."""

from __future__ import annotations

import re

import pytest

import pjai
from pjai import v1
from pjai.testing import Daemon
from tests.client.cli.shell import Shell

MARCH, JULY = 1_741_000_000_000, 1_752_000_000_000


@pytest.fixture
def ada(daemon: Daemon) -> str:
    """A persona who remembers when what was baked, and a talk about it."""
    name = f"Ada {pjai.new_id()}"

    def memory(text: str, at: int, **fields: object) -> v1.MemoryEntityCreated:
        given = {"type": "event", "persona_id": name, "at": at, **fields}
        return v1.MemoryEntityCreated(id=pjai.new_id(), name=text, **given)  # type: ignore[arg-type] # as given

    with pjai.blocking.connect(daemon.endpoint) as db:
        db.commit(
            v1.PersonaCreated(id=name, name=name, settings={"memoryRetention": 0}),
            memory("baked rye bread", MARCH),
            memory("baked oat bread", JULY),
            memory("did it rise?", JULY + 1, type="conversation"),
            memory("twice its size \x1b[31m", JULY + 2, type="conversation"),
        )
    return name


def test_hits_come_with_their_scores_and_marks(shell: Shell, ada: str) -> None:
    ended = shell("search", "rye bread", "--mode", "words", "--persona", ada)
    assert ended.code == 0
    first, why, snippet, *_ = ended.out.splitlines()
    assert first.endswith("  baked rye bread")
    assert "words 1.00" in why
    assert snippet.strip() == "baked «rye» «bread»"


def test_times_and_types_narrow_it(shell: Shell, ada: str) -> None:
    words = ("search", "bread", "--mode", "words", "--persona", ada, "--json")
    assert len(shell(*words).document["hits"]) == 2
    (march,) = shell(*words, "--until", "2025-06-01").document["hits"]
    (july,) = shell(*words, "--since", "2025-06-01").document["hits"]
    assert (march["name"], july["name"]) == ("baked rye bread", "baked oat bread")
    assert shell(*words, "--type", "task").document["hits"] == []


def test_a_program_gets_each_part_of_a_hit(shell: Shell, ada: str) -> None:
    found = shell("search", "size", "--mode", "words", "--persona", ada, "--context", "--json").document
    (hit,) = [one for one in found["hits"] if one["name"].startswith("twice")]
    assert (found["mode"], found["meaning"]) == ("words", "not_asked")
    assert hit["before"]["name"] == "did it rise?"
    assert hit["after"] is None
    assert hit["snippet"][1] == "size"
    assert hit.keys() >= {"score", "words", "meaning", "signals", "linkedFrom"}


def test_what_is_remembered_steers_no_terminal(shell: Shell, ada: str) -> None:
    ended = shell("search", "size", "--mode", "words", "--persona", ada, "--context")
    assert "\x1b" not in ended.out
    assert "did it rise?" in ended.out
    assert "\x1b" not in shell("recall", "size", "--mode", "words", "--persona", ada).out


def test_recall_is_a_text_within_a_budget(shell: Shell, ada: str) -> None:
    ended = shell("recall", "bread", "--mode", "words", "--persona", ada, "--budget", "500")
    assert ended.out.startswith("What is known:\n[1] 2025-")
    assert "tokens" in ended.err
    document = shell("recall", "bread", "--persona", ada, "--budget", "30", "--json").document
    assert document["tokens"] <= 30
    assert len(document["memories"]) == 1
    ended = shell("recall", "bread", "--mode", "words", "--persona", ada, "--budget", "16")
    assert (ended.out, ended.err.strip()) == ("", "0 memories, about 0 tokens; 2 did not fit")


@pytest.mark.parametrize("command", ["search", "recall"])
def test_nothing_found_is_said_and_is_no_output(command: str, shell: Shell, ada: str) -> None:
    ended = shell(command, "astronomy", "--mode", "words", "--persona", ada)
    assert (ended.code, ended.out, ended.err.strip()) == (0, "", "nothing was found")


@pytest.mark.parametrize("command", ["search", "recall"])
def test_help_shows_conditions_of_what_is_searched(command: str, shell: Shell, ada: str) -> None:
    told = " ".join(shell(command, "--help").out.split())
    examples = re.findall(r"Only rows such as (.*?); may", told)[0].replace("'", "").split(", ")
    assert "deletedAt" not in told
    for example in examples:
        assert shell(command, "bread", "--persona", ada, "--mode", "words", "--where", example).code == 0


def test_what_cannot_be_searched_is_an_error(shell: Shell, ada: str) -> None:
    assert shell("search", '"rye').code == 2
    assert shell("search", "rye", "--table", "personas").code == 2
    assert shell("search", "rye", "--table", "messages", "--persona", ada).code == 2
    assert shell("search", "rye", "--persona", "nobody at all").code == 1
    assert shell("search", "rye", "--since", "spring").code == 2
    ended = shell("search", "zzzz", "--mode", "words", "--persona", ada)
    assert (ended.code, ended.out, "nothing was found" in ended.err) == (0, "", True)
