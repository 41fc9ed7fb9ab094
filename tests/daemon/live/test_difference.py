"""Tests that a difference makes the new result of the old one, and stays short."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from pjai_wire.changes import Change, Delete, Insert, Move, Update, apply_changes
from pjaid.live.difference import Result, difference

rows = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 2)), max_size=12, unique_by=lambda row: row[0])


def result(keyed: list[tuple[int, int]]) -> Result:
    return Result([key for key, _ in keyed], [f"{key}:{value}".encode() for key, value in keyed])


def applied(before: Result, changes: list[Change[Raw]]) -> list[bytes]:
    return apply_changes(before.rows, changes, bytes)


@settings(max_examples=1_000, deadline=None)
@given(before=rows, after=rows)
def test_changes_make_the_new_result(before: list[tuple[int, int]], after: list[tuple[int, int]]) -> None:
    changes = difference(result(before), result(after))
    if changes is not None:
        assert applied(result(before), changes) == result(after).rows


@settings(max_examples=300, deadline=None)
@given(before=rows)
def test_equal_results_differ_by_nothing(before: list[tuple[int, int]]) -> None:
    assert difference(result(before), result(before)) == []


def wide(keys: str) -> Result:
    return Result(list(keys), [key.encode() * 100 for key in keys])


def test_one_row_that_moves_is_one_move() -> None:
    assert difference(wide("abcdef"), wide("bcdefa")) == [Move(0, 5, Raw(b"a" * 100))]
    assert difference(wide("abcdef"), wide("fabcde")) == [Move(5, 0, Raw(b"f" * 100))]


def test_a_row_that_enters_pushes_another_out_of_the_window() -> None:
    assert difference(wide("abcdef"), wide("xabcde")) == [Delete(5), Insert(0, Raw(b"x" * 100))]


def test_a_row_that_changes_in_place_is_one_update() -> None:
    after = Result(list("ab"), [b"a" * 100, b"B" * 100])
    assert difference(wide("ab"), after) == [Update(1, Raw(b"B" * 100))]


def test_a_result_that_is_new_altogether_travels_whole() -> None:
    assert difference(wide("abc"), wide("xyz")) is None


def test_a_result_with_too_many_rows_out_of_order_travels_whole() -> None:
    keys = list(range(1_000))
    rows = [b"%d" % key for key in keys]
    assert difference(Result([*keys], rows), Result([*reversed(keys)], rows[::-1])) is None


def test_rows_that_look_the_same_differ_by_nothing_in_whatever_order() -> None:
    assert difference(Result(list("ab"), [b"row"] * 2), Result(list("ba"), [b"row"] * 2)) == []


def test_rows_that_all_change_in_place_travel_whole_once_that_is_shorter() -> None:
    assert difference(Result(list("abc"), [b"1"] * 3), Result(list("abc"), [b"2"] * 3)) is None
