"""Slots and the key file's form: what was sealed opens, and what was changed does not."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pjaid.errors import EX_CONFIG, DamagedKeys, StartError
from pjaid.store.keys.key_file import KeyFile, decode, encode
from pjaid.store.keys.slots import (
    RFC_9106_SECOND,
    WRAPPED_BYTES,
    Argon2Cost,
    KeyringSlot,
    PassphraseSlot,
    StoreMark,
    keyring_slot,
    opened,
    passphrase_slot,
    wrapping_key,
)

CHEAP = Argon2Cost(iterations=1, lanes=1, memory_kib=8)
STORE = StoreMark(format=1, id=str(uuid.UUID(int=1)), cipher="aegis")
DATA_KEY = bytes(range(32))
SLOT = passphrase_slot(b"correct horse", CHEAP, data_key=DATA_KEY, store=STORE)
KEY = wrapping_key(b"correct horse", SLOT)

GOLDEN = b"""{
  "checksum": "NtK9F9UrExZnM/fpRjjDqE10NFQeXfEF/mlKBSLxg+s=",
  "slots": [
    {
      "cost": {"iterations": 1, "lanes": 1, "memory_kib": 8},
      "id": "56101251-20a1-46ad-8825-d2484a0e8986",
      "kind": "passphrase",
      "salt": "lZhzDqOsxMich/0qJD3pAQ==",
      "wrapped": "YzOoTTfqZGJZYJlOkqVATcW3xmERVsWFum1+SckdYx01o0EkJ53TRvOKlDO2fp6NPtVI2b4buH7CT9Jf"
    }
  ],
  "store": {"cipher": "aegis", "format": 1, "id": "bf298ca4-6599-4911-aefc-33a673150072"}
}"""

data_keys = st.binary(min_size=32, max_size=32)
passphrases = st.binary(min_size=1, max_size=100)


@given(data_keys, passphrases)
def test_a_passphrase_slot_opens_with_its_passphrase(data_key: bytes, passphrase: bytes) -> None:
    slot = passphrase_slot(passphrase, CHEAP, data_key=data_key, store=STORE)

    assert opened(slot, wrapping_key(passphrase, slot), store=STORE) == data_key


@given(passphrases.filter(lambda passphrase: passphrase != b"correct horse"))
def test_a_passphrase_slot_opens_with_no_other(passphrase: bytes) -> None:
    assert opened(SLOT, wrapping_key(passphrase, SLOT), store=STORE) is None


@given(data_keys, data_keys)
def test_a_keyring_slot_opens_with_its_key(data_key: bytes, key: bytes) -> None:
    slot = keyring_slot(str(uuid.UUID(int=2)), key, data_key=data_key, store=STORE)

    assert opened(slot, key, store=STORE) == data_key


@given(st.integers(0, WRAPPED_BYTES * 8 - 1))
def test_a_flipped_bit_of_the_wrapped_key_is_noticed(bit: int) -> None:
    flipped = int.from_bytes(SLOT.wrapped, "big") ^ (1 << bit)
    slot = msgspec.structs.replace(SLOT, wrapped=flipped.to_bytes(WRAPPED_BYTES, "big"))

    assert opened(slot, KEY, store=STORE) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"id": str(uuid.UUID(int=3))},
        {"cost": Argon2Cost(iterations=2, lanes=1, memory_kib=8)},
        {"salt": bytes(16)},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_slot_is_bound_to_all_of_itself_even_for_who_has_its_key(changed: dict[str, object]) -> None:
    slot = msgspec.structs.replace(SLOT, **changed)

    assert opened(SLOT, KEY, store=STORE) == DATA_KEY
    assert opened(slot, KEY, store=STORE) is None


@pytest.mark.parametrize("changed", [{"id": str(uuid.UUID(int=4))}, {"cipher": "sqlcipher"}, {"format": 2}])
def test_a_slot_is_bound_to_its_store(changed: dict[str, object]) -> None:
    assert opened(SLOT, KEY, store=msgspec.structs.replace(STORE, **changed)) is None


def test_a_slot_is_bound_to_its_kind() -> None:
    assert opened(KeyringSlot(id=SLOT.id, wrapped=SLOT.wrapped), KEY, store=STORE) is None


def test_two_slots_of_one_passphrase_share_nothing() -> None:
    other = passphrase_slot(b"correct horse", CHEAP, data_key=DATA_KEY, store=STORE)

    assert other.salt != SLOT.salt
    assert other.wrapped != SLOT.wrapped


def test_the_default_cost_is_the_second_option_of_rfc_9106() -> None:
    assert Argon2Cost(iterations=3, lanes=4, memory_kib=65536) == RFC_9106_SECOND


def test_a_file_of_the_first_release_still_opens() -> None:
    keys = decode(GOLDEN)
    slot = keys.slots[0]

    assert isinstance(slot, PassphraseSlot)
    assert opened(slot, wrapping_key(b"correct horse", slot), store=keys.store) == DATA_KEY


def test_a_file_reads_as_it_was_written() -> None:
    keys = KeyFile(store=STORE, slots=(SLOT, KeyringSlot(id=SLOT.id, wrapped=SLOT.wrapped)))

    read = decode(encode(keys))

    assert msgspec.structs.replace(read, checksum=b"") == keys


def test_a_newer_file_asks_for_an_upgrade() -> None:
    with pytest.raises(StartError, match="format 2") as refused:
        decode(GOLDEN.replace(b'"format": 1', b'"format": 2, "new": true'))

    assert refused.value.exit_code == EX_CONFIG


def leaves(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path to each string and number of a JSON document."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from leaves(member, (*path, name))
    elif isinstance(value, list):
        for position, member in enumerate(value):
            yield from leaves(member, (*path, position))
    else:
        yield path


@pytest.mark.parametrize("path", [*leaves(json.loads(GOLDEN))], ids=lambda path: ".".join(map(str, path)))
def test_damage_to_any_field_is_told_from_a_wrong_passphrase(path: tuple[str | int, ...]) -> None:
    document = json.loads(GOLDEN)
    *parents, last = path
    holder = document
    for name in parents:
        holder = holder[name]
    before = holder[last]
    holder[last] = before - 1 if isinstance(before, int) else before.swapcase()

    with pytest.raises(DamagedKeys):
        decode(json.dumps(document).encode())


@pytest.mark.parametrize(
    "cost",
    [
        {"iterations": 1, "lanes": 1, "memory_kib": 2**30},
        {"iterations": 2**31, "lanes": 1, "memory_kib": 8},
        {"iterations": 1, "lanes": 17, "memory_kib": 1024},
        {"iterations": 1, "lanes": 4, "memory_kib": 31},
        {"iterations": 0, "lanes": 1, "memory_kib": 8},
    ],
)
def test_a_cost_out_of_bounds_is_refused_before_it_is_paid(cost: dict[str, int]) -> None:
    document = json.loads(GOLDEN)
    document["slots"][0]["cost"] = cost

    with pytest.raises(DamagedKeys):
        decode(json.dumps(document).encode())


@given(st.binary(max_size=200))
def test_bytes_that_are_no_key_file_are_damage(data: bytes) -> None:
    with pytest.raises(DamagedKeys):
        decode(data)


@pytest.mark.parametrize("data", [b"", b"null", b"{}", b"[" * 60_000, GOLDEN[:-1], GOLDEN + b"}"])
def test_a_torn_or_foreign_file_is_damage(data: bytes) -> None:
    with pytest.raises(DamagedKeys):
        decode(data)
