"""Values as text: on one line, harmless to a terminal, and instants as people write them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pjai.cli.values import duration, instant, local_time, shown, size, span
from pjai_wire.errors import InvalidValue
from pjai_wire.limits import INTEGER_MAX

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(deadline=None)
@given(st.sampled_from(["name", "createdAt"]), JSON)
def test_no_value_breaks_its_line_or_steers_the_terminal(name: str, value: object) -> None:
    assert not [one for one in shown(name, value) if unicodedata.category(one) == "Cc"]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("name", None, ""),
        ("name", "a\tb\nc\x1b[2J", "a b c\ufffd[2J"),
        ("isActive", True, "yes"),
        ("isActive", False, "no"),
        ("importance", 50, "50"),
        ("weight", 0.5, "0.5"),
        ("tags", ["a", "b"], "a, b"),
        ("tags", [], ""),
        ("value", [1, "a"], '[1,"a"]'),
        ("content", {"text": "x"}, '{"text":"x"}'),
        ("embedding", b"\0" * 8, "8 bytes"),
    ],
)
def test_a_value_is_shown(name: str, value: object, expected: str) -> None:
    assert shown(name, value) == expected


@settings(deadline=None)
@given(st.integers(0, 32_503_680_000_000))
def test_an_instant_that_is_shown_can_be_typed(milliseconds: int) -> None:
    seconds = milliseconds // 1000 * 1000

    assert shown("createdAt", seconds) == local_time(seconds)
    # Where clocks are put back, the same local time comes twice.
    assert abs(instant(local_time(seconds)) - seconds) in (0, 1_800_000, 3_600_000)


def test_instants_past_the_calendar_are_shown_as_numbers() -> None:
    assert local_time(INTEGER_MAX) == str(INTEGER_MAX)


@pytest.mark.parametrize("text", ["", "now", "2025-13-01", "-5", "1e3"])
def test_what_is_no_instant_is_told(text: str) -> None:
    with pytest.raises(InvalidValue, match="such as"):
        instant(text)


@pytest.mark.parametrize(
    ("milliseconds", "expected"),
    [(0, "0 s"), (59_999, "59 s"), (61_000, "1 min 1 s"), (3_600_000, "1 h 0 s"), (90_060_000, "1 d 1 h")],
)
def test_a_duration_has_its_two_largest_units(milliseconds: int, expected: str) -> None:
    assert duration(milliseconds) == expected


@pytest.mark.parametrize(
    ("microseconds", "expected"),
    [(0, "0.0 ms"), (1_234, "1.2 ms"), (999_000, "999.0 ms"), (2_500_000, "2.5 s")],
)
def test_a_span_is_in_milliseconds_where_it_is_short(microseconds: int, expected: str) -> None:
    assert span(microseconds) == expected


@pytest.mark.parametrize(
    ("count", "expected"),
    [(999, "999 bytes"), (1_500, "1.5 kB"), (2_000_000, "2.0 MB"), (3 * 10**9, "3.0 GB")],
)
def test_a_size_is_rounded(count: int, expected: str) -> None:
    assert size(count) == expected
