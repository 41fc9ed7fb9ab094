"""Tests that the log is the truth: the state can be built from it, and comes out the same."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, event, given, settings

from pjai_wire import chain
from pjaid.store.rebuild import compare_with_log, replace_from_log
from tests.daemon.store.conftest import Ledger, Rows, new_ledger
from tests.strategies import histories

History = list[list[tuple[str, dict[str, Any]]]]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories)
def test_state_built_from_the_log_equals_the_live_state_for_any_history(history: History) -> None:
    with tempfile.TemporaryDirectory() as directory, new_ledger(Path(directory)) as ledger:
        kept = [ledger.try_commit(*commit) for commit in history]
        event(f"{sum(kept)} of {len(kept)} commits kept" if len(kept) < 5 else "a long history")
        compared = compare_with_log(ledger.connection, Path(directory), "aegis")
        assert compared.identical, compared.tables
        assert compared.events == compared.seq == ledger.recorder.head.seq
        replaced = replace_from_log(ledger.connection, ledger.recorder)
        assert replaced.identical, replaced.tables


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories)
def test_chain_verifies_for_any_history(history: History) -> None:
    with tempfile.TemporaryDirectory() as directory, new_ledger(Path(directory)) as ledger:
        for commit in history:
            ledger.try_commit(*commit)
        previous = chain.ORIGIN
        sql = "SELECT seq, id, name, args, args_hash, hash FROM events ORDER BY seq"
        for expected, row in enumerate(ledger.connection.execute(sql), start=1):
            seq, event_id, name, args, args_hash, digest = row
            assert seq == expected
            assert chain.arguments_hash(args) == args_hash
            previous = chain.link(previous, seq, event_id, name, args_hash)
            assert previous == digest


def test_a_changed_row_is_found(ledger: Ledger, persona: str, tmp_path: Path) -> None:
    ledger.connection.execute("UPDATE personas SET usage_count = 7")
    compared = compare_with_log(ledger.connection, tmp_path, "aegis")
    assert not compared.identical
    assert compared.tables["personas"].differences == 1


def test_a_missing_and_a_superfluous_row_are_found(ledger: Ledger, persona: str, tmp_path: Path) -> None:
    ledger.connection.execute("UPDATE personas SET id = 'eve'")
    assert compare_with_log(ledger.connection, tmp_path, "aegis").tables["personas"].differences == 2


def test_replacing_mends_the_state(ledger: Ledger, persona: str, rows: Rows, tmp_path: Path) -> None:
    ledger.connection.execute("DELETE FROM personas")
    assert not replace_from_log(ledger.connection, ledger.recorder).identical
    assert rows("SELECT id FROM personas") == [("ada",)]
    assert compare_with_log(ledger.connection, tmp_path, "aegis").identical


def test_event_of_a_newer_program_is_kept_and_passed_over(
    ledger: Ledger, persona: str, rows: Rows, tmp_path: Path
) -> None:
    ledger.connection.execute(
        "INSERT INTO events SELECT 2, 'new', 'new', 'v9.PersonaTranscended', x'80', args_hash, 0, origin,"
        " NULL, hash FROM events"
    )
    compared = compare_with_log(ledger.connection, tmp_path, "aegis")
    assert compared.identical
    assert compared.events == 2


def test_comparing_leaves_nothing_behind(ledger: Ledger, persona: str, tmp_path: Path) -> None:
    before = sorted(path.name for path in tmp_path.iterdir())
    compare_with_log(ledger.connection, tmp_path, "aegis")
    assert sorted(path.name for path in tmp_path.iterdir()) == before
