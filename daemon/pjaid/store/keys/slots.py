"""Owns the slots: the data key, wrapped by a key from a passphrase or by one from the OS keyring."""

from __future__ import annotations

import os
import uuid
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from pjaid.settings import Cipher

DATA_KEY_BYTES = 32
WRAPPING_KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
WRAPPED_BYTES = NONCE_BYTES + DATA_KEY_BYTES + TAG_BYTES
SALT_BYTES = 16

SlotKind = Literal["passphrase", "keyring"]
Identifier = Annotated[str, Meta(pattern="^[0-9a-f-]{36}$")]
Salt = Annotated[bytes, Meta(min_length=SALT_BYTES, max_length=SALT_BYTES)]
Wrapped = Annotated[bytes, Meta(min_length=WRAPPED_BYTES, max_length=WRAPPED_BYTES)]


class StoreMark(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every slot of a store is bound to."""

    format: Literal[1]
    """Of the key file; a change of what is bound, or how, is another format."""
    id: Identifier
    cipher: Cipher
    """The cipher that the store was made with."""


class Argon2Cost(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one guess of the passphrase costs; bounded, for the numbers may come from a tampered file."""

    iterations: Annotated[int, Meta(ge=1, le=16)]
    lanes: Annotated[int, Meta(ge=1, le=16)]
    memory_kib: Annotated[int, Meta(ge=8, le=1024 * 1024)]

    def __post_init__(self) -> None:
        if self.memory_kib < 8 * self.lanes:
            raise ValueError("Argon2 needs 8 KiB for each lane")


RFC_9106_SECOND = Argon2Cost(iterations=3, lanes=4, memory_kib=64 * 1024)
"""RFC 9106, section 4: the second recommended option."""


class PassphraseSlot(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="passphrase", tag_field="kind"
):
    """The data key, wrapped by Argon2id of a passphrase."""

    id: Identifier
    cost: Argon2Cost
    salt: Salt
    wrapped: Wrapped


class KeyringSlot(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="keyring", tag_field="kind"
):
    """The data key, wrapped by a random key that the OS keyring keeps."""

    id: Identifier
    wrapped: Wrapped


Slot = PassphraseSlot | KeyringSlot
AnySlot = TypeVar("AnySlot", PassphraseSlot, KeyringSlot)


def passphrase_slot(
    passphrase: bytes, cost: Argon2Cost, *, data_key: bytes, store: StoreMark
) -> PassphraseSlot:
    """A new slot that opens with the passphrase."""
    empty = PassphraseSlot(id=str(uuid.uuid4()), cost=cost, salt=os.urandom(SALT_BYTES), wrapped=b"")
    return _sealed(empty, wrapping_key(passphrase, empty), data_key=data_key, store=store)


def keyring_slot(slot_id: str, key: bytes, *, data_key: bytes, store: StoreMark) -> KeyringSlot:
    """A new slot that opens with the key that the keyring keeps under the slot's id."""
    return _sealed(KeyringSlot(id=slot_id, wrapped=b""), key, data_key=data_key, store=store)


def wrapping_key(passphrase: bytes, slot: PassphraseSlot) -> bytes:
    """The key that the passphrase gives for the slot, by Argon2id (RFC 9106)."""
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    argon2 = Argon2id(
        salt=slot.salt,
        length=WRAPPING_KEY_BYTES,
        iterations=slot.cost.iterations,
        lanes=slot.cost.lanes,
        memory_cost=slot.cost.memory_kib,
    )
    return argon2.derive(passphrase)


def opened(slot: Slot, key: bytes, *, store: StoreMark) -> bytes | None:
    """The data key, or None where the key is not the slot's, or slot or store are not as they were sealed."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce, sealed = slot.wrapped[:NONCE_BYTES], slot.wrapped[NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, sealed, _bound(slot, store))
    except InvalidTag:
        return None


def _sealed(slot: AnySlot, key: bytes, *, data_key: bytes, store: StoreMark) -> AnySlot:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    assert len(data_key) == DATA_KEY_BYTES
    assert len(key) == WRAPPING_KEY_BYTES
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, data_key, _bound(slot, store))
    return msgspec.structs.replace(slot, wrapped=nonce + sealed)


def _bound(slot: Slot, store: StoreMark) -> bytes:
    """All of the slot and its store except the wrapped key, so that no field can change unnoticed."""
    return msgspec.json.encode((store, msgspec.structs.replace(slot, wrapped=b"")), order="sorted")
