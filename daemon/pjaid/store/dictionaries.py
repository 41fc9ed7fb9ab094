"""Owns the dictionaries that a connection has met, and with them the plain form of what is stored packed."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import apsw

from pjai_wire.errors import StorageError
from pjaid.store.packing import PLAIN_BYTES_MAX, Damaged, Dictionary, is_packed, version_of

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


def know(connection: apsw.Connection, version: int, data: bytes) -> None:
    """A connection has met a dictionary, though the store's table may not have it yet."""
    _met.setdefault(connection, {})[version] = Dictionary(version, data)


def plain(connection: apsw.Connection, stored: bytes) -> bytes:
    """A stored value, packed or not, in the form in which it travels.

    Raises:
        Damaged: it is packed, and not what was packed.
    """
    if not is_packed(stored):
        return stored
    return dictionary(connection, version_of(stored)).unpack(stored)


def plain_content(connection: apsw.Connection, stored: bytes, memory_id: object) -> bytes:
    """The content of a memory in the form in which it travels.

    Args:
        connection: where it was read.
        stored: the content, packed or not.
        memory_id: whose it is; None where that was not read.

    Raises:
        StorageError: it is packed, and damaged.
    """
    try:
        return plain(connection, stored)
    except Damaged as damage:
        whose = "a memory" if memory_id is None else f"the memory {memory_id}"
        mend = "pjai rebuild --replace makes it anew from the log"
        raise StorageError(
            f"the packed content of {whose} is damaged: {damage}",
            hint=mend if memory_id is not None else f"select id to see whose; {mend}",
        ) from None


def packed(connection: apsw.Connection, version: int, stored: bytes) -> bytes:
    """A stored value packed with the dictionary of a version, where that makes it smaller.

    One that is packed already, damaged, or larger than anything that is packed stays as it is; so does any
    whose dictionary was erased from the log. So an event can always be applied.
    """
    if is_packed(stored) or len(stored) > PLAIN_BYTES_MAX:
        return stored
    try:
        formed = dictionary(connection, version).pack(stored)
    except Damaged:
        return stored
    return formed if len(formed) < len(stored) else stored


def unpacked(connection: apsw.Connection, stored: bytes) -> bytes:
    """A stored value in the form in which it travels; one that is damaged stays as it is."""
    try:
        return plain(connection, stored)
    except Damaged:
        return stored
