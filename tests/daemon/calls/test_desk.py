"""The desk of an actor: each call is given out once, and its caller hears of it once."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec import Raw

from pjai_wire import limits
from pjai_wire.errors import ActorFailed, Overloaded, PjaiError, Stopping, Unavailable
from pjaid.calls.desk import Call, Desk

QUEUE_MAX = 3


class Caller:
    """Puts calls on a desk, and keeps what it is told of them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.told: dict[int, list[bytes | PjaiError]] = {}

    def put(self, number: int) -> None:
        told: list[bytes | PjaiError] = []
        self._desk.put(
            Call(
                number=number,
                method="notes.total",
                params=Raw(b"\x80"),
                client="ada",
                deadline=0.0,
                settle=told.append,
            )
        )
        self.told[number] = told


@pytest.fixture
def desk() -> Desk:
    return Desk("notes", queue_max=QUEUE_MAX)


@pytest.fixture
def caller(desk: Desk) -> Caller:
    return Caller(desk)


@pytest.fixture
def given() -> list[Call]:
    """What the actor was given."""
    return []


def numbers(calls: list[Call]) -> list[int]:
    return [call.number for call in calls]


def test_params_that_wait_have_bounded_room(monkeypatch: pytest.MonkeyPatch, given: list[Call]) -> None:
    monkeypatch.setattr(limits, "ACTOR_QUEUE_BYTES_MAX", 2)
    desk = Desk("notes", queue_max=10)
    caller = Caller(desk)
    for number in (1, 2):
        caller.put(number)
    with pytest.raises(Overloaded):
        caller.put(3)
    desk.wish(given.append)
    caller.put(4)
    desk.give_up(2)
    caller.put(5)
    desk.refuse(Stopping("the daemon is shutting down"))
    caller.put(6)
    caller.put(7)
    with pytest.raises(Overloaded, match="MiB"):
        caller.put(8)
    assert numbers(given) == [1]


def test_a_call_goes_to_an_actor_that_waits_for_one(desk: Desk, caller: Caller, given: list[Call]) -> None:
    desk.wish(given.append)
    caller.put(1)
    assert numbers(given) == [1]
    desk.settle(1, b"done")
    assert caller.told == {1: [b"done"]}


def test_calls_wait_for_an_actor_in_their_order(desk: Desk, caller: Caller, given: list[Call]) -> None:
    for number in (1, 2, 3):
        caller.put(number)
    assert (desk.waiting, desk.under_way) == (3, 0)
    for _ in range(2):
        desk.wish(given.append)
    assert numbers(given) == [1, 2]
    assert (desk.waiting, desk.under_way) == (1, 2)


def test_one_call_too_many_is_refused_and_harms_no_other(
    desk: Desk, caller: Caller, given: list[Call]
) -> None:
    for number in range(QUEUE_MAX):
        caller.put(number)
    with pytest.raises(Overloaded, match=f"{QUEUE_MAX} calls waiting"):
        caller.put(9)
    for _ in range(QUEUE_MAX + 1):
        desk.wish(given.append)
    assert numbers(given) == list(range(QUEUE_MAX))


def test_a_call_that_is_carried_out_takes_no_place_in_the_queue(
    desk: Desk, caller: Caller, given: list[Call]
) -> None:
    desk.wish(given.append)
    for number in range(QUEUE_MAX + 1):
        caller.put(number)
    assert (desk.waiting, desk.under_way) == (QUEUE_MAX, 1)


def test_whoever_has_gone_is_given_nothing(desk: Desk, caller: Caller, given: list[Call]) -> None:
    gone: list[Call] = []
    give = gone.append
    desk.wish(give)
    desk.wish(given.append)
    desk.unwish(give)
    desk.unwish(give)
    caller.put(1)
    assert (gone, numbers(given)) == ([], [1])


def test_what_an_actor_had_begun_fails_with_it_and_what_waits_waits_for_the_next(
    desk: Desk, caller: Caller, given: list[Call]
) -> None:
    desk.wish(given.append)
    for number in (1, 2):
        caller.put(number)
    desk.fall()
    (failed,) = caller.told[1]
    assert isinstance(failed, ActorFailed)
    assert failed.actor == "notes"
    assert not failed.retry, "it may have been done"
    desk.wish(given.append)
    assert numbers(given) == [1, 2]
    assert caller.told[2] == []


def test_a_fallen_actor_is_given_nothing(desk: Desk, caller: Caller, given: list[Call]) -> None:
    desk.wish(given.append)
    desk.fall()
    caller.put(1)
    assert given == []


def test_what_waits_can_be_refused(desk: Desk, caller: Caller, given: list[Call]) -> None:
    desk.wish(given.append)
    for number in (1, 2):
        caller.put(number)
    reason = Unavailable("the actor is down")
    desk.refuse(reason)
    desk.wish(given.append)
    assert caller.told == {1: [], 2: [reason]}
    assert numbers(given) == [1]


def test_the_outcome_of_what_was_given_up_is_dropped(desk: Desk, caller: Caller, given: list[Call]) -> None:
    desk.wish(given.append)
    for number in (1, 2):
        caller.put(number)
        assert desk.give_up(number) is not None
    desk.settle(1, b"late")
    desk.settle(2, b"never given")
    desk.settle(7, b"unheard of")
    assert desk.give_up(7) is None
    assert caller.told == {1: [], 2: []}
    assert (desk.waiting, desk.under_way) == (0, 0)


class DeskMachine(RuleBasedStateMachine):
    """Callers come and go, and so does the actor, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk("notes", queue_max=QUEUE_MAX)
        self.caller = Caller(self.desk)
        self.given: list[int] = []
        self.given_up: set[int] = set()
        self.wishes: list[Any] = []
        self.next = 0

    @rule()
    def put(self) -> None:
        self.next += 1
        is_full = self.desk.waiting == QUEUE_MAX
        try:
            self.caller.put(self.next)
        except Overloaded:
            assert is_full
        else:
            assert not is_full

    @rule()
    def wish(self) -> None:
        def give(call: Call) -> None:
            self.wishes.remove(give)
            self.given.append(call.number)

        self.wishes.append(give)
        self.desk.wish(give)

    @rule(data=st.data())
    def unwish(self, data: st.DataObject) -> None:
        if self.wishes:
            gone = data.draw(st.sampled_from(self.wishes))
            self.wishes.remove(gone)
            self.desk.unwish(gone)

    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        if self.given:
            self.desk.settle(data.draw(st.sampled_from(self.given)), b"done")

    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        if self.caller.told:
            number = data.draw(st.sampled_from(sorted(self.caller.told)))
            if self.desk.give_up(number) is not None:
                self.given_up.add(number)

    @rule()
    def fall(self) -> None:
        self.wishes.clear()
        self.desk.fall()
        assert self.desk.under_way == 0

    @rule()
    def refuse(self) -> None:
        self.desk.refuse(Stopping("the daemon is shutting down"))
        assert self.desk.waiting == 0

    @invariant()
    def a_call_is_given_out_once_and_in_order(self) -> None:
        assert all(count == 1 for count in Counter(self.given).values())
        assert self.given == sorted(self.given)

    @invariant()
    def a_caller_is_told_once_and_only_while_it_waits(self) -> None:
        for number, told in self.caller.told.items():
            assert len(told) <= (number not in self.given_up)

    @invariant()
    def no_call_is_lost(self) -> None:
        open_calls = [
            number for number, told in self.caller.told.items() if not told and number not in self.given_up
        ]
        assert len(open_calls) == self.desk.waiting + self.desk.under_way

    @invariant()
    def nothing_waits_while_the_actor_does(self) -> None:
        assert not (self.wishes and self.desk.waiting)


TestDeskMachine = DeskMachine.TestCase
