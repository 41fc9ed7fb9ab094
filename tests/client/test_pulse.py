"""What a pulse means for the topics that it speaks of."""

from __future__ import annotations

import pytest

from pjai.pulse import Beating, Hearing
from pjai_wire.codec import encode
from pjai_wire.pulse import Pulse

SILENCE_S = 3.0


class Noting:
    """A hearer that notes what it is told."""

    def __init__(self) -> None:
        self.states: list[tuple[int, int]] = []
        self.losses = 0

    def arrived(self, message: bytes) -> None:
        raise AssertionError("a pulse is no update")

    def reached(self, seq: int, local_seq: int) -> None:
        self.states.append((seq, local_seq))

    def lose(self) -> None:
        self.losses += 1


@pytest.fixture
def beating() -> Beating:
    return Beating(now=0)


def heard(beating: Beating, topic: str, *, is_begun: bool = True) -> Noting:
    """A hearer of a topic, which has had a message or not."""
    noting = Noting()
    beating.hearings[topic] = Hearing("pulse", noting, now=0)
    beating.hearings[topic].is_begun = is_begun
    return noting


def test_all_that_has_begun_and_is_not_behind_shows_its_states(beating: Beating) -> None:
    one, behind, waiting = (
        heard(beating, "one"),
        heard(beating, "behind"),
        heard(beating, "w", is_begun=False),
    )
    beating.arrived(encode(Pulse(open=3, seq=5, local_seq=2, behind=("behind",))), now=1)
    assert [hearer.states for hearer in (one, behind, waiting)] == [[(5, 2)], [], []]
    beating.arrived(encode(Pulse(open=3)), now=2)
    assert one.states == [(5, 2)]
    assert [hearer.losses for hearer in (one, behind, waiting)] == [0, 0, 0]


def test_what_has_ended_is_lost_and_the_others_go_on(beating: Beating) -> None:
    one, ended = heard(beating, "one"), heard(beating, "ended")
    for now in (1, 2):
        beating.arrived(encode(Pulse(open=1, seq=5, local_seq=0, ended=("ended", "unknown"))), now=now)
    assert (one.losses, one.states) == (0, [(5, 0), (5, 0)])
    assert (ended.losses, ended.states) == (2, [])


def test_where_more_are_heard_than_are_known_all_are_lost_once(beating: Beating) -> None:
    hearers = [heard(beating, topic) for topic in ("one", "other")]
    for now in (1, 2):
        beating.arrived(encode(Pulse(open=1, seq=5, local_seq=0)), now=now)
    assert [(hearer.losses, hearer.states) for hearer in hearers] == [(1, []), (1, [])]


def test_a_silent_pulse_is_the_silence_of_all_again_and_again(beating: Beating) -> None:
    one = heard(beating, "one")
    beating.arrived(encode(Pulse(open=1)), now=2)
    losses = []
    for now in (4, 5, 6, 8, 9, 10):
        beating.look(now, SILENCE_S)
        losses.append(one.losses)
    assert losses == [0, 0, 1, 1, 1, 2]


def test_a_topic_without_a_first_message_is_silent_though_the_pulse_is_heard(beating: Beating) -> None:
    one, waiting = heard(beating, "one"), heard(beating, "waiting", is_begun=False)
    losses = []
    for now in range(1, 9):
        beating.arrived(encode(Pulse(open=1)), now=now)
        beating.look(now, SILENCE_S)
        losses.append(waiting.losses)
    assert losses == [0, 0, 0, 1, 1, 1, 1, 2]
    assert one.losses == 0


def test_bytes_that_are_no_pulse_are_a_loss(beating: Beating) -> None:
    one = heard(beating, "one")
    beating.arrived(b"\xc1", now=1)
    assert one.losses == 1
