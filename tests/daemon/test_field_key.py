"""Single fields are sealed so that only their own place opens them, with the store's own key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pjai_wire.errors import Damaged
from pjai_wire.fields import SEAL_BYTES
from pjaid.store.keys import FieldKey, Place

KEY = FieldKey(bytes(range(32)))
ADA = Place("persona_secrets", "ada", "apiKeys")
SECRET = b"Zanzibar7Quokka"
SEALED_AT_FIRST = bytes.fromhex(
    "010fc32cd36391776f2a243df4e1c8ace82be0a164285d58ab8addd6163656b8fb8b0ed54250f5ece5d91c48"
)

texts = st.text(max_size=12)
places = st.builds(Place, texts, texts, texts)
secrets = st.binary(max_size=200)


@given(place=places, secret=secrets)
def test_what_is_sealed_opens_in_its_place(place: Place, secret: bytes) -> None:
    sealed = KEY.seal(place, secret)
    assert len(sealed) == len(secret) + SEAL_BYTES
    assert KEY.opened(place, sealed) == secret
    assert FieldKey(bytes(range(32))).opened(place, sealed) == secret


@given(place=places, other=places, secret=secrets)
def test_what_is_sealed_opens_in_no_other_place(place: Place, other: Place, secret: bytes) -> None:
    sealed = KEY.seal(place, secret)
    if other != place:
        with pytest.raises(Damaged):
            KEY.opened(other, sealed)


@given(letters=st.lists(st.sampled_from("ab\0"), min_size=1, max_size=6), cuts=st.data())
def test_places_of_the_same_letters_are_told_apart(letters: list[str], cuts: st.DataObject) -> None:
    def cut() -> Place:
        joined = "".join(letters)
        first, second = sorted(cuts.draw(st.integers(0, len(joined))) for _ in range(2))
        return Place(joined[:first], joined[first:second], joined[second:])

    place, other = cut(), cut()
    sealed = KEY.seal(place, SECRET)
    if other == place:
        assert KEY.opened(other, sealed) == SECRET
    else:
        with pytest.raises(Damaged):
            KEY.opened(other, sealed)


@given(secret=secrets, where=st.integers(0), change=st.integers(1, 255))
def test_a_changed_byte_is_noticed(secret: bytes, where: int, change: int) -> None:
    sealed = bytearray(KEY.seal(ADA, secret))
    sealed[where % len(sealed)] ^= change
    with pytest.raises(Damaged):
        KEY.opened(ADA, bytes(sealed))


@given(secret=secrets, kept=st.integers(0))
def test_a_truncated_seal_is_noticed(secret: bytes, kept: int) -> None:
    sealed = KEY.seal(ADA, secret)
    with pytest.raises(Damaged):
        KEY.opened(ADA, sealed[: kept % len(sealed)])


@given(rubbish=st.binary(max_size=100))
def test_rubbish_is_noticed(rubbish: bytes) -> None:
    for bytes_there in (rubbish, b"\1" + rubbish):
        with pytest.raises(Damaged):
            KEY.opened(ADA, bytes_there)


def test_another_store_s_key_opens_nothing() -> None:
    with pytest.raises(Damaged):
        FieldKey(bytes(32)).opened(ADA, KEY.seal(ADA, SECRET))


def test_a_secret_is_sealed_to_other_bytes_each_time() -> None:
    assert len({KEY.seal(ADA, SECRET) for _ in range(100)}) == 100


def test_a_seal_does_not_show_the_secret() -> None:
    assert SECRET not in KEY.seal(ADA, SECRET)


def test_the_form_of_a_seal_is_for_ever() -> None:
    """A store keeps what it sealed: this was sealed by the first program that could."""
    assert KEY.opened(ADA, SEALED_AT_FIRST) == SECRET
