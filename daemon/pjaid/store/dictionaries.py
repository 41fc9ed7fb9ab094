"""Owns the dictionaries that a connection has met, and with them the plain form of what is stored packed."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import apsw

from pjai_wire.errors import StorageError
from pjaid.store.packing import Damaged, Dictionary, is_packed, version_of

_met: WeakKeyDictionary[apsw.Connection, dict[int, Dictionary]] = WeakKeyDictionary()
"""By connection, as one is used by one thread at a time."""


def dictionary(connection: apsw.Connection, version: int) -> Dictionary:
    """The dictionary of a version, read from the store when a connection first meets it.

    Raises:
        Damaged: there is none.
    """
    met = _met.setdefault(connection, {})
    if version not in met:
        data = connection.execute("SELECT data FROM dictionaries WHERE version = ?", (version,)).get
        if data is None:
            raise Damaged("its dictionary is missing")
        met[version] = Dictionary(version, data)
    return met[version]


def forget(connection: apsw.Connection) -> None:
    """What a connection has met may have been rolled back."""
    _met.pop(connection, None)


def plain(connection: apsw.Connection, stored: bytes, row_id: object = None) -> bytes:
    """A stored value in the form in which it travels.

    Args:
        connection: where it was read.
        stored: the value, packed or not.
        row_id: of the row that it stands in, where that is known.

    Raises:
        StorageError: it is packed, and damaged.
    """
    if not is_packed(stored):
        return stored
    try:
        return dictionary(connection, version_of(stored)).unpack(stored)
    except Damaged as damage:
        raise damaged(damage, row_id) from None


def packed(connection: apsw.Connection, version: int, stored: bytes) -> bytes:
    """A stored value packed with the dictionary of a version, where that makes it smaller.

    One that is packed already, or damaged, stays as it is, so that an event can always be applied.
    """
    if is_packed(stored):
        return stored
    formed = dictionary(connection, version).pack(stored)
    return formed if len(formed) < len(stored) else stored


def unpacked(connection: apsw.Connection, stored: bytes) -> bytes:
    """A stored value in the form in which it travels; one that is damaged stays as it is."""
    try:
        return plain(connection, stored)
    except StorageError:
        return stored


def damaged(damage: Damaged, row_id: object) -> StorageError:
    """The error that tells whose value is damaged, and what mends it."""
    whose = "a memory" if row_id is None else f"the memory {row_id}"
    mend = "pjai rebuild --replace makes it anew from the log"
    return StorageError(
        f"the packed content of {whose} is damaged: {damage}",
        hint=mend if row_id is not None else f"select id to see whose; {mend}",
    )
