"""Names of personas are kept so that what looks the same is the same."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pjai_wire.errors import InvalidValue
from pjaid.actors.persona import names

texts = st.text(max_size=80)


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("Ada", "Ada"),
        ("  Ada \t\n Lovelace\u00a0", "Ada Lovelace"),
        ("Zoe\u0301", "Zo\u00e9"),
        ("\u212bngstr\u00f6m", "\u00c5ngstr\u00f6m"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("x" * names.NAME_CHARACTERS_MAX, "x" * names.NAME_CHARACTERS_MAX),
    ],
)
def test_a_name_is_composed_and_without_blanks_that_nobody_means(given_name: str, kept: str) -> None:
    assert names.name(given_name) == kept


@pytest.mark.parametrize("given_name", ["", " ", "\u200b\u2060", "\u00a0\n", "a\x07b", "\ufb2c" * 100])
def test_a_name_that_cannot_be_seen_or_grows_too_long_is_refused(given_name: str) -> None:
    with pytest.raises(InvalidValue):
        names.name(given_name)


@given(given_name=texts)
def test_what_is_kept_is_kept_the_same_again(given_name: str) -> None:
    try:
        kept = names.name(given_name)
    except InvalidValue:
        return
    assert names.name(kept) == kept
    assert unicodedata.is_normalized("NFC", kept)
    assert kept == " ".join(kept.split())


@given(one=texts, blanks=st.text(alphabet=" \t\u00a0", max_size=3))
def test_composed_and_decomposed_are_one_name(one: str, blanks: str) -> None:
    apart = blanks + unicodedata.normalize("NFD", one) + blanks
    assert names.traits([one]) == names.traits([apart])


def test_traits_come_once_each_in_their_order() -> None:
    assert names.traits(["calm", " curious", "", "calm ", "very  kind"]) == ("calm", "curious", "very kind")


@pytest.mark.parametrize(
    ("first", "taken", "free"),
    [
        ("Ada", {"Ada"}, "Ada (2)"),
        ("Ada", {"Ada", "Ada (2)", "Ada (3)"}, "Ada (4)"),
        ("Ada (2)", {"Ada", "Ada (2)"}, "Ada (3)"),
        ("Ada (2)", {"Ada (2)"}, "Ada (3)"),
        ("Room (b)", {"Room (b)"}, "Room (b) (2)"),
    ],
)
def test_a_free_name_has_the_next_number(first: str, taken: set[str], free: str) -> None:
    assert names.free_name(first, taken) == free


@given(
    first=st.text(alphabet="Ab ()12", min_size=1, max_size=names.NAME_CHARACTERS_MAX),
    more=st.integers(0, 12),
)
def test_a_free_name_is_free_and_short_enough(first: str, more: int) -> None:
    taken = {first}
    for _ in range(more):
        taken.add(names.free_name(first, taken))
    free = names.free_name(first, taken)
    assert free not in taken
    assert len(taken) == more + 1
    assert 1 <= len(free) <= names.NAME_CHARACTERS_MAX
