"""Changes are applied in order, each to the list as the changes before it have left it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from pjai_wire.changes import Change, Delete, Insert, Move, Update, apply_changes
from pjai_wire.codec import Decoder, encode
from pjai_wire.envelope import LiveUpdate

BEFORE = ("a", "b", "c")

same: Callable[[str], str] = str


@pytest.mark.parametrize(
    ("changes", "after"),
    [
        ((), "abc"),
        ((Insert(0, "x"),), "xabc"),
        ((Insert(3, "x"),), "abcx"),
        ((Update(1, "x"),), "axc"),
        ((Delete(0),), "bc"),
        ((Delete(2),), "ab"),
        ((Move(0, 2, "a"),), "bca"),
        ((Move(2, 0, "c"),), "cab"),
        ((Move(0, 1, "x"),), "bxc"),
        ((Move(1, 1, "x"),), "axc"),
        ((Delete(0), Delete(0), Delete(0)), ""),
        ((Delete(0), Insert(1, "x"), Move(2, 0, "c"), Update(1, "y")), "cyx"),
    ],
)
def test_changes_apply(changes: tuple[Change[str], ...], after: str) -> None:
    assert apply_changes(BEFORE, changes, same) == list(after)


def test_the_result_before_stays_as_it_was() -> None:
    before = list(BEFORE)
    apply_changes(before, [Delete(0)], same)
    assert before == list(BEFORE)


def test_rows_are_decoded_and_those_that_stay_are_not() -> None:
    changes: list[Change[str]] = [Update(0, "x"), Insert(0, "y"), Move(3, 0, "z")]
    assert apply_changes(BEFORE, changes, str.upper) == ["Z", "Y", "X", "b"]


@pytest.mark.parametrize(
    "change",
    [Insert(4, "x"), Update(3, "x"), Delete(3), Move(3, 0, "x"), Move(0, 3, "x")],
    ids=lambda change: repr(change),
)
def test_changes_of_another_list_are_refused(change: Change[str]) -> None:
    with pytest.raises(IndexError):
        apply_changes(BEFORE, [change], same)


@pytest.mark.parametrize(
    ("change", "travels"),
    [
        (Insert(0, Raw(b"\x91\x01")), ["insert", 0, [1]]),
        (Update(2, Raw(b"\x91\x01")), ["update", 2, [1]]),
        (Move(5, 0, Raw(b"\x91\x01")), ["move", 5, 0, [1]]),
        (Delete(3), ["delete", 3]),
    ],
)
def test_a_change_travels_as_an_array(change: Change[Raw], travels: list[object]) -> None:
    assert encode(change) == encode(travels)


def positions(length: int) -> st.SearchStrategy[int]:
    return st.integers(0, length - 1)


@st.composite
def changes_of(draw: st.DrawFn, length: int) -> list[Change[Raw]]:
    """Some changes that fit a list of `length` rows."""
    changes: list[Change[Raw]] = []
    for number in range(draw(st.integers(0, 8))):
        row = Raw(encode([number]))
        if length == 0 or draw(st.booleans()):
            changes.append(Insert(draw(st.integers(0, length)), row))
            length += 1
        elif draw(st.booleans()):
            changes.append(Delete(draw(positions(length))))
            length -= 1
        else:
            changes.append(Move(draw(positions(length)), draw(positions(length)), row))
    return changes


@settings(deadline=None)
@given(st.lists(st.integers(0, 9), max_size=5), st.data())
def test_changes_mean_the_same_after_their_journey(rows: list[int], data: st.DataObject) -> None:
    changes = data.draw(changes_of(len(rows)))
    before = [encode([row]) for row in rows]
    arrived = Decoder(LiveUpdate).decode(encode(LiveUpdate(seq=2, prev=1, changes=tuple(changes))))
    assert isinstance(arrived.changes, tuple)
    here = apply_changes(before, changes, bytes)
    assert apply_changes(before, arrived.changes, bytes) == here
