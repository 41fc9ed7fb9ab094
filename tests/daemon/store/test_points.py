"""Points of what was measured: exact in every span, and never more than the spans allow."""

from __future__ import annotations

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import msgpack

from pjai_wire import limits
from pjai_wire.errors import LimitExceeded
from pjai_wire.measures import Measures, latency, merged
from pjaid.store.local import local_head
from pjaid.store.points import LEFT_OUT, record_point
from pjaid.store.spans import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, SPANS
from tests.daemon.store.conftest import Ledger

NOON = 1_750_000_000_000 // HOUR_MS * HOUR_MS

steps = st.integers(-2 * HOUR_MS, 2 * HOUR_MS) | st.integers(0, 5 * SECOND_MS) | st.integers(0, 3 * DAY_MS)


def measured(count: int) -> Measures:
    return Measures(
        counts={"events": count}, gauges={"clients": count}, latencies={"sync": latency({count: 1}, count)}
    )


def points(connection: apsw.Connection, resolution: str) -> dict[int, Measures]:
    sql = 'SELECT at, "values" FROM metric_points WHERE resolution = ? ORDER BY at'
    return {
        at: msgpack.decode(values, type=Measures) for at, values in connection.execute(sql, (resolution,))
    }


def test_a_point_is_in_its_second_its_minute_and_its_hour(ledger: Ledger) -> None:
    record_point(ledger.connection, NOON + 61_500, measured(3))
    assert {span.resolution: [*points(ledger.connection, span.resolution)] for span in SPANS} == {
        "1s": [NOON + 61_000],
        "1min": [NOON + MINUTE_MS],
        "1h": [NOON],
    }


def test_every_span_has_exactly_what_was_measured_in_it(ledger: Ledger) -> None:
    some = {NOON + number * 700: measured(number) for number in range(1, 200)}
    for at, one in some.items():
        record_point(ledger.connection, at, one)
    for span in SPANS:
        for begin, whole in points(ledger.connection, span.resolution).items():
            assert whole == merged(one for at, one in some.items() if span.begin(at) == begin)


@given(st.lists(steps, max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
def test_whatever_the_clock_does_points_are_kept_within_their_time(ledger: Ledger, moves: list[int]) -> None:
    now = NOON
    for step in moves:
        now = max(0, now + step)
        record_point(ledger.connection, now, measured(1))
        for span in SPANS:
            found = [*points(ledger.connection, span.resolution)]
            assert found[-1] == span.begin(now)
            assert found[0] > span.begin(now) - span.kept_ms


def test_a_day_of_seconds_leaves_an_hour_of_them(ledger: Ledger) -> None:
    for second in range(0, DAY_MS, 10 * SECOND_MS):
        record_point(ledger.connection, NOON + second, measured(1))
    counted = {span.resolution: len(points(ledger.connection, span.resolution)) for span in SPANS}
    assert counted == {"1s": 360, "1min": 1440, "1h": 24}
    assert sum(one.counts["events"] for one in points(ledger.connection, "1h").values()) == 8640


def test_a_point_counts_as_a_change_outside_the_log(ledger: Ledger) -> None:
    record_point(ledger.connection, NOON, measured(1))
    assert (local_head(ledger.connection), ledger.recorder.head.seq) == (1, 0)


def test_names_past_what_a_point_has_room_for_are_left_out_and_counted(ledger: Ledger) -> None:
    record_point(ledger.connection, NOON, measured(1))
    many = {f"a{number}": 1 for number in range(limits.MEASURES_MAX)}
    record_point(ledger.connection, NOON, Measures(counts=many, gauges=many))
    record_point(ledger.connection, NOON, measured(2))
    for span in SPANS:
        (whole,) = points(ledger.connection, span.resolution).values()
        assert len(whole.counts) == len(whole.gauges) == limits.MEASURES_MAX
        assert (whole.counts["events"], whole.gauges["clients"], whole.latencies["sync"].count) == (3, 2, 2)
        assert whole.counts[LEFT_OUT] == 3


def test_as_many_names_as_there_is_room_for_are_kept(ledger: Ledger) -> None:
    many = {f"a{number}": 1 for number in range(limits.MEASURES_MAX - 1)}
    for _ in range(2):
        record_point(ledger.connection, NOON, Measures(counts=many))
    (whole,) = points(ledger.connection, "1h").values()
    assert whole.counts == dict.fromkeys(many, 2)


def test_a_count_past_what_every_language_can_hold_is_refused(ledger: Ledger) -> None:
    most = Measures(counts={"events": limits.INTEGER_MAX})
    record_point(ledger.connection, NOON, most)
    with pytest.raises(LimitExceeded):
        record_point(ledger.connection, NOON, most)
