"""Owns the reading of vectors as they are stored, for those who compare them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

import apsw
from msgspec import Struct

from pjaid.store import reads
from pjaid.store.readers import Readers
from pjaid.store.vectors import HALF_BYTES, model_number

T = TypeVar("T")

ROWS_AT_ONCE_MAX = 512
"""Vectors that one statement names at most."""

ROWS_A_STATEMENT = 16
"""Of which it names a multiple."""


class Shelf(Struct, frozen=True):
    """Which vectors: those that a model made of a table's rows."""

    table: str
    model: str
    dimension: int

    @property
    def number(self) -> int:
        """The model's, as it stands in a row of `vectors`."""
        return model_number(self.model, self.dimension)


class Loaded(Struct, frozen=True):
    """The vectors of one persona."""

    seq: int
    """The state that they are of."""
    rows: list[int]
    """The numbers of the rows, ascending."""
    vectors: bytearray
    """Little-endian float16, one after the other."""


class StoredVectors:
    """Reads vectors.

    Args:
        readers: the connections that read.
    """

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    def personas(self, shelf: Shelf) -> list[str] | Coroutine[Any, Any, list[str]]:
        """Whose vectors there are; an empty text stands for nobody's."""
        return self._readers.read("vectors of personas", lambda connection, _: _personas(connection, shelf))

    async def load(self, shelf: Shelf, persona_id: str, finish: Callable[[Loaded], T]) -> T:
        """What `finish` makes of all vectors of a persona, in the thread that reads them."""
        return await self._readers.read_in_thread(
            lambda connection, _: finish(_load(connection, shelf, persona_id))
        )

    def exact(
        self,
        shelf: Shelf,
        wanted: Mapping[str, Sequence[int]],
        finish: Callable[[list[tuple[int, bytes]]], T],
    ) -> T | Coroutine[Any, Any, T]:
        """What `finish` makes of the vectors of some rows, with their numbers, without those that are gone.

        Args:
            shelf: which vectors.
            wanted: by persona, the numbers of the rows.
            finish: makes something of them; it may run in a thread.
        """
        return self._readers.read("vectors", lambda connection, _: finish(_exact(connection, shelf, wanted)))


def _personas(connection: apsw.Connection, shelf: Shelf) -> list[str]:
    found: list[str] = []
    sql = "SELECT min(persona_id) FROM vectors WHERE table_name = ? AND model = ? AND persona_id >= ?"
    # From each to the next, over all of its rows: a list without a repetition would look at every one.
    after = ""
    while (persona_id := connection.execute(sql, (shelf.table, shelf.number, after)).get) is not None:
        found.append(persona_id)
        sql = "SELECT min(persona_id) FROM vectors WHERE table_name = ? AND model = ? AND persona_id > ?"
        after = persona_id
    return found


def _load(connection: apsw.Connection, shelf: Shelf, persona_id: str) -> Loaded:
    size = HALF_BYTES * shelf.dimension
    sql = (
        "SELECT row, vector FROM vectors"
        " WHERE table_name = ? AND model = ? AND persona_id = ? AND length(vector) = ? ORDER BY row"
    )
    rows: list[int] = []
    vectors = bytearray()
    with reads.snapshot(connection):
        seq = reads.head(connection)
        for some in reads.batches(connection, sql, (shelf.table, shelf.number, persona_id, size)):
            numbers, stored = zip(*some, strict=True)
            rows += numbers
            vectors += b"".join(stored)
    return Loaded(seq, rows, vectors)


def _exact(
    connection: apsw.Connection, shelf: Shelf, wanted: Mapping[str, Sequence[int]]
) -> list[tuple[int, bytes]]:
    found: list[Any] = []
    for persona_id, rows in wanted.items():
        for begin in range(0, len(rows), ROWS_AT_ONCE_MAX):
            some = list(rows[begin : begin + ROWS_AT_ONCE_MAX])
            # Few lengths of lists are few statements to compile; a row that is named again changes nothing.
            some += some[-1:] * (-len(some) % ROWS_A_STATEMENT)
            sql = (
                "SELECT row, vector FROM vectors WHERE table_name = ? AND model = ? AND persona_id = ?"
                f" AND row IN ({', '.join('?' * len(some))})"
            )
            found.extend(connection.execute(sql, (shelf.table, shelf.number, persona_id, *some)))
    return found
