"""`pjai watch`: each result as it comes, to a program or to a terminal."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

import pjai
from pjai import v1
from pjai.testing import Daemon
from tests.client.cli.shell import PJAI, House, running


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_each_change_is_a_line_with_its_seq(
    daemon: Daemon, environment: dict[str, str], house: House, options: list[str]
) -> None:
    choice = ("--where", f"persona_id={house.persona}", "--where", "importance>=20", "--select", "id,name")
    with (
        pjai.blocking.connect(daemon.endpoint) as db,
        running(environment, "watch", "memories", *choice, *options) as watching,
    ):
        first = watching.line()
        receipt = db.commit(v1.MemoryEntityUpdated(id=house.memories[0], importance=100, name="Now"))
        second = watching.line()

    assert [row["id"] for row in first["rows"]] == [house.memories[2]]
    assert second["seq"] == receipt.seq
    assert {"id": house.memories[0], "name": "Now"} in second["rows"]
    assert len(second["rows"]) == 2


def test_groups_are_watched_too(daemon: Daemon, environment: dict[str, str], house: House) -> None:
    choice = ("--where", f"persona_id={house.persona}", "--aggregate", "n=count:*")
    with (
        pjai.blocking.connect(daemon.endpoint) as db,
        running(environment, "watch", "memories", *choice) as watching,
    ):
        assert watching.line()["rows"] == [{"n": 3}]
        db.commit(v1.MemoryEntityDeleted(id=house.memories[0]))
        assert watching.line()["rows"] == [{"n": 2}]


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_search_is_a_line_at_each_change_of_its_hits(
    daemon: Daemon, environment: dict[str, str], house: House, options: list[str]
) -> None:
    word = f"kohlrabi{len(options)}"
    with (
        pjai.blocking.connect(daemon.endpoint) as db,
        running(environment, "search", word, "--mode", "words", "--watch", *options) as watching,
    ):
        assert watching.line()["hits"] == []
        receipt = db.commit(v1.MemoryEntityUpdated(id=house.memories[0], name=word.title()))
        second = watching.line()
    assert second["seq"] == receipt.seq
    (hit,) = second["hits"]
    assert (hit["id"], hit["name"], hit["words"]) == (house.memories[0], word.title(), 1.0)


class Screen:
    """The other end of a terminal."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._seen = b""

    def until(self, text: str) -> None:
        """Reads until a text appears that was not read before."""
        while text.encode() not in self._seen:
            read = os.read(self._descriptor, 65_536)
            assert read, f"{text!r} never appeared"
            self._seen += read
        self._seen = self._seen.partition(text.encode())[2]


@pytest.fixture
def terminal() -> Iterator[tuple[int, Screen]]:
    ours, theirs = os.openpty()
    try:
        yield theirs, Screen(ours)
    finally:
        os.close(ours)
        os.close(theirs)


def test_at_a_terminal_a_table_keeps_itself_up_to_date(
    daemon: Daemon, environment: dict[str, str], house: House, terminal: tuple[int, Screen]
) -> None:
    theirs, screen = terminal
    command = [PJAI, "watch", "memories", "--where", f"id={house.memories[0]}", "--select", "name"]
    shape = {"TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    with (
        pjai.blocking.connect(daemon.endpoint) as db,
        subprocess.Popen(command, env={**environment, **shape}, stdin=theirs, stdout=theirs) as process,
    ):
        screen.until("Memory 0")
        db.commit(v1.MemoryEntityUpdated(id=house.memories[0], name="Changed"))
        screen.until("Changed")
        process.send_signal(signal.SIGINT)

        assert process.wait() == 130


def test_at_a_terminal_a_search_keeps_itself_up_to_date(
    daemon: Daemon, environment: dict[str, str], house: House, terminal: tuple[int, Screen]
) -> None:
    theirs, screen = terminal
    with (
        pjai.blocking.connect(daemon.endpoint) as db,
        subprocess.Popen(
            [PJAI, "search", "rutabaga", "--mode", "words", "--watch"],
            env={**environment, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"},
            stdin=theirs,
            stdout=theirs,
        ) as process,
    ):
        screen.until("0 hits")
        db.commit(v1.MemoryEntityUpdated(id=house.memories[0], name="Rutabaga"))
        screen.until("1 hits")
        process.send_signal(signal.SIGINT)

        assert process.wait() == 130


@pytest.mark.parametrize(
    ("command", "shown"),
    [("query memories --where personaId=", "CONCEPT"), ("events --persona ", "V1.MEMORY")],
)
def test_at_a_terminal_rows_go_through_the_pager(
    environment: dict[str, str], house: House, terminal: tuple[int, Screen], command: str, shown: str
) -> None:
    theirs, screen = terminal
    shape = {"TERM": "xterm", "COLUMNS": "80", "LINES": "24", "PAGER": "tr a-z A-Z"}
    ended = subprocess.run(
        [PJAI, *f"{command}{house.persona}".split()],
        env={**environment, **shape},
        stdin=theirs,
        stdout=theirs,
        check=False,
    )

    screen.until(shown)
    assert ended.returncode == 0


def test_a_reader_may_leave_the_pager_early(
    environment: dict[str, str], house: House, terminal: tuple[int, Screen]
) -> None:
    theirs, _ = terminal
    ended = subprocess.run(
        [PJAI, "events", "--persona", house.persona],
        env={**environment, "PAGER": "true"},
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        check=False,
    )

    assert (ended.returncode, ended.stderr) == (0, b"")


def test_a_watched_search_says_why_it_goes_by_words_alone(
    daemon: Daemon, environment: dict[str, str]
) -> None:
    with running(environment, "search", "kohlrabi", "--watch") as watching:
        watching.line()
        watching.process.send_signal(signal.SIGINT)
        assert "by words alone: no embedder runs" in watching.ended().err
