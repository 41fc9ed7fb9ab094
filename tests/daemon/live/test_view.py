"""Tests of a view: it shows what is right, whenever it is told of commits and whenever its reads come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from sys import getrefcount

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from pjai_wire.changes import Delete, Insert, Update
from pjai_wire.query import Query
from pjai_wire.tables import workflows
from pjaid.live import view as views
from pjaid.live.kept_groups import GROUPS_MAX
from pjaid.live.plan import plan
from pjaid.live.view import FOLLOWED_AT_ONCE_MAX, Advance, Need, View
from pjaid.store.changed import Row
from tests.daemon.live.asking import queries
from tests.daemon.live.following import Following, answer
from tests.daemon.live.making import IDS, Drop, Put, Reference, became, came, left, reference, step, workflow

NAMES = workflows.select("id", "name").limit(2).query
LIKE = workflows.where(workflows.name.like("1%")).select("id", "name").query


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reference]:
    with reference(tmp_path_factory.mktemp("view")) as made:
        yield made


Move = Put | Drop | str

doings = st.sampled_from(["tell", "tell", "begin", "finish"])
moves: st.SearchStrategy[list[Move]] = st.lists(
    step | doings | st.sampled_from(["fail", "lose"]), max_size=30
)

floods: st.SearchStrategy[list[Move]] = st.lists(
    st.builds(lambda low: Drop(range(low, low + 20)), st.integers(0, IDS - 20))
    | st.builds(lambda low: Put(range(low, low + 3), {"name": "b"}), st.integers(0, IDS - 3))
    | st.builds(lambda low: Put(range(low, low + 30), {"name": "c"}), st.integers(0, IDS - 30))
    | doings
    | doings,
    max_size=20,
)
"""In which windows run dry, and others fill meanwhile."""


@settings(max_examples=200, deadline=None)
@given(query=queries, moves=moves)
def test_a_view_shows_what_is_right_in_whatever_order_it_learns_of_it(
    sqlite: Reference, query: Query, moves: list[Move]
) -> None:
    play(sqlite, query, moves)


@settings(max_examples=100, deadline=None)
@given(limit=st.integers(1, 3), offset=st.sampled_from([0, 0, 1]), moves=floods)
def test_a_view_that_runs_dry_shows_what_is_right(
    sqlite: Reference, limit: int, offset: int, moves: list[Move]
) -> None:
    play(sqlite, workflows.select("id", "name").limit(limit).offset(offset).query, moves)


def play(sqlite: Reference, query: Query, moves: list[Move]) -> None:
    """Follows SQLite in the order of the moves, comparing all the while."""
    sqlite.clear()
    sqlite.play(Put(range(IDS), {"name": "a", "execution_count": 1}))
    following = Following(sqlite, query)
    following.come_to_rest()
    doing: dict[str, Callable[[], None]] = {
        "tell": following.tell,
        "begin": following.begin,
        "finish": following.finish,
        "fail": following.fail,
        "lose": lambda: following.commit(Put(range(1), {"name": "lost"}), is_lost=True),
    }
    for move in moves:
        if isinstance(move, str):
            doing[move]()
        else:
            following.commit(move)
    following.come_to_rest()
    following.look()
    assert following.view.is_current
    assert following.held == following.right[following.seq]


def read(view: View, seq: int, *rows: Row, told: int | None = None) -> None:
    """Reads what a view needs at once."""
    view.begin_reading()
    view.finish_reading(seq, view.digest(rows), told=seq if told is None else told)


def loaded(query: Query = NAMES, *rows: Row) -> View:
    """A view of some rows, at the first state."""
    view = View(plan(query))
    read(view, 1, *rows)
    assert view.advanced() is None
    return view


one, two, three = (workflow(name, name=name) for name in ("1", "2", "3"))


def test_what_is_read_first_is_no_change() -> None:
    view = loaded(NAMES, one, two)
    assert view.is_current
    assert view.shown().rows == [answer("1", "1"), answer("2", "2")]
    assert view.advanced() is None


def test_a_view_that_was_told_of_a_change_is_current_when_it_has_told_of_it() -> None:
    view = loaded(NAMES, one)
    states = [view.is_current]
    view.take(2, [came(two)])
    states.append(view.is_current)
    assert view.advanced() == Advance(2, (Insert(1, Raw(answer("2", "2"))),))
    states.append(view.is_current)
    assert states == [True, False, True]


def test_what_does_not_change_the_result_is_not_told() -> None:
    view = loaded(NAMES, one)
    view.take(2, [became(one, workflow("1", name="1", execution_count=9))])
    assert view.is_current
    assert view.seq == 2
    assert view.advanced() is None


def test_changes_of_several_commits_are_told_together() -> None:
    long = workflow("9", name="9" * 100)
    view = loaded(NAMES, one, long)
    view.take(2, [left(one)])
    view.take(3, [came(two)])
    assert view.advanced() == Advance(3, (Delete(0), Insert(0, Raw(answer("2", "2")))))


def test_more_changes_than_the_result_has_bytes_make_way_for_it() -> None:
    view = loaded(NAMES, one)
    for seq in range(2, 12):
        before = workflow("1", name="1" if seq == 2 else str(seq - 1))
        view.take(seq, [became(before, workflow("1", name=str(seq)))])
    assert view.advanced() == Advance(11, None)


def test_a_commit_that_a_read_saw_is_not_taken_again() -> None:
    view = View(plan(NAMES))
    read(view, 5, one, told=4)
    view.take(5, [came(one)])
    assert view.advanced() is None
    assert view.shown().rows == [answer("1", "1")]


def test_a_commit_during_a_read_is_followed_after_it() -> None:
    view = View(plan(NAMES))
    view.begin_reading()
    view.take(2, [came(two)])
    view.take(3, [came(three)])
    view.finish_reading(2, view.digest([two]), told=3)
    assert view.shown().rows == [answer("2", "2"), answer("3", "3")]
    assert view.seq == 3


def test_a_commit_before_a_read_is_for_the_read_to_see() -> None:
    view = View(plan(NAMES))
    view.take(2, [came(two)])
    read(view, 2, two)
    assert view.shown().rows == [answer("2", "2")]


@pytest.mark.parametrize("limit", ["BACKLOG_ROWS_MAX", "BACKLOG_BYTES_MAX"])
def test_what_is_more_than_waits_during_a_read_is_read_after_it(
    monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(views, limit, 10)
    view = View(plan(NAMES))
    view.begin_reading()
    for seq in range(2, 14):
        view.take(seq, [became(one, workflow("1", name=str(seq)))])
    view.finish_reading(1, view.digest([one]), told=13)
    needs = [view.need]
    read(view, 13, two)
    assert [*needs, view.need] == [Need.RESULT, Need.NOTHING]
    assert view.shown().rows == [answer("2", "2")]


def test_rows_beyond_others_that_are_not_known_are_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = many(40)
    view = loaded(NAMES, *rows[:18])
    drained(view, rows[:17])
    monkeypatch.setattr(views, "BACKLOG_ROWS_MAX", 1)
    view.begin_reading()
    view.take(3, [left(rows[17]), left(rows[18])])
    view.take(4, [came(rows[0])])
    view.finish_reading(3, view.digest(rows[19:37]), told=4)
    assert view.need is Need.RESULT
    read(view, 4, rows[0], *rows[19:36])
    assert view.shown().rows == [answer("000", ""), answer("019", "")]


def test_a_query_that_is_run_anew_keeps_no_rows_until_it_is() -> None:
    view = View(plan(LIKE))
    view.begin_reading()
    changes = [became(one, workflow("1", name="11"))]
    references = getrefcount(changes)
    for seq in (2, 3):
        view.take(seq, changes)
    view.take(4, [became(one, workflow("1", name="1", execution_count=9))])
    assert getrefcount(changes) == references
    view.finish_reading(2, view.digest([("1", "11")]), told=4)
    needs = [view.need]
    view.begin_reading()
    view.take(5, [became(one, workflow("1", name="1", execution_count=9))])
    view.finish_reading(4, view.digest([("1", "11")]), told=5)
    assert [*needs, view.need] == [Need.RESULT, Need.NOTHING]


def many(count: int) -> list[Row]:
    return [workflow(f"{number:03}", name="") for number in range(count)]


def drained(view: View, rows: list[Row]) -> None:
    """Lets rows leave at the second state until the window lacks some."""
    view.take(2, [left(row) for row in rows])
    assert view.need is Need.ROWS


def test_rows_beyond_the_known_ones_are_read_when_they_are_needed() -> None:
    rows = many(40)
    view = loaded(NAMES, *rows[:18])
    drained(view, rows[:17])
    assert view.advanced() is None
    read(view, 2, *rows[18:36])
    assert view.is_current is False
    assert view.shown().rows == [answer("017", ""), answer("018", "")]
    advance = view.advanced()
    assert advance is not None
    assert advance.seq == 2


def test_rows_that_were_read_too_early_wait_for_the_commits_that_they_show() -> None:
    rows = many(40)
    view = loaded(NAMES, *rows[:18])
    drained(view, rows[:17])
    read(view, 3, *rows[19:37], told=2)
    assert view.has_read_early
    assert view.is_reading
    view.catch_up(2)
    assert view.has_read_early
    view.take(3, [left(rows[17]), left(rows[18])])
    view.catch_up(3)
    assert view.shown().rows == [answer("019", ""), answer("020", "")]
    assert view.need is Need.NOTHING


def test_a_reading_that_failed_is_needed_still() -> None:
    rows = many(40)
    view = loaded(NAMES, *rows[:18])
    drained(view, rows[:17])
    view.begin_reading()
    view.take(3, [left(rows[17])])
    view.fail_reading()
    assert view.need is Need.RESULT
    assert not view.is_reading
    read(view, 3, *rows[18:36])
    assert view.shown().rows == [answer("018", ""), answer("019", "")]


def test_a_commit_with_very_many_rows_is_read_rather_than_followed() -> None:
    view = loaded(NAMES, one)
    view.take(2, [came(row) for row in many(FOLLOWED_AT_ONCE_MAX + 1)])
    assert view.need is Need.RESULT
    read(view, 2, *many(18))
    advance = view.advanced()
    assert advance is not None
    assert advance.seq == 2


def test_a_commit_that_does_not_tell_its_rows_is_read() -> None:
    view = loaded(NAMES, one)
    needs = []
    for seq in (1, 2):
        view.lose(seq)
        needs.append(view.need)
    assert needs == [Need.NOTHING, Need.RESULT]
    read(view, 2, two)
    assert view.advanced() == Advance(2, None)


def test_a_query_that_is_run_anew_needs_it_when_a_column_that_it_reads_has_changed() -> None:
    view = loaded(LIKE, ("1", "1"))
    needs = []
    for seq, values in ((2, {"name": "1", "execution_count": 9}), (3, {"name": "11"})):
        view.take(seq, [became(one, workflow("1", **values))])
        needs.append(view.need)
    assert needs == [Need.NOTHING, Need.RESULT]
    read(view, 3, ("1", "11"))
    assert view.advanced() == Advance(3, (Update(0, Raw(answer("1", "11"))),))


def test_groups_that_become_too_many_are_run_anew_and_differ_by_what_changed() -> None:
    query = workflows.group_by("name").limit(1).query
    groups: list[Row] = [(f"{number:05}", 1) for number in range(GROUPS_MAX)]
    view = loaded(query, *groups)
    view.take(2, [came(workflow("new", name=""))])
    assert view.need is Need.RESULT
    view.begin_reading()
    view.demote("its groups are more than are kept")
    assert (view.plan.mode, view.plan.why) == ("rerun", "its groups are more than are kept")
    assert view.identity == plan(query).identity
    read(view, 2, ("",))
    assert view.shown().rows == [answer("")]
    assert view.advanced() is not None
