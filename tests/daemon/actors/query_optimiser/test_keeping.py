"""What a made index gained, whether it stays, and which tables have grown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pjai_wire.methods import IndexSize, TableSize
from pjaid.actors.query_optimiser.keeping import (
    GAIN_MAX,
    MEASURED_AGAIN_MS,
    READS_WITHOUT_MIN,
    RUNS_MEASURED,
    UNUSED_MS_MAX,
    grown,
    in_excess,
    is_due,
    measured,
    objection,
)
from tests.daemon.actors.query_optimiser.making import INDEX, NOW, index, seen, shape

USING = {"indexes": (INDEX.id,)}
FASTER = shape(runs=120, total_us=120 * 100, samples=4, scanned=4 * 60, **USING)
OTHERS = shape(id="other", runs=READS_WITHOUT_MIN, last_run_at=NOW + UNUSED_MS_MAX + 5)
SLOW_OTHER = shape(id="other", runs=1_000, total_us=10**9, samples=9, scanned=10**9, **USING)
NO_FASTER = shape(runs=120, total_us=120 * 480, samples=4, scanned=4 * 290, **USING)


def test_a_gain_is_what_its_queries_took_before_and_take_now() -> None:
    found = measured(INDEX, [FASTER])
    assert found.runs == 120
    assert found.time_gain == pytest.approx(5)
    assert found.rows_gain == pytest.approx(5)


def test_queries_that_it_was_not_made_for_count_as_uses_and_not_as_gain() -> None:
    other = shape(id="other", runs=50, total_us=1, samples=1, scanned=1, **USING)
    found = measured(INDEX, [FASTER, other, shape(id="third")])
    assert found.runs == 170
    assert found.time_gain == pytest.approx(5)


@pytest.mark.parametrize(
    ("known", "runs", "age_ms", "due"),
    [
        ({}, RUNS_MEASURED, 0, True),
        ({}, RUNS_MEASURED - 1, 0, False),
        ({}, 1, MEASURED_AGAIN_MS, True),
        ({"time_gain": 5.0}, RUNS_MEASURED, MEASURED_AGAIN_MS - 1, False),
        ({"time_gain": 5.0}, 1, MEASURED_AGAIN_MS, True),
        ({"time_gain": 5.0}, 0, MEASURED_AGAIN_MS, False),
    ],
)
def test_it_is_measured_when_enough_is_known_and_then_daily_while_it_is_used(
    known: dict[str, Any], runs: int, age_ms: int, due: bool
) -> None:
    found = measured(INDEX, [shape(runs=runs, last_run_at=NOW + age_ms, **USING)])
    assert is_due(index(**known), found) is due


@pytest.mark.parametrize(
    ("shapes", "age_ms", "reason"),
    [
        ([FASTER], 0, ""),
        ([NO_FASTER], 0, "1.0 times faster"),
        ([shape(runs=RUNS_MEASURED)], 0, "SQLite did not use it"),
        ([shape(runs=RUNS_MEASURED - 1)], 0, ""),
        ([OTHERS], UNUSED_MS_MAX - 1, ""),
        ([OTHERS], UNUSED_MS_MAX, "unused for 30 days"),
        ([shape(runs=1, **USING), OTHERS], UNUSED_MS_MAX, "unused for 30 days"),
        ([shape(runs=1, last_run_at=NOW + 1, **USING), OTHERS], UNUSED_MS_MAX, ""),
        ([FASTER, OTHERS], UNUSED_MS_MAX, "unused for 30 days"),
        ([], UNUSED_MS_MAX, ""),
        ([replace(OTHERS, runs=READS_WITHOUT_MIN - 1)], UNUSED_MS_MAX, ""),
        ([replace(OTHERS, table="personas")], UNUSED_MS_MAX, ""),
        ([replace(OTHERS, runs=9_999, last_run_at=NOW + 5)], UNUSED_MS_MAX, ""),
        ([SLOW_OTHER], 0, ""),
        ([shape(runs=1, total_us=10**6, samples=1, scanned=10**6, **USING), SLOW_OTHER], 0, ""),
    ],
)
def test_it_goes_when_it_does_not_pay_or_is_not_used(shapes: list[Any], age_ms: int, reason: str) -> None:
    told = objection(INDEX, measured(INDEX, shapes), shapes, NOW + age_ms)
    assert told == reason if not reason else reason in told


def test_its_last_use_counts_from_when_it_was_measured() -> None:
    used = index(last_used_at=NOW + 5)
    nothing = measured(used, [OTHERS])
    assert objection(used, nothing, [OTHERS], NOW + UNUSED_MS_MAX) == ""
    assert objection(used, nothing, [OTHERS], NOW + UNUSED_MS_MAX + 5) != ""


def test_what_other_queries_take_says_nothing_of_its_gain() -> None:
    assert measured(INDEX, [SLOW_OTHER]).time_gain == 1
    assert measured(index(time_gain=7.0, rows_gain=8.0), [SLOW_OTHER]).time_gain == 7
    assert not is_due(INDEX, measured(INDEX, [SLOW_OTHER]))
    after_a_day = replace(SLOW_OTHER, last_run_at=NOW + MEASURED_AGAIN_MS)
    assert not is_due(INDEX, measured(INDEX, [after_a_day])), "no gain is known"
    assert is_due(index(time_gain=7.0), measured(index(time_gain=7.0), [after_a_day]))


@given(
    before=st.floats(0, 1e9),
    scanned=st.integers(0, 10**9),
    total=st.integers(0, 10**12),
    runs=st.integers(0, 10**6),
)
def test_a_gain_can_always_be_told(before: float, scanned: int, total: int, runs: int) -> None:
    known = index(us_before=before, scanned_before=before)
    found = measured(known, [shape(runs=runs, total_us=total, scanned=scanned, **USING)])
    assert 0 <= found.time_gain <= GAIN_MAX
    assert 0 <= found.rows_gain <= GAIN_MAX


@pytest.mark.parametrize(
    ("rows", "known", "has_grown"),
    [(999, 0, False), (1_000, 0, True), (1_999, 1_000, False), (2_000, 1_000, True), (500, 2_000, False)],
)
def test_a_table_has_grown_when_it_is_twice_what_sqlite_knows(rows: int, known: int, has_grown: bool) -> None:
    memories = TableSize(name="memories", rows=rows, rows_known=known)
    assert grown([memories], {}) == [memories] * has_grown


@pytest.mark.parametrize(("rows", "has_grown"), [(3_000, False), (5_999, False), (6_000, True)])
def test_a_table_of_which_much_was_purged_has_grown_once_it_is_twice_what_it_was(
    rows: int, has_grown: bool
) -> None:
    memories = TableSize(name="memories", rows=rows, rows_known=10)
    assert grown([memories], {"memories": 3_000, "messages": 9_000}) == [memories] * has_grown


def of_size(name: str, size: int) -> IndexSize:
    return IndexSize(name=name, table="memories", columns=(name,), is_whole=True, bytes=size)


def its_runs(name: str, runs: int, **changed: Any) -> Any:
    return shape(id=f"asks {name}", **{"runs": runs, "total_us": 100 * runs, "indexes": (name,), **changed})


def made(name: str, **changed: Any) -> Any:
    return index(id=name, shapes=(f"asks {name}",), **changed)


BOTH = (of_size("one", 1_000), of_size("two", 1_000))
OVER = {"index_bytes": 200_001}


@pytest.mark.parametrize(
    ("runs_of_one", "sizes", "excess"),
    [
        (50, BOTH, "one"),
        (150, BOTH, "two"),
        (150, (of_size("one", 1_000), of_size("two", 600)), "one"),
        (50, (of_size("two", 1_000),), "two"),
        (50, (), None),
    ],
)
def test_where_indexes_take_too_much_the_one_that_saves_least_for_its_room_goes(
    runs_of_one: int, sizes: tuple[IndexSize, ...], excess: str | None
) -> None:
    told = seen(its_runs("one", runs_of_one), its_runs("two", 100), indexes=sizes)
    known = [made("one"), made("two"), made("three", state="dropped")]
    assert in_excess(known, told) is None, "they take no more than they may"
    found = in_excess(known, replace(told, **OVER))
    assert (found and found.id) == excess


def test_where_none_of_them_was_read_the_one_that_rests_for_longest_goes() -> None:
    told = replace(seen(indexes=BOTH), **OVER)
    found = in_excess([made("one", last_used_at=NOW + 2), made("two", last_used_at=NOW + 1)], told)
    assert found is not None
    assert found.id == "two"


def test_before_an_index_is_measured_it_saves_what_was_predicted() -> None:
    told = seen(its_runs("one", 100), its_runs("two", 100, samples=0), indexes=BOTH)
    over = replace(told, **OVER)
    for predicted, excess in ((100.0, "one"), (1.1, "two")):
        found = in_excess([made("one"), made("two", predicted_gain=predicted)], over)
        assert found is not None
        assert found.id == excess
