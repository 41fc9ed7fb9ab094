"""Tests of the register of what is open: its limits, and that nothing stays in it."""

from __future__ import annotations

import pytest
from msgspec import Struct

from pjai_wire.errors import LimitExceeded, UnknownTopic
from pjaid.live.pulse import Pulse
from pjaid.live.registry import Registry

PULSES = {client: Pulse(f"pulse of {client!r}", client) for client in (b"ada", b"bo", b"cy")}


class Open(Struct):
    """Something that is open."""

    topic: str
    client: bytes = b"ada"
    opened_at: float = 0.0
    is_heard: bool = False
    bytes_kept: int = 0

    @property
    def pulse(self) -> Pulse:
        return PULSES[self.client]


@pytest.fixture
def registry() -> Registry[Open]:
    return Registry(most=3, most_per_client=2, bytes_per_client_max=100)


def test_what_is_open_is_found_by_its_topic(registry: Registry[Open]) -> None:
    one = Open("one")
    registry.add(one)
    assert "one" in registry
    assert registry.get("one") is one
    assert list(registry) == [one]


def test_what_has_ended_is_unknown_and_may_end_again(registry: Registry[Open]) -> None:
    one = Open("one")
    registry.add(one)
    assert registry.remove("one") is one
    assert registry.remove("one") is None
    assert len(registry) == 0
    with pytest.raises(UnknownTopic):
        registry.get("one")


def test_what_ends_while_one_looks_at_all_does_no_harm(registry: Registry[Open]) -> None:
    for topic in ("one", "two"):
        registry.add(Open(topic))
    for opened in registry:
        registry.remove(opened.topic)
    assert len(registry) == 0


def test_a_client_has_room_for_so_many_and_others_have_theirs(registry: Registry[Open]) -> None:
    for topic in ("one", "two"):
        registry.require_room(b"ada")
        registry.add(Open(topic))
    with pytest.raises(LimitExceeded, match="this client has 2"):
        registry.require_room(b"ada")
    registry.require_room(b"bo")
    registry.remove("one")
    registry.require_room(b"ada")


def test_all_clients_together_have_room_for_so_many(registry: Registry[Open]) -> None:
    for client in (b"ada", b"bo", b"cy"):
        registry.require_room(client)
        registry.add(Open(client.decode(), client))
    with pytest.raises(LimitExceeded, match="3 live queries are open"):
        registry.require_room(b"di")


def test_a_client_has_room_for_so_many_bytes(registry: Registry[Open]) -> None:
    registry.require_room(b"ada", 100)
    registry.add(one := Open("one", bytes_kept=60))
    registry.require_room(b"ada", 40)
    registry.require_room(b"bo", 100)
    with pytest.raises(LimitExceeded, match="more than 100 bytes"):
        registry.require_room(b"ada", 41)
    one.bytes_kept = 101
    with pytest.raises(LimitExceeded, match="more than 100 bytes"):
        registry.require_room(b"ada")


def test_the_largest_of_a_client_must_end_until_the_rest_has_room(registry: Registry[Open]) -> None:
    small, large, other = Open("small", bytes_kept=30), Open("large", bytes_kept=70), Open("other", b"bo")
    for opened in (small, large, other):
        registry.add(opened)
    found = []
    for large.bytes_kept, small.bytes_kept in ((70, 30), (71, 30), (30, 101), (400, 101)):
        found.append([one.topic for one in registry.crowding(b"ada")])
    assert found == [[], ["large"], ["small"], ["large", "small"]]
    assert registry.crowding(b"nobody") == []


def test_who_never_came_is_found_after_the_lease(registry: Registry[Open]) -> None:
    late, heard, new = Open("late"), Open("heard", b"bo", is_heard=True), Open("new", b"cy", opened_at=5.0)
    for opened in (late, heard, new):
        registry.add(opened)
    assert registry.unclaimed(opened_before=5.0) == [late]


def test_what_a_client_opens_has_the_pulse_of_what_it_has_open(registry: Registry[Open]) -> None:
    one = Open("one")
    registry.add(one)
    assert registry.pulse_of(b"ada") is one.pulse
    assert registry.pulse_of(b"bo") is None
    assert registry.pulse(one.pulse.topic) is one.pulse


def test_a_pulse_ends_with_the_last_that_it_speaks_of(registry: Registry[Open]) -> None:
    for topic in ("one", "two"):
        registry.add(Open(topic))
    pulse = registry.get("one").pulse
    for topic, left in (("one", pulse), ("two", None)):
        registry.remove(topic)
        assert registry.pulse(pulse.topic) is left
