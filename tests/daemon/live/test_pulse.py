"""Tests of what a client's pulse says, and that it is never larger than other messages."""

from __future__ import annotations

from pjai_wire import pulse as wire
from pjai_wire.codec import Decoder
from pjaid.live.pulse import NAMED_MAX, Pulse
from pjaid.live.subscription import UPDATE_BYTES_MAX

_pulse = Decoder(wire.Pulse)

TOPICS = [f"{number:022}" for number in range(NAMED_MAX + 1)]


def beating() -> Pulse:
    pulse = Pulse("pulse", b"client")
    pulse.heard = 2
    return pulse


def test_before_anything_was_looked_at_it_says_nothing_of_states() -> None:
    assert _pulse.decode(beating().message()) == wire.Pulse(open=2)


def test_what_has_ended_is_told_once() -> None:
    pulse = beating()
    pulse.reached(5, 3, [])
    pulse.ended("one")
    told = []
    for _ in range(2):
        told.append(_pulse.decode(pulse.message()))
        pulse.delivered()
    assert told == [
        wire.Pulse(open=2, seq=5, local_seq=3, ended=("one",)),
        wire.Pulse(open=2, seq=5, local_seq=3),
    ]


def test_where_more_are_behind_than_it_names_it_says_nothing_of_any() -> None:
    pulse = beating()
    pulse.reached(5, 3, TOPICS[:NAMED_MAX])
    assert _pulse.decode(pulse.message()).behind == tuple(TOPICS[:NAMED_MAX])
    pulse.reached(6, 3, TOPICS)
    assert _pulse.decode(pulse.message()) == wire.Pulse(open=2)


def test_it_is_no_larger_than_an_update_may_be() -> None:
    pulse = beating()
    pulse.reached(2**53, 2**53, TOPICS[:NAMED_MAX])
    for topic in TOPICS:
        pulse.ended(topic)
    assert len(_pulse.decode(pulse.message()).ended) == NAMED_MAX
    assert len(pulse.message()) <= UPDATE_BYTES_MAX
