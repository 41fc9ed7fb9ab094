"""Tests of the window onto an ordered result, against a sorted list that knows everything."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from pjai_wire.changes import Change, Delete, Insert, Move, Update, apply_changes
from pjaid.live.order import Key
from pjaid.live.window import MARGIN_MIN, Window

KEYS = 70
"""More than the smallest window knows at most."""


class Model:
    """All rows of a result, and what somebody who hears each change of its window holds.

    Args:
        end: of the window.
        rows: by their keys.
    """

    def __init__(self, end: int, rows: dict[int, bytes]) -> None:
        self.end = end
        self.rows = dict(rows)
        self.window = Window(end)
        first = sorted(self.rows)[: self.window.wanted]
        self.window.fill([(key,) for key in first], [self.rows[key] for key in first])
        self.held = self.shown

    @property
    def shown(self) -> list[bytes]:
        """What is asked for."""
        return [self.rows[key] for key in sorted(self.rows)[: self.end]]

    def replace(self, old: int | None, new: int | None, row: bytes) -> None:
        """Replaces a row, and reads on where the window lacks rows."""
        if old is not None:
            del self.rows[old]
        if new is not None:
            self.rows[new] = row
        self._hear(self.window.replace(_key(old), _key(new), row))
        if self.window.lacks_rows:
            self._read_on()

    def check(self) -> None:
        """Compares the window with the rows."""
        assert self.held == self.shown
        known = [(key,) for key in sorted(self.rows) if self.window.reaches((key,))]
        assert self.window.keys == known
        assert self.window.rows == [self.rows[key] for (key,) in known]
        assert self.window.bytes_kept == sum(map(len, self.window.rows))
        assert len(known) == len(self.rows) or self.window.bound is not None

    def _read_on(self) -> None:
        assert self.window.bound is not None
        keys = sorted(self.rows)
        beyond = keys[bisect_right(keys, self.window.bound[0]) :][: self.window.wanted]
        is_more = len(beyond) == self.window.wanted
        self._hear(
            self.window.refill(
                [(key,) for key in beyond], [self.rows[key] for key in beyond], is_more=is_more
            )
        )
        assert not self.window.lacks_rows

    def _hear(self, changes: list[Change[Raw]]) -> None:
        self.held = apply_changes(self.held, changes, bytes)


def _key(key: int | None) -> Key | None:
    return None if key is None else (key,)


keys = st.integers(0, KEYS - 1)
contents = st.sampled_from([b"", b"a", b"bb"])
steps = st.lists(
    st.tuples(st.just("put"), keys, contents)
    | st.tuples(st.just("move"), st.tuples(keys, keys), contents)
    | st.tuples(st.just("drop"), st.tuples(keys, st.integers(1, KEYS)), st.just(b"")),
    max_size=30,
)


@settings(max_examples=500, deadline=None)
@given(end=st.integers(0, 5), rows=st.dictionaries(keys, contents, max_size=KEYS), steps=steps)
def test_what_is_told_makes_the_first_rows_of_the_result(
    end: int, rows: dict[int, bytes], steps: list[tuple[str, int | tuple[int, int], bytes]]
) -> None:
    model = Model(end, rows)
    for kind, at, row in steps:
        for old, new in replacements(model, kind, at):
            model.replace(old, new, row)
            model.check()


def replacements(model: Model, kind: str, at: int | tuple[int, int]) -> list[tuple[int | None, int | None]]:
    """The keys of rows that a step replaces, and those which they get."""
    if isinstance(at, int):
        return [(at if at in model.rows else None, at)]
    low, other = at
    if kind == "move":
        return [(low, other)] if low in model.rows and (other not in model.rows or other == low) else []
    return [(key, None) for key in sorted(model.rows) if low <= key < low + other]


def test_rows_far_beyond_the_window_are_let_go_of() -> None:
    model = Model(2, {})
    for key in reversed(range(1_000)):
        model.replace(None, key, b"row")
        assert len(model.window.keys) <= model.window.wanted + MARGIN_MIN
    model.check()
    assert model.window.bytes_kept <= 3 * (model.window.wanted + MARGIN_MIN)


def test_a_window_that_holds_all_lets_go_of_nothing() -> None:
    window = Window(1)
    window.hold_all([], [])
    for key in range(100):
        window.replace(None, (key,), b"row")
    assert len(window.keys) == 100
    assert window.bound is None
    assert all(one < other for one, other in pairwise(window.keys))


@pytest.fixture
def three() -> Window:
    """Of six rows the first three are asked for."""
    window = Window(3)
    window.fill([(key,) for key in range(6)], [str(key).encode() for key in range(6)])
    return window


def test_a_row_that_moves_within_the_window_is_one_move(three: Window) -> None:
    assert three.replace((0,), (2.5,), b"new") == [Move(0, 2, Raw(b"new"))]


def test_a_row_that_moves_and_keeps_its_place_is_an_update(three: Window) -> None:
    assert three.replace((0,), (0.5,), b"new") == [Update(0, Raw(b"new"))]
    assert three.replace((0.5,), (0.6,), b"new") == []


def test_a_row_that_comes_pushes_the_last_one_out(three: Window) -> None:
    assert three.replace(None, (0.5,), b"new") == [Delete(2), Insert(1, Raw(b"new"))]


def test_a_row_that_leaves_finds_its_successor_in_the_margin(three: Window) -> None:
    assert three.replace((0,), None, b"") == [Delete(0), Insert(2, Raw(b"3"))]
    assert three.replace((1,), (9,), b"1") == [Delete(0), Insert(2, Raw(b"4"))]


def test_what_happens_in_the_margin_is_not_told(three: Window) -> None:
    assert three.replace((4,), (5.5,), b"new") == []
    assert three.replace((5,), None, b"") == []
    assert three.replace(None, (7,), b"7") == []


def test_a_row_that_is_the_same_is_not_told(three: Window) -> None:
    assert three.replace((1,), (1,), b"1") == []
    assert three.replace(None, None, b"") == []


def test_a_row_of_the_result_that_the_window_lacks_is_a_defect(three: Window) -> None:
    with pytest.raises(AssertionError):
        three.replace((0.5,), None, b"")


def test_rows_that_are_out_of_order_are_a_defect() -> None:
    with pytest.raises(AssertionError):
        Window(3).fill([(2,), (1,)], [b"", b""])
