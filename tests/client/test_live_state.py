from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Raw

from pjai.differences import Deleted, Difference, Inserted, Moved, Reset, Updated
from pjai.live_state import Gap, Held, Step, follow, replaced
from pjai_wire.changes import Change, Delete, Insert, Move, Update
from pjai_wire.codec import encode
from pjai_wire.envelope import LiveUpdate
from pjai_wire.errors import InternalError

HELD = Held(5, ["a", "b", "c"], 5)


def row(text: str) -> Raw:
    return Raw(encode(text))


def text_of(encoded: Raw) -> str:
    text: str = msgspec.msgpack.decode(encoded)
    return text


def step(held: Held[str], update: LiveUpdate) -> Step[str]:
    outcome = follow(held, update, text_of)
    assert isinstance(outcome, Step)
    return outcome


def moved(held: Held[str], update: LiveUpdate) -> Held[str] | Gap:
    outcome = follow(held, update, text_of)
    return outcome if isinstance(outcome, Gap) else outcome.held


def changed(prev: int, seq: int, *changes: Change[Raw]) -> LiveUpdate:
    return LiveUpdate(seq=seq, prev=prev, changes=changes)


def test_changes_make_the_next_result() -> None:
    update = changed(5, 6, Delete(0), Insert(2, row("d")), Update(0, row("B")), Move(1, 0, row("c")))
    assert moved(HELD, update) == Held(6, ["c", "B", "d"], 6)
    assert HELD.rows == ["a", "b", "c"]


def test_a_step_names_its_changes_with_the_rows_that_they_concern() -> None:
    update = changed(5, 6, Delete(0), Insert(2, row("d")), Update(0, row("B")), Move(1, 0, row("C")))
    assert step(HELD, update).changes == (
        Deleted(0, "a"),
        Inserted(2, "d"),
        Updated(0, "B", before="b"),
        Moved(1, 0, "C", before="c"),
    )


def test_a_step_leaves_out_what_changed_nothing() -> None:
    assert step(HELD, changed(5, 6, Update(0, row("a")), Delete(1))).changes == (Deleted(1, "b"),)
    there_and_back = changed(5, 6, Move(0, 1, row("a")), Move(0, 1, row("b")))
    for update in (LiveUpdate(seq=6, prev=5), changed(5, 6, Update(0, row("a"))), there_and_back):
        assert step(HELD, update).changes == ()
    assert replaced(HELD, 6, ["a", "b", "c"]).changes == ()


def test_a_whole_result_is_a_reset() -> None:
    whole = LiveUpdate(seq=9, prev=7, rows=(row("z"),))
    assert step(HELD, whole) == replaced(HELD, 9, ["z"]) == Step(Held(9, ["z"], 9), (Reset(["z"]),))


def test_a_tick_moves_the_seq_and_leaves_the_very_rows() -> None:
    after = moved(HELD, LiveUpdate(seq=9, prev=5))
    assert isinstance(after, Held)
    assert after.seq == 9
    assert after.rows is HELD.rows


def test_changes_that_change_nothing_leave_the_very_rows() -> None:
    after = moved(HELD, changed(5, 6, Update(0, row("a"))))
    assert isinstance(after, Held)
    assert after.rows is HELD.rows


def test_a_whole_result_needs_no_predecessor() -> None:
    assert moved(HELD, LiveUpdate(seq=9, prev=7, rows=(row("z"),))) == Held(9, ["z"], 9)


def test_what_is_older_than_what_is_held_changes_nothing() -> None:
    for update in (
        changed(4, 5, Delete(0)),
        LiveUpdate(seq=5, prev=5),
        LiveUpdate(seq=4, prev=3, rows=()),
    ):
        assert moved(HELD, update) is HELD


def test_what_a_pulse_has_led_on_is_followed_from_what_the_topic_told() -> None:
    led_on = Held(8, HELD.rows, 5)
    assert moved(led_on, changed(5, 9, Delete(0))) == Held(9, ["b", "c"], 9)
    assert moved(led_on, LiveUpdate(seq=6, prev=5)) == Held(8, HELD.rows, 6)
    assert moved(led_on, changed(8, 9, Delete(0))) == Gap(held=5, prev=8, seq=9)
    assert replaced(led_on, 7, ["z"]).held == Held(7, ["z"], 7)


def test_an_update_or_a_tick_after_a_missed_one_is_a_gap() -> None:
    assert moved(HELD, changed(6, 7, Delete(0))) == Gap(held=5, prev=6, seq=7)
    assert moved(HELD, LiveUpdate(seq=7, prev=6)) == Gap(held=5, prev=6, seq=7)
    assert moved(HELD, changed(4, 7, Delete(0))) == Gap(held=5, prev=4, seq=7)


def test_changes_that_are_about_another_result_are_a_gap() -> None:
    assert isinstance(moved(HELD, changed(5, 6, Delete(3))), Gap)
    assert isinstance(moved(HELD, changed(5, 6, Insert(4, row("e")))), Gap)


def test_a_row_that_does_not_fit_is_a_gap() -> None:
    def unfit(_: Raw) -> str:
        raise InternalError("does not fit")

    assert isinstance(follow(HELD, changed(5, 6, Insert(0, row("e"))), unfit), Gap)


results = st.lists(st.sampled_from("abcdef"), max_size=5, unique=True)


def difference(before: Sequence[str], after: Sequence[str]) -> tuple[Change[Raw], ...]:
    """A plain way from one result to another: what is wrong leaves, then all comes to its place."""
    now = list(before)
    changes: list[Change[Raw]] = []
    for position in reversed(range(len(now))):
        if now[position] not in after:
            changes.append(Delete(position))
            del now[position]
    for position, text in enumerate(after):
        if text not in now:
            changes.append(Insert(position, row(text)))
            now.insert(position, text)
        elif (old := now.index(text)) != position:
            changes.append(Move(old, position, row(text)))
            now.insert(position, now.pop(old))
    return tuple(changes)


@given(
    history=st.lists(results, min_size=1, max_size=12),
    steps=st.lists(st.sampled_from(["arrives", "is lost", "arrives twice", "is whole"]), min_size=12),
)
def test_after_any_losses_the_rows_and_a_copy_kept_by_differences_are_those_of_the_seq_that_is_held(
    history: list[list[str]], steps: list[str]
) -> None:
    held = Held(0, history[0], 0)
    copy = list(held.rows)
    for seq, (before, after) in enumerate(pairwise(history), start=1):
        fate = steps[seq - 1]
        if fate == "is whole":
            update = LiveUpdate(seq=seq, prev=seq - 1, rows=tuple(map(row, after)))
        else:
            update = LiveUpdate(seq=seq, prev=seq - 1, changes=difference(before, after) or UNSET)
        for _ in range({"is lost": 0, "arrives twice": 2}.get(fate, 1)):
            missed = held.seq < seq - 1 and fate != "is whole"
            outcome = follow(held, update, text_of)
            assert isinstance(outcome, Gap) == missed
            # A gap is answered with the whole result.
            taken = replaced(held, seq, after) if isinstance(outcome, Gap) else outcome
            held, copy = taken.held, Difference(taken.held.seq, taken.changes).applied_to(copy)
        assert copy == held.rows == history[held.seq]
