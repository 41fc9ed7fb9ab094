"""Owns the telling of secrets: opened where they stand, and never without the audit trail."""

from __future__ import annotations

import apsw
from msgspec import Struct

from pjai_wire import tables
from pjai_wire.errors import NotFound, UnknownColumn, UnknownTable
from pjai_wire.events import v1
from pjaid.store.incoming import own
from pjaid.store.keys import FieldKey, Place
from pjaid.store.recorder import Origin, Recorder

_TABLES = {table.table_name: table for table in tables.WITHHELD}


class Revealed(Struct, frozen=True):
    """A secret, and the seq of the event that says that it was told."""

    secret: bytes
    seq: int


def check_place(place: Place) -> None:
    """Checks that secrets stand there.

    Raises:
        UnknownTable: the table has none.
        UnknownColumn: the column holds none.
    """
    table = _TABLES.get(place.table)
    if table is None:
        raise UnknownTable.near(f"{place.table!r} keeps no secrets", place.table, _TABLES)
    sealed = [column.name for column in table.columns if column.kind == "binary"]
    if place.column not in sealed:
        raise UnknownColumn.near(f"{place.column!r} is no secret", place.column, sealed)


def reveal(
    connection: apsw.Connection,
    recorder: Recorder,
    key: FieldKey,
    place: Place,
    client: str,
    origin: Origin,
) -> Revealed:
    """Opens a secret and records who is told it, inside a transaction of the caller's.

    It may be told once that is durable, and not before.

    Args:
        connection: where it stands.
        recorder: records events on that connection.
        key: what opens it.
        place: a place that `check_place` found right.
        client: who is to be told.
        origin: who opens it for them.

    Raises:
        NotFound: there is no such persona, or it has no such secret.
        Damaged: the secret is not what was sealed there.
    """
    column = _TABLES[place.table].column(place.column).python_name
    sealed = connection.execute(f"SELECT {column} FROM {place.table} WHERE id = ?", (place.id,)).get
    if sealed is None:
        raise NotFound(f"there is no {place.column} here", hint="persona.set_secrets sets it")
    secret = key.opened(place, sealed)
    event = v1.PersonaSecretRevealed(id=place.id, column=place.column, client=client)
    return Revealed(secret, recorder.commit(own(event), origin).seq)
