"""The benchmark: it runs from end to end, says what it promises to say, and leaves nothing behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from pjai_wire.codec import encode
from pjai_wire.events import v1
from tests.workload.__main__ import COLD, LIVE, OPERATIONS, main
from tests.workload.data import DataSet
from tests.workload.questions import different_memories
from tests.workload.report import Target

TIMED = {"p50_us", "p95_us", "p99_us", "longest_us", "runs"}
WITH_FLOOR = {"floor", "floor_p50_us", "ratio"}
WITH_TARGET = {"target", "reached", "ok"}

LIVE_QUERIES = 40
SHORT = ("--memories", "200", "--runs", "5", "--live-queries", str(LIVE_QUERIES))

COMMAND = (sys.executable, "-m", "tests.workload", "--memories", "100", "--runs", "1000")
STOP_TIMEOUT_S = 20


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    path = tmp_path_factory.mktemp("workload") / "figures.json"
    assert main([*SHORT, "--json", str(path)]) == 0
    found: dict[str, dict[str, Any]] = msgspec.json.decode(path.read_bytes())
    return found


def test_every_operation_is_reported_in_order(figures: dict[str, dict[str, Any]]) -> None:
    assert tuple(figures) == ("about", *OPERATIONS)


@pytest.mark.parametrize("operation", sorted({*COLD, *LIVE, "s1", "s4"} - {"cache", "recall"}))
def test_a_timed_operation_has_its_percentiles(operation: str, figures: dict[str, dict[str, Any]]) -> None:
    figure = figures[operation]
    assert figure.keys() >= TIMED
    assert 0 < figure["p50_us"] <= figure["p95_us"] <= figure["p99_us"]


@pytest.mark.parametrize("operation", sorted({*COLD, *LIVE, "s1"} - {"cache", "w3", "q4_all", "recall"}))
def test_an_operation_stands_beside_its_floor(operation: str, figures: dict[str, dict[str, Any]]) -> None:
    figure = figures[operation]
    assert figure.keys() >= WITH_FLOOR
    assert figure["ratio"] == pytest.approx(figure["p50_us"] / figure["floor_p50_us"], abs=0.01)


@pytest.mark.parametrize("operation", sorted({*OPERATIONS} - {"w2"}))
def test_a_target_says_whether_it_was_reached(operation: str, figures: dict[str, dict[str, Any]]) -> None:
    figure = figures[operation]
    assert figure.keys() >= WITH_TARGET
    assert isinstance(figure["ok"], bool)


@pytest.mark.parametrize("operation", ["q1", "q2", "q5"])
def test_an_answer_from_memory_is_told_from_one_that_was_read(
    operation: str, figures: dict[str, dict[str, Any]]
) -> None:
    assert figures[f"{operation}_cold"]["from_memory_percent"] == 0
    assert figures[operation]["from_memory_percent"] > 0


def test_the_cache_counts_what_is_asked_first_as_a_miss(figures: dict[str, dict[str, Any]]) -> None:
    figure = figures["cache"]
    # Five runs ask one question of q1 five times, and five of q2 and q5.
    assert figure["q1_percent"] == 80
    assert figure["q2_percent"] == 0
    assert 0 < figure["reached"] < 80


def test_searches_by_meaning_find_what_is_near(figures: dict[str, dict[str, Any]]) -> None:
    assert figures["recall"]["reached"] > 0.99
    assert figures["recall"]["inside_a_persona"] > 0.99
    assert figures["q4_all"]["vectors"] >= 200


def test_one_watched_search_of_some_is_concerned_in_the_core(figures: dict[str, dict[str, Any]]) -> None:
    assert figures["core_search"]["searches_a_commit"] >= 1
    assert str(LIVE_QUERIES // 10) in figures["core_search"]["title"]


def test_one_live_query_of_many_is_affected_in_the_core(figures: dict[str, dict[str, Any]]) -> None:
    assert figures["core"]["updates_a_commit"] == 1
    assert str(LIVE_QUERIES) in figures["core"]["title"]


@pytest.mark.parametrize(("operation", "others"), [("r2", LIVE_QUERIES // 10), ("r3", LIVE_QUERIES)])
def test_a_reaction_among_others_says_how_many_they_are(
    operation: str, others: int, figures: dict[str, dict[str, Any]]
) -> None:
    assert f"among {others} live queries" in figures[operation]["title"]
    assert figures[operation].keys() >= {"r1_us", "changing_no_other_us"}


def test_no_two_live_queries_of_a_crowd_are_equal() -> None:
    queries = [encode(select.query) for select in different_memories(DataSet(0).persona_ids[1:])]
    assert len(set(queries)) == len(queries) > 10_000


def test_the_settings_that_durability_depends_on_are_told(figures: dict[str, dict[str, Any]]) -> None:
    about = figures["about"]
    assert (about["journal_mode"], about["synchronous"], about["cipher"]) == ("wal", "full", "aegis")


def test_the_data_is_the_same_each_time() -> None:
    first, second = (b"".join(map(encode, DataSet(300).events())) for _ in range(2))
    assert first == second


def test_a_memory_has_the_size_that_other_systems_are_given() -> None:
    made = islice((event for event in DataSet(50).events() if isinstance(event, v1.MemoryEntityCreated)), 50)
    sizes = [len(encode(event)) - len(event.embedding or b"") for event in made]
    assert 500 < sum(sizes) / len(sizes) < 1000


def test_only_what_is_asked_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "figures.json"
    main(["--memories", "20", "--runs", "1", "--only", "s3", "--json", str(path)])
    assert msgspec.json.decode(path.read_bytes()).keys() == {"about", "s3"}
    assert "disk" in capsys.readouterr().out


def test_an_unknown_operation_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--only", "q6,q7"])
    assert "unknown: q7" in capsys.readouterr().err


def test_a_target_knows_its_direction() -> None:
    assert Target(1.5, 1.6, "x echo").ok
    assert not Target(2.9, 3, "x the rate", at_least=True).ok
    assert Target(2.9, 3, "x the rate", at_least=True).text == "≥ 3 x the rate"


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_ends_every_process(kind: signal.Signals, tmp_path: Path) -> None:
    command = (*COMMAND, "--directory", str(tmp_path), "--only", "w1")
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as run:
        assert run.stderr is not None
        # The stage is announced once the daemon and the echo are up.
        assert any("w1" in line for line in run.stderr)
        children = psutil.Process(run.pid).children(recursive=True)
        run.send_signal(kind)
        assert run.wait(STOP_TIMEOUT_S) == 130
    assert len(children) == 2
    assert not [child for child in children if child.is_running()]
    assert not list(tmp_path.iterdir())
