"""Ids are UUIDv7 and never go back, whatever the clock does."""

from __future__ import annotations

import uuid
from itertools import pairwise

import pytest

from pjai_wire import ids
from pjai_wire.ids import new_id, now_ms

NOON_NS = 1_750_000_000_000_000_000


@pytest.fixture
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock shows noon until a test says otherwise, and no id was made before."""
    monkeypatch.setattr(ids, "_last", 0)
    monkeypatch.setattr("time.time_ns", lambda: NOON_NS)


def milliseconds_of(made: str) -> int:
    return uuid.UUID(made).int >> 80


def test_an_id_is_a_uuid_of_version_7() -> None:
    made = uuid.UUID(new_id())
    assert made.version == 7
    assert made.variant == uuid.RFC_4122


def test_an_id_is_lower_case_text_with_dashes() -> None:
    made = new_id()
    assert made == str(uuid.UUID(made))


@pytest.mark.usefixtures("stopped_clock")
def test_an_id_begins_with_its_milliseconds() -> None:
    assert milliseconds_of(new_id()) == NOON_NS // 1_000_000


def test_ids_are_sorted_as_text_in_the_order_in_which_they_were_made() -> None:
    made = [new_id() for _ in range(10_000)]
    assert all(before < after for before, after in pairwise(made))


@pytest.mark.usefixtures("stopped_clock")
def test_ids_of_one_instant_are_sorted() -> None:
    made = [new_id() for _ in range(10_000)]
    assert all(before < after for before, after in pairwise(made))
    assert all(uuid.UUID(one).version == 7 for one in made)


@pytest.mark.usefixtures("stopped_clock")
def test_ids_do_not_go_back_when_the_clock_does(monkeypatch: pytest.MonkeyPatch) -> None:
    before = new_id()
    monkeypatch.setattr("time.time_ns", lambda: NOON_NS - 3_600_000_000_000)
    assert new_id() > before


@pytest.mark.usefixtures("stopped_clock")
def test_now_is_in_whole_milliseconds() -> None:
    assert now_ms() == NOON_NS // 1_000_000
