"""The rules by which a daemon is well: what each finds, how bad that is, and that it says what to do."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from pjai.readings import Reading, reading
from pjai.wellness import MIB, findings
from pjai_wire import records
from pjai_wire.measures import Measures, latency
from pjai_wire.methods import ActorInfo

GIB = 1024 * MIB
SLOW = 166
"""The bucket of 1.1 s."""


def of(
    counts: dict[str, int] | None = None,
    gauges: dict[str, int] | None = None,
    latencies: dict[str, dict[int, int]] | None = None,
) -> Reading:
    """A reading of a minute."""
    measured = {name: latency(buckets, 0) for name, buckets in (latencies or {}).items()}
    return reading(Measures(counts=counts or {}, gauges=gauges or {}, latencies=measured), 60)


def actor(state: Any, **otherwise: Any) -> ActorInfo:
    made = ActorInfo(
        name="notes",
        state=state,
        pid=None,
        restarts=0,
        queue=0,
        calls=0,
        last_error="exit -9",
        memory_bytes=0,
        started_at=None,
        methods=(),
    )
    return replace(made, **otherwise)


WELL = of(
    counts={"errors:query:unknown_table": 3},
    gauges={"write_queue": 5, "wal_bytes": 4 * MIB, "disk_free_bytes": 50 * GIB, "disk_bytes": 100 * GIB},
    latencies={"request:query": {9: 100}, "loop_lag": {9: 60}},
)


def test_a_daemon_that_is_well_lacks_nothing() -> None:
    assert findings(WELL, [actor("up"), actor("starting")]) == []


@pytest.mark.parametrize(
    ("found", "rule", "level"),
    [
        (of(gauges={"write_queue": 101}), "write_queue", "warning"),
        (of(gauges={"write_queue": 5_000}), "write_queue", "wrong"),
        (of(gauges={"disk_free_bytes": 4 * GIB, "disk_bytes": 100 * GIB}), "disk_full", "warning"),
        (of(gauges={"disk_free_bytes": 9 * MIB, "disk_bytes": 10 * MIB}), "disk_full", "wrong"),
        (of(gauges={"wal_bytes": GIB}), "wal_large", "warning"),
        (of(gauges={"live_behind": 2}), "live_behind", "warning"),
        (of(latencies={"request:query": {9: 50, SLOW: 1}}), "slow", "warning"),
        (of(latencies={"loop_lag": {9: 50, SLOW: 1}}), "loop_lag", "warning"),
        (of({"errors:get:timed_out": 21}, latencies={"request:get": {9: 100}}), "errors", "warning"),
        (of({"actor:notes:runs": 9, "actor:notes:run_errors": 9}), "work_fails", "wrong"),
        (of({"actor:notes:runs": 9, "actor:notes:run_errors": 8}), "work_fails", "warning"),
        (of({"actor:notes:runs": 1, "actor:notes:run_errors": 1}), "work_fails", "warning"),
        (of({"errors:query:internal": 1}), "defect", "wrong"),
        (of({"errors:commit:storage": 1}), "defect", "wrong"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_rule_finds_what_it_is_for(found: Reading, rule: str, level: str) -> None:
    (one,) = findings(found)
    assert (one.rule, one.level) == (rule, level)
    assert one.reason
    assert one.hint


def test_a_metrics_actor_that_keeps_no_points_is_found() -> None:
    (one,) = findings(WELL, [actor("up")], is_measured=False)
    assert (one.rule, one.level) == ("metrics_silent", "warning")


def test_few_requests_say_nothing_about_shares_and_quantiles() -> None:
    assert findings(of({"errors:get:timed_out": 5}, latencies={"request:get": {SLOW: 5}})) == []


@pytest.mark.parametrize(("state", "level"), [("down", "wrong"), ("backing_off", "warning")])
def test_an_actor_that_does_not_serve_is_found_with_why(state: str, level: str) -> None:
    (one,) = findings(WELL, [actor(state)])
    assert one.level == level
    assert "exit -9" in one.reason
    assert "pjai actors restart notes" in one.hint


def test_an_actor_that_never_gets_as_far_as_to_serve_is_found() -> None:
    (one,) = findings(WELL, [actor("starting", restarts=1)])
    assert (one.rule, one.level) == ("actor_falls", "warning")
    assert findings(WELL, [actor("starting", restarts=1, last_error="")]) == [], (
        "somebody asked for a restart"
    )


def test_seldom_work_that_fails_is_found_until_it_succeeds() -> None:
    failing = actor("up", failing_with="storage")
    (one,) = findings(WELL, [failing])
    assert (one.rule, one.level) == ("work_fails", "warning")
    assert "storage" in one.reason
    both = of({"actor:notes:runs": 9, "actor:notes:run_errors": 9})
    assert [found.level for found in findings(both, [failing])] == ["wrong"], "once"


def test_warnings_that_stand_in_the_store_are_found() -> None:
    warning = records.Warning(
        id="w", kind="index_share", persona_id=None, value=0.31, allowed=0.2, raised_at=1_750_000_000_000
    )
    (one,) = findings(WELL, warnings=[warning])
    assert one.reason == "index_share is 0.31, and 0.2 are allowed"


def test_the_worst_comes_first() -> None:
    found = of({"errors:query:internal": 1}, gauges={"wal_bytes": GIB})
    assert [one.level for one in findings(found, [actor("backing_off")])] == ["wrong", "warning", "warning"]
