"""Owns the store's key: found, made, or given one slot more."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from pjaid.directories import make_private
from pjaid.errors import DamagedKeys, KeyringUnavailable, NoKey, StartError, WrongPassphrase
from pjaid.settings import Cipher, Settings
from pjaid.store.keys.disk import keys_exist, read_keys, write_keys
from pjaid.store.keys.key_file import FORMAT, RESTORE_HINT, SLOTS_MAX, KeyFile
from pjaid.store.keys.means import Means
from pjaid.store.keys.os_keyring import KEYRING_HINT
from pjaid.store.keys.slots import (
    DATA_KEY_BYTES,
    KeyringSlot,
    PassphraseSlot,
    Slot,
    SlotKind,
    StoreMark,
    keyring_slot,
    opened,
    passphrase_slot,
    wrapping_key,
)

HOW_TO_MAKE_A_SLOT = (
    "run `pjaid init` to choose a passphrase, or `pjaid init --keyring` to let the OS keyring open the "
    "store, or set PJAI_PASSPHRASE_FILE to a file that only you can read"
)


@dataclass(frozen=True)
class StoreKey:
    """What it takes to open the store."""

    store_id: str
    cipher: Cipher
    """That which the store was made with, whatever the setting says now."""
    data_key: bytes = field(repr=False)
    """32 random bytes."""
    created: bool
    """Whether it was made just now: there was no store before."""


def open_or_create_keys(settings: Settings, *, interactive: bool, means: Means | None = None) -> StoreKey:
    """The key of the store in `settings.data_dir`, made with a passphrase where there was none.

    A key file without a database is a store that was never started; a database without a key file is refused.
    The caller holds the store's lock.

    Args:
        settings: where the store is, and the cipher of a new one.
        interactive: whether someone is there to be asked for a passphrase.
        means: what to open it with; by default what this process has at hand.

    Raises:
        NoKey: nothing at hand opens it, or makes its first slot.
        WrongPassphrase: the passphrase opens no slot.
        KeyringUnavailable: the keyring does not answer, and there is no other way.
        DamagedKeys: the key file is missing beside a database, or is damaged.
    """
    means = means or Means.at_hand(settings, interactive=interactive)
    make_private(settings.data_dir)
    if keys_exist(settings.data_dir):
        return unlock(settings.data_dir, means)
    return create(settings.data_dir, "passphrase", means, cipher=settings.cipher)


def make_slot(
    settings: Settings, kind: SlotKind, *, interactive: bool, means: Means | None = None
) -> StoreKey:
    """Makes a new store's first slot, or unlocks an existing store and gives it one more.

    Takes the same means, and raises the same errors, as `open_or_create_keys`.
    """
    means = means or Means.at_hand(settings, interactive=interactive)
    make_private(settings.data_dir)
    if not keys_exist(settings.data_dir):
        return create(settings.data_dir, kind, means, cipher=settings.cipher)
    keys = read_keys(settings.data_dir)
    if len(keys.slots) >= SLOTS_MAX:
        raise StartError(f"the store has {SLOTS_MAX} slots, which is the most")
    used, data_key = _opened_slot(keys, means)
    # A passphrase that has just opened a slot is not the one for another.
    is_typed = isinstance(used, PassphraseSlot)
    slot = _new_slot(kind, means, data_key=data_key, store=keys.store, is_typed=is_typed)
    write_keys(settings.data_dir, msgspec.structs.replace(keys, slots=(*keys.slots, slot)))
    return _store_key(keys, data_key, created=False)


def unlock(data_dir: Path, means: Means) -> StoreKey:
    """The key of an existing store; changes nothing. Raises as `open_or_create_keys`."""
    keys = read_keys(data_dir)
    _, data_key = _opened_slot(keys, means)
    return _store_key(keys, data_key, created=False)


def create(data_dir: Path, kind: SlotKind, means: Means, *, cipher: Cipher) -> StoreKey:
    """Makes the key of a new store, with its first slot. Raises as `open_or_create_keys`."""
    assert not keys_exist(data_dir), "a new key would lock its store out"
    store = StoreMark(format=FORMAT, id=str(uuid.uuid4()), cipher=cipher)
    data_key = os.urandom(DATA_KEY_BYTES)
    slot = _new_slot(kind, means, data_key=data_key, store=store, is_typed=False)
    keys = KeyFile(store=store, slots=(slot,))
    write_keys(data_dir, keys)
    return _store_key(keys, data_key, created=True)


def _store_key(keys: KeyFile, data_key: bytes, *, created: bool) -> StoreKey:
    assert len(data_key) == DATA_KEY_BYTES
    return StoreKey(store_id=keys.store.id, cipher=keys.store.cipher, data_key=data_key, created=created)


def _new_slot(kind: SlotKind, means: Means, *, data_key: bytes, store: StoreMark, is_typed: bool) -> Slot:
    if kind == "keyring":
        slot_id = str(uuid.uuid4())
        key = means.keyring.new_key(_account(store, slot_id))
        return keyring_slot(slot_id, key, data_key=data_key, store=store)
    passphrase = (None if is_typed else means.passphrases.given()) or means.passphrases.chosen()
    if passphrase is None:
        hint = "run `pjaid init` in a terminal and type it" if is_typed else HOW_TO_MAKE_A_SLOT
        raise NoKey("there is no passphrase for a new slot", hint=hint)
    return passphrase_slot(passphrase, means.cost, data_key=data_key, store=store)


def _opened_slot(keys: KeyFile, means: Means) -> tuple[Slot, bytes]:
    """The slot that opens, and the data key; nobody is asked while anything else opens one."""
    by_passphrase = [slot for slot in keys.slots if isinstance(slot, PassphraseSlot)]
    by_keyring = [slot for slot in keys.slots if isinstance(slot, KeyringSlot)]
    passphrases = means.passphrases
    if by_passphrase and (passphrase := passphrases.given()):
        return _opened_by_passphrase(by_passphrase, passphrase, keys.store)
    if by_keyring:
        try:
            return _opened_by_keyring(by_keyring, means, keys.store)
        except KeyringUnavailable:
            if not (by_passphrase and passphrases.prompt):
                raise
    if by_passphrase and (passphrase := passphrases.asked()):
        return _opened_by_passphrase(by_passphrase, passphrase, keys.store)
    raise NoKey(
        "the store is locked, and there is no passphrase to open it with",
        hint="set PJAI_PASSPHRASE_FILE to a file that holds it and that only you can read, "
        "or start pjaid in a terminal",
    )


def _opened_by_passphrase(
    slots: list[PassphraseSlot], passphrase: bytes, store: StoreMark
) -> tuple[Slot, bytes]:
    for slot in slots:
        if data_key := opened(slot, wrapping_key(passphrase, slot), store=store):
            return slot, data_key
    raise WrongPassphrase(
        "the passphrase is wrong; nothing was changed",
        hint="if you are sure of it, the key file may have been tampered with: compare it with a backup",
    )


def _opened_by_keyring(slots: list[KeyringSlot], means: Means, store: StoreMark) -> tuple[Slot, bytes]:
    held = [(slot, key) for slot in slots if (key := means.keyring.key(_account(store, slot.id)))]
    for slot, key in held:
        if data_key := opened(slot, key, store=store):
            return slot, data_key
    if held:
        # A key that the keyring holds is the right one, so the file was changed, checksum and all.
        raise DamagedKeys("the key file is not the one that was written", hint=RESTORE_HINT)
    raise KeyringUnavailable("the OS keyring holds no key for this store", hint=KEYRING_HINT)


def _account(store: StoreMark, slot_id: str) -> str:
    return f"{store.id}/{slot_id}"
