"""Which warnings there are: raised past a bound, told again when they move, cleared when it is over."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pjai_wire.events import v1
from pjai_wire.methods import StorageResult
from pjai_wire.records import Warning as WarningRow
from pjaid.actors.memory_steward.steward_settings import StewardSettings
from pjaid.actors.memory_steward.warning_rules import Figure, changes, figures

FILE = StorageResult(
    seq=1,
    head=1,
    growth=[],
    database_bytes=100_000_000,
    index_bytes=10_000_000,
    packed_bytes=300_000,
    unpacked_bytes=1_000_000,
    measured_at=0,
)
SETTINGS = StewardSettings()

Rows = dict[str, WarningRow]


def applied(there: Rows, events: Iterable[v1.WarningRaised | v1.WarningCleared]) -> Rows:
    """The warnings that there are once the events are recorded."""
    rows = dict(there)
    for event in events:
        if isinstance(event, v1.WarningCleared):
            del rows[event.id]
        else:
            rows[event.id] = WarningRow(
                id=event.id,
                kind=event.kind,
                persona_id=event.persona_id,
                value=event.value,
                allowed=event.allowed,
                raised_at=event.at,
            )
    return rows


def after(there: Rows, *measured: Figure) -> Rows:
    return applied(there, changes(there.values(), measured))


def growth(value: float, allowed: float = 10) -> Figure:
    return Figure("storage.growth:ada", "storage.growth", "ada", value, allowed)


measured = st.lists(
    st.builds(
        Figure,
        id=st.sampled_from("abc"),
        kind=st.just("storage.growth"),
        persona_id=st.none(),
        value=st.floats(0, 1_000),
        allowed=st.sampled_from([1.0, 10.0, 100.0]),
        is_least=st.booleans(),
    ),
    unique_by=lambda figure: figure.id,
)


@given(before=measured, now=measured)
def test_to_look_again_changes_nothing(before: list[Figure], now: list[Figure]) -> None:
    there = after(after({}, *before), *now)
    assert not list(changes(there.values(), now))


@given(before=measured, now=measured)
def test_what_is_past_its_bound_is_warned_of_and_what_is_well_within_is_not(
    before: list[Figure], now: list[Figure]
) -> None:
    there = after(after({}, *before), *now)
    assert {figure.id for figure in now if figure.is_past} <= there.keys()
    assert there.keys() <= {figure.id for figure in now if not figure.is_well_within}


def test_a_warning_does_not_come_and_go_at_its_bound() -> None:
    there = after({}, growth(10.1))
    assert after(there, growth(9.5)) == there
    assert after(there, growth(10.1)) == there
    assert after(there, growth(8.9)) == {}
    assert after({}, growth(9.5)) == {}


def test_a_warning_is_told_again_when_it_has_moved_by_a_quarter_or_its_bound_is_another() -> None:
    there = after({}, growth(20))
    assert after(there, growth(24)) == there
    assert after(there, growth(26))["storage.growth:ada"].value == 26
    assert after(there, growth(20, allowed=15))["storage.growth:ada"].allowed == 15


def test_what_is_measured_no_longer_is_not_warned_of() -> None:
    assert after(after({}, growth(20))) == {}


def test_each_figure_has_its_bound() -> None:
    found = {figure.id: figure for figure in figures({"ada": 12_000_000}, FILE, SETTINGS)}
    assert {name: round(figure.value, 6) for name, figure in found.items()} == {
        "storage.growth:ada": 12.0,
        "storage.indexes": 10.0,
        "storage.saved": 70.0,
    }
    assert [name for name, figure in found.items() if figure.is_past] == ["storage.growth:ada"]
    bad = replace(FILE, index_bytes=30_000_000, packed_bytes=700_000)
    assert [figure.id for figure in figures({}, bad, SETTINGS) if figure.is_past] == [
        "storage.indexes",
        "storage.saved",
    ]


def test_a_small_file_is_not_judged() -> None:
    small = replace(FILE, database_bytes=100_000, index_bytes=90_000, packed_bytes=90, unpacked_bytes=100)
    assert not list(figures({}, small, SETTINGS))
