"""Owns the SQL functions that the index of words is kept with."""

from __future__ import annotations

from weakref import ref

import apsw
import msgspec

from pjaid.store.dictionaries import unpacked
from pjaid.store.packing import is_packed
from pjaid.store.words.texts import folded, joined, persona_word, searchable
from pjaid.store.words.threads import thread_of

_decoded = msgspec.msgpack.Decoder().decode


def add_functions(connection: apsw.Connection) -> None:
    """Adds what triggers, the index of turns and searches call.

    What each makes of a value never changes, whether the value is packed or not.
    """
    # The connection holds its functions, which is no reason for them to hold the connection.
    whose = ref(connection)

    def plain(stored: bytes) -> bytes:
        live = whose()
        return stored if live is None else unpacked(live, stored)

    def texts(stored: apsw.SQLiteValue) -> str:
        if not isinstance(stored, bytes):
            return stored if isinstance(stored, str) else ""
        try:
            return joined(_decoded(plain(stored)))
        except msgspec.DecodeError:
            # What is damaged has no words that anybody knows; the row changes all the same.
            return ""

    def searchable_texts(*arguments: apsw.SQLiteValue) -> str:
        return searchable(texts(*arguments))

    def includes(*arguments: apsw.SQLiteValue) -> bool:
        value, sought = arguments
        return isinstance(sought, str) and sought in folded(texts(value))

    def is_other_document(*arguments: apsw.SQLiteValue) -> bool:
        before, after = arguments
        if not isinstance(before, bytes) or not isinstance(after, bytes) or before == after:
            return before != after
        if is_packed(before) or is_packed(after):
            return plain(before) != plain(after)
        return True

    for name, function, arguments in (
        ("searchable", searchable_texts, 1),
        ("includes", includes, 2),
        ("is_other_document", is_other_document, 2),
        ("persona_word", _persona_word, 1),
        ("thread_of", _thread_of, 1),
    ):
        connection.create_scalar_function(
            name, function, arguments, deterministic=True, flags=apsw.SQLITE_INNOCUOUS
        )


def _persona_word(*arguments: apsw.SQLiteValue) -> str:
    (persona_id,) = arguments
    return persona_word(persona_id) if isinstance(persona_id, str) else ""


def _thread_of(*arguments: apsw.SQLiteValue) -> str:
    (metadata,) = arguments
    return thread_of(_decoded(metadata)) if isinstance(metadata, bytes) else ""
