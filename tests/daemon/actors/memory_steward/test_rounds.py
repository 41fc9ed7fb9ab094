"""Whose memories are looked at in a round."""

from __future__ import annotations

from msgspec.structs import replace

from pjai_wire.examples.story import PERSONA
from pjai_wire.records import Persona
from pjaid.actors.memory_steward.rounds import DAY_MS, due

NOW = 1_750_000_000_000


def persona(name: str, *, is_active: bool = False, used_at: int | None = None) -> Persona:
    return replace(PERSONA, id=name, is_active=is_active, last_used_at=used_at)


def test_those_in_use_have_their_turn_each_time() -> None:
    known = [persona("active", is_active=True), persona("used", used_at=NOW - 1), persona("grown")]
    looked_at = dict.fromkeys(("active", "used", "grown"), NOW - 1)
    assert due(known, looked_at, {"grown"}, NOW) == ["active", "used", "grown"]
    assert due(known, looked_at, (), NOW) == ["active", "used"]


def test_others_have_theirs_once_a_day_the_longest_first_and_after_those_in_use() -> None:
    known = [persona("new"), persona("older"), persona("old"), persona("late"), persona("a", is_active=True)]
    looked_at = {"late": NOW - DAY_MS + 1, "old": NOW - DAY_MS, "older": NOW - 2 * DAY_MS}
    assert due(known, looked_at, (), NOW) == ["a", "new", "older", "old"]
