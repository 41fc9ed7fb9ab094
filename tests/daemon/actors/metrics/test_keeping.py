"""Which seconds are kept: those in which something happened, and one a minute; nothing is lost between."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pjai.readings import COVERED
from pjai_wire.measures import Measures, latency, merged
from pjai_wire.methods import MetersResult
from pjaid.actors.metrics.keeping import IDLE_MS_MAX, Keeping

NOON = 1_750_000_000_000


def at(ms: int, measures: Measures, instance: str = "one") -> MetersResult:
    happened = sum(one.count for one in measures.latencies.values())
    return MetersResult(instance=instance, at=NOON + ms, uptime_ms=ms, happened=happened, measures=measures)


def requests(**counts: int) -> Measures:
    return Measures(
        counts={"request_bytes": sum(counts.values())},
        latencies={f"request:{name}": latency({9: count}, 9 * count) for name, count in counts.items()},
    )


def begun() -> Keeping:
    keeping = Keeping()
    keeping.point(at(1_000, requests(query=5, meters=1)))
    return keeping


def test_what_was_before_the_first_look_is_no_point() -> None:
    assert Keeping().point(at(1_000, requests(query=5))) is None


def test_a_second_in_which_something_happened_is_a_point_of_what_it_was() -> None:
    point = begun().point(at(2_000, requests(query=7, meters=2)))
    assert point is not None
    assert point.counts == {"request_bytes": 3, COVERED: 1_000}
    assert {name: one.count for name, one in point.latencies.items()} == {
        "request:query": 2,
        "request:meters": 1,
    }


def test_a_second_with_nothing_but_the_looking_itself_is_no_point() -> None:
    now = requests(query=5, meters=2, metrics_record=1, actor_heartbeat=9)
    assert begun().point(at(2_000, now)) is None


def test_an_error_is_something() -> None:
    now = merged((requests(query=5, meters=2), Measures(counts={"errors:meters:forbidden": 1})))
    assert begun().point(at(2_000, now)) is not None


def test_an_idle_minute_has_a_point() -> None:
    keeping = begun()
    idle = requests(query=5, meters=2)
    assert keeping.idle_s_left(at(11_000, idle)) == (IDLE_MS_MAX - 10_000) / 1_000
    assert keeping.point(at(IDLE_MS_MAX, idle)) is None
    point = keeping.point(at(1_000 + IDLE_MS_MAX, idle))
    assert point is not None
    assert point.counts[COVERED] == IDLE_MS_MAX
    assert keeping.idle_s_left(at(2_000 + IDLE_MS_MAX, idle)) == 0


def test_another_run_of_the_daemon_begins_anew() -> None:
    keeping = begun()
    assert keeping.point(at(500, requests(query=9), "two")) is None
    assert keeping.point(at(1_500, requests(query=10), "two")) is not None


def test_a_point_that_could_not_be_kept_is_part_of_the_next() -> None:
    keeping = begun()
    keeping.point(at(2_000, requests(query=6, meters=1)))
    point = keeping.point(at(3_000, requests(query=7, meters=1)))
    assert point is not None
    assert point.latencies["request:query"].count == 2


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 30_000)), max_size=30))
def test_points_add_up_to_all_that_was_measured(steps: list[tuple[int, int, int]]) -> None:
    keeping = begun()
    queries, meters, ms = 5, 1, 1_000
    kept: list[Measures] = []
    for asked, looked, passed in [*steps, (1, 1, 1)]:
        queries, meters, ms = queries + asked, meters + looked, ms + passed
        now = at(ms, requests(query=queries, meters=meters))
        if (point := keeping.point(now)) is not None:
            kept.append(point)
            keeping.keep(now)
    whole = merged(kept)
    assert whole.latencies["request:query"].count == queries - 5
    assert whole.counts[COVERED] == ms - 1_000
    assert sum(one.count for one in whole.latencies.values()) == queries + meters - 6
