"""Owns client documents: the state of one client's own, outside the shared log."""

from __future__ import annotations

from typing import Any

import apsw
import msgspec
from msgspec import Struct

from pjai_wire import limits
from pjai_wire.codec import encode
from pjai_wire.documents import merged
from pjai_wire.errors import LimitExceeded
from pjai_wire.ids import now_ms
from pjaid.store.local import count_change, local_head


class StoredDocument(Struct, frozen=True):
    """A document, and how many changes to local tables there had been."""

    seq: int
    value: dict[str, Any]


def read_document(connection: apsw.Connection, client: str, name: str) -> StoredDocument:
    """A client's document; an empty one where nothing was set."""
    return StoredDocument(local_head(connection), _value(connection, client, name))


def write_document(
    connection: apsw.Connection, client: str, name: str, patch: dict[str, Any]
) -> StoredDocument:
    """Merges `patch` into a client's document, inside a transaction of the caller's.

    Raises:
        LimitExceeded: the document would grow too large.
    """
    before = _value(connection, client, name)
    value = merged(before, patch)
    if value == before:
        return StoredDocument(local_head(connection), value)
    encoded = encode(value)
    if len(encoded) > limits.DOCUMENT_BYTES_MAX:
        raise LimitExceeded(
            f"a document has at most {limits.DOCUMENT_BYTES_MAX} bytes", hint="keep large data in files"
        )
    count_change(connection)
    connection.execute(
        "INSERT INTO client_documents (id, client, name, value, updated_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
        (f"{client}/{name}", client, name, encoded, now_ms()),
    )
    return StoredDocument(local_head(connection), value)


def _value(connection: apsw.Connection, client: str, name: str) -> dict[str, Any]:
    sql = "SELECT value FROM client_documents WHERE client = ? AND name = ?"
    encoded = connection.execute(sql, (client, name)).get
    return {} if encoded is None else msgspec.msgpack.decode(encoded)
