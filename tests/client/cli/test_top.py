"""`pjai top`: what the daemon is at, to a program, and on a screen that can be left."""

from __future__ import annotations

import io
import os
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.console import Console

import pjai
from pjai import memories
from pjai.cli.dashboard import Look, dashboard
from pjai.cli.sparkline import BLOCKS, sparkline
from pjai.readings import reading
from pjai.testing import Daemon
from pjai_wire.measures import Measures, latency
from pjai_wire.methods import ActorInfo, LiveQueryInfo
from tests.client.cli.shell import PJAI, House, Shell, running
from tests.client.cli.test_watch import Screen

NOON = 1_750_000_000_000
BUSY = reading(
    Measures(
        counts={
            "events": 40,
            "cache_hits": 3,
            "cache_misses": 1,
            "actor:notes:calls": 7,
            "errors:get:timed_out": 2,
            "cpu_us": 250_000,
        },
        gauges={
            "clients": 2,
            "wal_bytes": 4_000_000,
            "database_bytes": 12_000_000,
            "memory_bytes": 64_000_000,
        },
        latencies={"request:query": latency({12: 99}, 0), "request:get": latency({4: 2}, 8)},
    ),
    2,
)
NOTES = ActorInfo(
    name="notes",
    state="backing_off",
    pid=4711,
    restarts=3,
    queue=7,
    calls=0,
    last_error="exit -9",
    memory_bytes=41_000_000,
    started_at=NOON,
    methods=(),
)
WATCHED = LiveQueryInfo(
    label="important",
    client="example",
    table="memories",
    shape="",
    mode="incremental",
    why="",
    rows=2,
    bytes=0,
    updates=5,
    spent_us=310,
    subscribers=1,
    behind=False,
    opened_at=NOON,
    seq=57,
)
LOOK = Look(at=NOON, version="0.1.0", uptime_ms=90_000, reading=BUSY, actors=(NOTES,), live=(WATCHED,))


def drawn(look: Look, width: int = 100) -> list[str]:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(dashboard(look, [reading(Measures(), 1), look.reading], width))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def line_of(lines: list[str], word: str) -> list[str]:
    return next(line.split() for line in lines if line.startswith(word))


def test_rates_stand_beside_their_history() -> None:
    lines = drawn(LOOK)
    assert line_of(lines, "requests") == ["requests", "50.5/s", "▁█"]
    assert line_of(lines, "events") == ["events", "20.0/s", "▁█"]
    assert line_of(lines, "cache hits")[2] == "75%"
    assert line_of(lines, "WAL")[1:3] == ["4.0", "MB"]
    assert "up 1 min 30 s" in lines[0]
    assert "12.5% of a core" in lines[0]


def test_methods_actors_live_queries_and_errors_are_listed() -> None:
    lines = drawn(LOOK)
    assert line_of(lines, "query")[1:] == ["49.5", "12", "µs", "12", "µs", "0"]
    assert line_of(lines, "notes")[1:] == ["backing", "off", "3", "41.0", "MB", "7", "3.5", "exit", "-9"]
    assert line_of(lines, "important")[1:] == ["example", "memories", "2", "5", "0.3", "ms"]
    assert [line.split() for line in lines if line.startswith("get ")] == [
        ["get", "1.0", "4", "µs", "4", "µs", "2"],
        ["get", "timed_out", "2"],
    ]


def test_it_says_where_nothing_is_kept() -> None:
    assert any("metrics does not run" in line for line in drawn(LOOK))
    kept = replace(LOOK, actors=(replace(NOTES, name="metrics"),))
    assert not any("metrics does not run" in line for line in drawn(kept))


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert all(len(line) <= width for line in drawn(LOOK, width))


@given(st.lists(st.floats(0, 1e12)), st.integers(0, 80))
def test_a_sparkline_is_as_wide_as_it_is_asked_to_be(numbers: list[float], width: int) -> None:
    line = sparkline(numbers, width)
    assert len(line) == width
    assert set(line) <= {*BLOCKS, " "}


@given(st.lists(st.floats(0, 1e12), min_size=1, max_size=60))
def test_a_larger_number_has_no_lower_block(numbers: list[float]) -> None:
    blocks = [BLOCKS.index(block) for block in sparkline(numbers, len(numbers))]
    ordered = sorted(zip(numbers, blocks, strict=True))
    assert [block for _, block in ordered] == sorted(blocks)


def test_once_is_one_document_for_programs(shell: Shell, daemon: Daemon, house: House) -> None:
    with (
        pjai.blocking.connect(daemon.endpoint, client="the watcher") as db,
        db.watch(memories.where(persona_id=house.persona), "watched by top"),
    ):
        look = shell("top", "--once", "--interval", "0.1", "--json").document
    assert look["reading"]["seconds"] >= 0.1
    assert look["reading"]["gauges"]["live_queries"] >= 1
    assert look["reading"]["gauges"]["database_bytes"] > 0
    assert "watched by top" in [one["label"] for one in look["live"]]
    assert look["actors"] == []


def test_each_look_is_a_line_for_programs(environment: dict[str, str]) -> None:
    with running(environment, "top", "--interval", "0.1", "--json") as looking:
        first, second = looking.line(), looking.line()
    assert second["at"] > first["at"]
    assert second["reading"]["methods"], "it asks for the actors itself"


@pytest.fixture
def terminal() -> Iterator[tuple[int, int, Screen]]:
    ours, theirs = os.openpty()
    try:
        yield ours, theirs, Screen(ours)
    finally:
        os.close(ours)
        os.close(theirs)


def press_q(process: subprocess.Popen[bytes], ours: int) -> None:
    os.write(ours, b"q")


def interrupt(process: subprocess.Popen[bytes], ours: int) -> None:
    process.send_signal(signal.SIGINT)


@pytest.mark.parametrize("leave", [press_q, interrupt])
def test_at_a_terminal_it_shows_a_screen_until_somebody_leaves(
    environment: dict[str, str], terminal: tuple[int, int, Screen], leave: Any
) -> None:
    ours, theirs, screen = terminal
    shape = {"TERM": "xterm", "COLUMNS": "80", "LINES": "40"}
    with subprocess.Popen(
        [PJAI, "top", "--interval", "0.1"],
        env={**environment, **shape},
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
    ) as process:
        screen.until("requests")
        screen.until("metrics does not run")
        leave(process, ours)
        _, errors = process.communicate()
    assert (process.returncode, errors) == (0, b"")
