"""Owns what embedders take and put: texts that wait for a vector, and the vectors that come."""

from __future__ import annotations

import math
import struct
from collections import Counter
from collections.abc import Iterator, Sequence

import apsw

from pjai_wire.errors import Conflict, InvalidValue
from pjai_wire.events import v1
from pjai_wire.methods import EmbeddedItem, EmbeddingPutResult, EmbeddingTakeResult
from pjaid.store.incoming import own
from pjaid.store.readers import Readers
from pjaid.store.recorder import Origin, Recorder
from pjaid.store.unembedded import Model, Waiting, advance, current, taken, waiting
from pjaid.store.vector_shards import ROW_BITS, made_shard
from pjaid.store.vectors import EMBEDDED, HALF_BYTES
from pjaid.store.writer import Writer

LENGTH_OFF_MAX = 0.01
"""By which a vector's length may differ from 1, as that of one of float16 does, before it is made so."""


class Embedding:
    """Gives out texts and takes in vectors.

    Args:
        readers: the connections that read.
        writer: the one that writes.
    """

    def __init__(self, readers: Readers, writer: Writer) -> None:
        self._readers = readers
        self._writer = writer

    async def take(self, model: Model, limit: int) -> EmbeddingTakeResult:
        """Texts that wait for a vector of a model, which becomes the current one.

        They go on waiting until their vectors are put, so they may be taken again. Where none waits, the
        vectors of models that were given up are removed.

        Args:
            model: the embedder's.
            limit: how many texts to give; fewer where their vectors would be too large to be put together.
        """
        limit = min(limit, model.items_max)
        while True:
            found = await self._readers.read_in_thread(lambda connection, _: taken(connection, model, limit))
            if found is not None:
                return found
            await self._writer.submit(lambda connection, _: advance(connection, model))

    async def put(
        self, model: Model, items: Sequence[EmbeddedItem], vectors: bytes, origin: Origin
    ) -> EmbeddingPutResult:
        """Keeps the vectors of rows whose text is still the one that was taken; durable when this is done.

        Raises:
            InvalidValue: there is not one vector for each row, or a number is not finite.
            Conflict: the model is not the current one.
        """
        if len(vectors) != HALF_BYTES * model.dimension * len(items):
            raise InvalidValue(
                f"{len(items)} vectors of {model.dimension} dimensions take"
                f" {HALF_BYTES * model.dimension * len(items)} bytes, and not {len(vectors)}",
                hint="they are float16, one after the other",
            )
        return await self._writer.submit(
            lambda connection, recorder: put_vectors(connection, recorder, origin, model, items, vectors)
        )

    async def waiting(self) -> Waiting:
        """What is yet to be done."""
        found = self._readers.read("waiting for vectors", lambda connection, _: waiting(connection))
        return found if isinstance(found, Waiting) else await found


def put_vectors(
    connection: apsw.Connection,
    recorder: Recorder,
    origin: Origin,
    model: Model,
    items: Sequence[EmbeddedItem],
    vectors: bytes,
) -> EmbeddingPutResult:
    """Keeps the vectors of rows whose text is still the one that was taken, inside a transaction.

    Args:
        connection: where to write.
        recorder: records on that connection that they came.
        origin: who brings them.
        model: what made them.
        items: the rows.
        vectors: little-endian float16, one for each row; the caller has made sure of their length.

    Raises:
        InvalidValue: a number is not finite.
        Conflict: the model is not the current one.
    """
    found = current(connection)
    if found is None or found[1] != model:
        raise Conflict("the embedder's model is another one by now", hint="take texts for this one first")
    stored: Counter[str] = Counter()
    for item, vector in zip(items, _split(vectors, model.dimension), strict=True):
        sql = "DELETE FROM unembedded WHERE table_name = ? AND row = ? AND change = ?"
        connection.execute(sql, (item.table, item.row, item.change))
        if connection.changes():
            _store(connection, found[0], item, vector)
            stored[item.table] += 1
    for table, count in sorted(stored.items()):
        event = v1.VectorsStored(id=table, model=model.name, dimension=model.dimension, count=count)
        recorder.commit(own(event), origin)
    return EmbeddingPutResult(seq=recorder.head.seq, stored=stored.total())


def _store(connection: apsw.Connection, model_id: int, item: EmbeddedItem, vector: bytes | None) -> None:
    """A row's vector takes the place of the one that it had."""
    persona = EMBEDDED[item.table].persona.format(row=item.table)
    owner = connection.execute(f"SELECT {persona} FROM {item.table} WHERE rowid = ?", (item.row,)).get
    number = made_shard(connection, item.table, model_id, owner) << ROW_BITS | item.row
    if vector is None:
        connection.execute("DELETE FROM vectors WHERE id = ?", (number,))
        return
    sql = "INSERT INTO vectors VALUES (?, ?) ON CONFLICT DO UPDATE SET vector = excluded.vector"
    connection.execute(sql, (number, vector))


def _split(vectors: bytes, dimension: int) -> Iterator[bytes | None]:
    """One vector after the other, at unit length; None for one of zeros, which is near to nothing.

    Raises:
        InvalidValue: a number is not finite.
    """
    size = HALF_BYTES * dimension
    numbers = struct.Struct(f"<{dimension}e")
    for begin in range(0, len(vectors), size):
        vector = vectors[begin : begin + size]
        told = numbers.unpack(vector)
        length = math.hypot(*told)
        if not math.isfinite(length):
            raise InvalidValue("a vector's numbers must be finite", hint="nothing was stored")
        if not length:
            yield None
        elif abs(length - 1) <= LENGTH_OFF_MAX:
            yield vector
        else:
            yield numbers.pack(*[number / length for number in told])
