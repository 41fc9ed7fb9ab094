"""Tests that what waits for a subscriber leads it to the right result in one update, and stays small."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET, Raw

from pjai_wire.changes import Update, apply_changes
from pjai_wire.codec import Decoder, encode
from pjai_wire.envelope import LiveUpdate
from pjai_wire.query import Query
from pjai_wire.tables import workflows
from pjaid.live import subscription as subscriptions
from pjaid.live.plan import plan
from pjaid.live.pulse import Pulse
from pjaid.live.subscription import UPDATE_BYTES_MAX, Subscription
from pjaid.live.view import View
from tests.daemon.live.asking import queries
from tests.daemon.live.following import Following, answer
from tests.daemon.live.making import Drop, Put, Reference, came, left, reference, step, workflow

_update = Decoder(LiveUpdate)


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reference]:
    with reference(tmp_path_factory.mktemp("subscription")) as made:
        yield made


def subscribed(view: View, seq: int) -> Subscription:
    return Subscription(
        topic="topic",
        client=b"",
        label="",
        view=view,
        pulse=Pulse("pulse", b""),
        opened_at=0,
        opened_at_ms=0,
        seq=seq,
        shown_seq=seq,
    )


def heard(rows: list[bytes], message: bytes) -> tuple[list[bytes], LiveUpdate]:
    """What a subscriber holds that had `rows`, and the update that it took."""
    update = _update.decode(message)
    if update.rows is not UNSET:
        return [bytes(row) for row in update.rows], update
    assert update.changes is not UNSET
    return apply_changes(rows, update.changes, _content), update


def _content(row: Raw) -> bytes:
    return bytes(row)


@settings(max_examples=150, deadline=None)
@given(query=queries, moves=st.lists(step | st.sampled_from(["deliver", "tick"]), min_size=3, max_size=15))
def test_one_update_leads_from_what_was_told_to_what_is_shown(
    sqlite: Reference, query: Query, moves: list[Put | Drop | str]
) -> None:
    sqlite.clear()
    sqlite.play(Put(range(30), {"name": "a"}))
    following = Following(sqlite, query)
    following.come_to_rest()
    subscription = subscribed(following.view, 0)
    held = following.view.shown().rows
    for move in [*moves, "deliver"]:
        if isinstance(move, Put | Drop):
            following.advances.clear()
            following.commit(move)
            following.come_to_rest()
            for advance in following.advances:
                subscription.put_off(advance.seq, advance.changes)
        elif move == "tick":
            subscription.put_off(following.seq, ())
        elif (message := subscription.message()) is not None:
            before = subscription.seq
            held, update = heard(held, message)
            subscription.delivered()
            assert (update.prev, update.seq) == (before, subscription.seq)
            assert held == following.view.shown().rows
            assert subscription.message() is not None
        whole = sum(map(len, following.view.shown().rows))
        assert subscription.waiting_bytes <= whole or subscription.waiting is None


def view_of(*names: str) -> View:
    """A view of the names of workflows, at the first state."""
    view = View(plan(workflows.select("id", "name").query))
    view.begin_reading()
    rows = [workflow(name[0], name=name) for name in names]
    view.finish_reading(1, view.digest(rows), told=1)
    return view


def test_what_waits_makes_way_for_the_whole_result_once_that_is_shorter() -> None:
    view = view_of("a" * 50)
    subscription = subscribed(view, 1)
    row = Update(0, Raw(answer("a", "a" * 20)))
    waiting = []
    for seq in (2, 3, 4):
        subscription.put_off(seq, [row])
        waiting.append(None if subscription.waiting is None else len(subscription.waiting))
    assert waiting == [1, None, None]
    _, update = heard([], subscription.message() or b"")
    assert (update.prev, update.seq, update.changes) == (1, 4, UNSET)


def test_a_whole_result_is_not_told_while_it_is_not_known() -> None:
    view = view_of("a", "b")
    subscription = subscribed(view, 1)
    subscription.put_off(2, None)
    view.lose(2)
    assert subscription.message() is None


def test_a_whole_result_is_not_told_while_changes_of_it_are_yet_to_be() -> None:
    view = view_of("a", "b")
    subscription = subscribed(view, 1)
    subscription.put_off(1, None)
    view.take(2, [came(workflow("c", name="c"))])
    assert subscription.message() is None
    view.advanced()
    assert subscription.message() is not None


def test_updates_are_counted_and_ticks_are_not() -> None:
    subscription = subscribed(view_of("a"), 1)
    subscription.put_off(2, ())
    subscription.delivered()
    assert (subscription.seq, subscription.updates) == (2, 0)
    subscription.put_off(3, None)
    subscription.delivered()
    assert (subscription.seq, subscription.updates, subscription.waiting) == (3, 1, [])


def test_what_waited_before_a_snapshot_waits_no_more() -> None:
    subscription = subscribed(view_of("a"), 1)
    subscription.put_off(2, None)
    subscription.told(3)
    _, update = heard([], subscription.message() or b"")
    assert (update.prev, update.seq, update.changes) == (3, 3, ())


def test_a_large_update_is_left_to_be_asked_for() -> None:
    subscription = subscribed(view_of("a"), 1)
    large = Update(0, Raw(answer("a", "a" * UPDATE_BYTES_MAX)))
    update = _update.decode(subscription.update(2, [large]))
    assert (update.prev, update.seq, update.changes) == (2, 2, ())


@pytest.mark.parametrize("put_off", [[None], [[Update(0, Raw(answer("a", "b" * 40_000)))]] * 2])
def test_a_large_result_is_encoded_by_no_try_of_a_full_queue(
    monkeypatch: pytest.MonkeyPatch, put_off: list[list[Update[Raw]] | None]
) -> None:
    encoded: list[int] = []

    def counted(value: object) -> bytes:
        made = encode(value)
        encoded.append(len(made))
        return made

    monkeypatch.setattr(subscriptions, "encode", counted)
    subscription = subscribed(view_of("a" * 50_000, "b" * 50_000), 1)
    for seq, changes in enumerate(put_off, start=2):
        subscription.put_off(seq, changes)
    for _ in range(3):
        _, update = heard([], subscription.message() or b"")
        assert (update.prev, update.seq, update.changes) == (
            subscription.shown_seq,
            subscription.shown_seq,
            (),
        )
    assert sum(encoded) < 300


def test_a_result_that_has_become_small_is_told_again_once_it_was_asked_for() -> None:
    view = view_of("a" * UPDATE_BYTES_MAX)
    subscription = subscribed(view, 1)
    subscription.put_off(2, None)
    assert subscription.message()
    view.take(3, [left(workflow("a", name="a" * UPDATE_BYTES_MAX))])
    view.advanced()
    subscription.told(3)
    subscription.put_off(4, None)
    _, update = heard([], subscription.message() or b"")
    assert (update.prev, update.seq, update.rows) == (3, 4, ())
