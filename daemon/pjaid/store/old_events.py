"""Owns the packing of old events: the log keeps their arguments compressed, and tells them as they were.

That is a matter of the file alone, and no event. The hash chain binds the arguments themselves. The
dictionaries come from the log, where their own events are never packed.
"""

from __future__ import annotations

from typing import Any

import apsw

from pjai_wire.codec import Decoder
from pjai_wire.errors import StorageError
from pjai_wire.events import v1
from pjaid.store.dictionaries import dictionary, know, plain
from pjaid.store.packing import PLAIN_BYTES_MAX, Damaged

PACKED_BYTES_MIN = 256
"""Shorter arguments stay as they are."""

EVENTS_AT_ONCE = 200
BYTES_AT_ONCE = 256 * 2**10
"""Events that are looked at in one transaction, and about what those that are packed take."""

REACHED = "log_packed_to"
"""In `meta`: the seq of the last event that was looked at."""

_TRAINED = "v1.DictionaryTrained"
_dictionary_trained = Decoder(v1.DictionaryTrained, "args")


def pack_old(connection: apsw.Connection, before: int) -> bool:
    """Packs the arguments of some events, inside a transaction of the caller's.

    Args:
        connection: where to write.
        before: only of events that were recorded earlier, in milliseconds since the epoch.

    Returns:
        Whether there may be more.
    """
    version = connection.execute("SELECT max(version) FROM dictionaries").get
    if version is None:
        return False
    reached = connection.execute("SELECT value FROM meta WHERE name = ?", (REACHED,)).get or 0
    sql = "SELECT seq, name, recorded_at, length(args) FROM events WHERE seq > ? ORDER BY seq LIMIT ?"
    found: list[Any] = connection.execute(sql, (reached, EVENTS_AT_ONCE)).fetchall()
    last, size = reached, 0
    for seq, name, recorded_at, length in found:
        if recorded_at >= before or size >= BYTES_AT_ONCE:
            break
        last = seq
        if name != _TRAINED and PACKED_BYTES_MIN <= (length or 0) <= PLAIN_BYTES_MAX:
            size += length
            _pack(connection, seq, version)
    if last > reached:
        connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (REACHED, last))
    return last > reached and (size >= BYTES_AT_ONCE or len(found) == EVENTS_AT_ONCE)


def arguments(connection: apsw.Connection, seq: int, stored: bytes) -> bytes:
    """The arguments of an event as they were recorded.

    Raises:
        StorageError: they are packed, and damaged.
    """
    try:
        return plain(connection, stored)
    except Damaged as damage:
        raise StorageError(
            f"the arguments of event {seq} are damaged: {damage}", hint="restore a backup"
        ) from None


def know_dictionaries(log: apsw.Connection) -> None:
    """Reads the dictionaries from the log, for when the table of them is yet to be made from it."""
    for (args,) in log.execute("SELECT args FROM events WHERE name = ?", (_TRAINED,)):
        if args is not None:
            trained = _dictionary_trained.decode(args)
            know(log, trained.version, trained.data)


def _pack(connection: apsw.Connection, seq: int, version: int) -> None:
    args = connection.execute("SELECT args FROM events WHERE seq = ?", (seq,)).get
    known = dictionary(connection, version)
    packed = known.pack(args)
    # The log is the truth: nothing takes its place that was not read back.
    if len(packed) < len(args) and known.unpack(packed) == args:
        connection.execute("UPDATE events SET args = ? WHERE seq = ?", (packed, seq))
