"""Owns the reading of vectors as they are stored, for those who compare them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import apsw
from msgspec import Struct

from pjaid.store import reads
from pjaid.store.readers import Readers
from pjaid.store.vector_shards import ROW_BITS, ROW_MAX, SHARDS, found_shard, has_vectors, ids_of
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
        """The model's, as shards have it."""
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
    # In the order of the file, as they are loaded one after the other.
    sql = (
        f"SELECT persona_id FROM {SHARDS} AS shard WHERE table_name = ? AND model = ?"
        f" AND {has_vectors('shard.id')} ORDER BY shard.id"
    )
    return [persona_id for (persona_id,) in connection.execute(sql, (shelf.table, shelf.number))]


def _load(connection: apsw.Connection, shelf: Shelf, persona_id: str) -> Loaded:
    size = HALF_BYTES * shelf.dimension
    sql = (
        f"SELECT id & {ROW_MAX}, vector FROM vectors WHERE id BETWEEN {ids_of('?1')} AND length(vector) = ?2"
        " ORDER BY id"
    )
    rows: list[int] = []
    vectors = bytearray()
    with reads.snapshot(connection):
        seq = reads.head(connection)
        shard = found_shard(connection, shelf.table, shelf.number, persona_id)
        if shard is not None:
            for some in reads.batches(connection, sql, (shard, size)):
                numbers, stored = zip(*some, strict=True)
                rows += numbers
                vectors += b"".join(stored)
    return Loaded(seq, rows, vectors)


def _exact(
    connection: apsw.Connection, shelf: Shelf, wanted: Mapping[str, Sequence[int]]
) -> list[tuple[int, bytes]]:
    found: list[Any] = []
    # One state, as the numbers of shards are others in one that is made anew.
    with reads.snapshot(connection):
        for persona_id, rows in wanted.items():
            shard = found_shard(connection, shelf.table, shelf.number, persona_id)
            if shard is not None:
                found.extend(_some(connection, [shard << ROW_BITS | row for row in rows]))
    return found


def _some(connection: apsw.Connection, ids: Sequence[int]) -> Iterator[Any]:
    for begin in range(0, len(ids), ROWS_AT_ONCE_MAX):
        some = list(ids[begin : begin + ROWS_AT_ONCE_MAX])
        # Few lengths of lists are few statements to compile; a row that is named again changes nothing.
        some += some[-1:] * (-len(some) % ROWS_A_STATEMENT)
        sql = f"SELECT id & {ROW_MAX}, vector FROM vectors WHERE id IN ({', '.join('?' * len(some))})"
        yield from connection.execute(sql, some)
