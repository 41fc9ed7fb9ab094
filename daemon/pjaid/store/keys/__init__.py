"""The key room: the key of the store's data, how it is kept in slots, and what opens them.

A random data key encrypts the store. It is nowhere on disk as such: the key file holds it wrapped, once for
each slot, by a key from a passphrase or by one that the OS keyring keeps. So a passphrase changes without
encrypting the data anew.

    store_key    finds, makes or adds to: the room's front door
    means        what a slot can be opened with: passphrases, the keyring, the cost of Argon2
    passphrases  where a passphrase comes from
    os_keyring   the OS keyring, where it encrypts
    disk         the key file on disk, written whole or not at all
    key_file     its form, and the proof that it is not damaged (pure)
    slots        wrapping and unwrapping (pure)
    field_key    the key of single fields, which comes from the data key
"""

from pjaid.store.keys.field_key import FieldKey, Place
from pjaid.store.keys.means import Means
from pjaid.store.keys.slots import SlotKind
from pjaid.store.keys.store_key import StoreKey, create, make_slot, open_or_create_keys, unlock

__all__ = [
    "FieldKey",
    "Means",
    "Place",
    "SlotKind",
    "StoreKey",
    "create",
    "make_slot",
    "open_or_create_keys",
    "unlock",
]
