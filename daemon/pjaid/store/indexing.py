"""Owns the judging and making of indexes, and the page cache's size, as the rest of the daemon sees it."""

from __future__ import annotations

from typing import Any

import apsw
from msgspec import Struct

from pjai_wire.errors import LimitExceeded
from pjai_wire.events import v1
from pjai_wire.methods import IndexProof, IndexSize, PageCache, QueryShapesResult, Receipt, TableSize
from pjai_wire.tables import STATE, TABLES, Table
from pjaid.store import indexes, proving, reads
from pjaid.store.incoming import own
from pjaid.store.indexes import Made
from pjaid.store.readers import Readers
from pjaid.store.recorder import Origin
from pjaid.store.shapes import Shapes
from pjaid.store.writer import Writer

GROWN_BY = 1 / 64
"""How much of its size a database grows or shrinks by before its indexes are looked at again."""

READERS = "readers"
"""Whose page cache is resized, as the trail has it."""


class Survey(Struct, frozen=True):
    """What indexes take, which is found by looking at all of their pages."""

    schema: int
    """SQLite's number of it."""
    budget: indexes.Budget
    sizes: list[IndexSize]
    """Of the state's."""

    def still_tells(self, schema: int, database_bytes: int) -> bool:
        """Whether it is as good as a new one."""
        grown = abs(database_bytes - self.budget.database_bytes)
        return schema == self.schema and grown <= GROWN_BY * self.budget.database_bytes


class Indexing:
    """Knows which queries are asked, and what an index would do for them; makes and drops indexes.

    Args:
        readers: the connections that read.
        writer: the one that writes.
        shapes: the figures of reads.
        share_max: how much of the database indexes may take, in percent.
        build_ms_max: how long commits may wait while one is made.
    """

    def __init__(
        self, readers: Readers, writer: Writer, shapes: Shapes, *, share_max: float, build_ms_max: float
    ) -> None:
        self._readers = readers
        self._writer = writer
        self._shapes = shapes
        self._share_max = share_max / 100
        self._build_ms_max = build_ms_max
        self._surveyed: Survey | None = None

    async def overview(self) -> QueryShapesResult:
        """Which queries are asked, what they take, which indexes there are, and how the page cache does."""
        cache = self._readers.cache_told()
        return await self._readers.read_in_thread(lambda connection, _: self._overview(connection, cache))

    async def prove(self, index: Made) -> IndexProof:
        """What would come of an index; nothing is made."""
        return await self._readers.read_in_thread(lambda connection, _: self._prove(connection, index))

    async def create(self, index_id: str, origin: Origin) -> Receipt:
        """Makes a proposed index, between groups of commits.

        Raises:
            NotFound: nobody has proposed it.
            Conflict: it does not wait to be made.
            LimitExceeded: it would take too long, or too much room.
        """
        index, proof = await self._readers.read_in_thread(
            lambda connection, _: self._proposed(connection, index_id)
        )
        if proof.build_ms_estimated > self._build_ms_max:
            raise LimitExceeded(
                f"commits would wait about {proof.build_ms_estimated} ms while the index is made",
                hint="index_build_ms_max is the setting",
            )
        indexes.require_room(proof.bytes_estimated, proof.index_bytes_max - proof.index_bytes)
        receipt = await self._writer.submit(
            lambda connection, recorder: indexes.create(
                connection, recorder, origin, index_id, self._share_max
            ),
            is_large=True,
        )
        self._shapes.begin_anew(index.table.table_name)
        return receipt

    async def drop(self, index_id: str, reason: str, origin: Origin) -> Receipt:
        """Drops an index that was made automatically.

        Raises:
            NotFound: nobody has proposed it.
            Conflict: it is not there.
        """
        index = await self._readers.read_in_thread(
            lambda connection, _: indexes.in_state(connection, index_id, "created")
        )
        receipt = await self._writer.submit(
            lambda connection, recorder: indexes.drop(connection, recorder, origin, index_id, reason),
            is_large=True,
        )
        self._shapes.begin_anew(index.table.table_name)
        return receipt

    async def analyze(self, table: Table[Any], origin: Origin) -> Receipt:
        """Lets the query planner know of a table's rows."""
        receipt = await self._writer.submit(
            lambda connection, recorder: indexes.analyze(connection, recorder, origin, table), is_large=True
        )
        self._shapes.begin_anew(table.table_name)
        return receipt

    async def resize_page_cache(self, size: int, reason: str, origin: Origin) -> Receipt:
        """Lets the page cache of the event loop's connection take `size` bytes, once that is on the trail.

        Raises:
            LimitExceeded: it may not take so much beside those of other connections, or so little.
        """
        cache = self._readers.cache
        cache.check(size)
        resized = v1.PageCacheResized(id=READERS, bytes_before=cache.bytes, bytes=size, reason=reason)
        receipt = await self._writer.submit(lambda _, recorder: recorder.commit(own(resized), origin))
        cache.resize(size)
        return receipt

    def _overview(self, connection: apsw.Connection, cache: PageCache) -> QueryShapesResult:
        survey = self._survey(connection)
        return QueryShapesResult(
            seq=reads.head(connection),
            shapes=self._shapes.told(),
            tables=[
                TableSize(
                    name=table.table_name,
                    rows=indexes.rows_at_most(connection, table.table_name),
                    rows_known=indexes.rows_known(connection, table.table_name),
                )
                for table in STATE
                if table.table_name in TABLES
            ],
            indexes=survey.sizes,
            database_bytes=survey.budget.database_bytes,
            index_bytes=survey.budget.index_bytes,
            index_bytes_max=survey.budget.index_bytes_max,
            page_cache=cache,
        )

    def _survey(self, connection: apsw.Connection) -> Survey:
        schema = connection.pragma("schema_version")
        survey = self._surveyed
        if survey is None or not survey.still_tells(schema, indexes.database_bytes(connection)):
            budget = indexes.budget(connection, self._share_max)
            survey = self._surveyed = Survey(schema, budget, indexes.sizes(connection))
        return survey

    def _proposed(self, connection: apsw.Connection, index_id: str) -> tuple[Made, IndexProof]:
        index = indexes.in_state(connection, index_id, "proposed")
        return index, self._prove(connection, index)

    def _prove(self, connection: apsw.Connection, index: Made) -> IndexProof:
        proof = proving.prove(connection, index, self._shapes.of(index.table.table_name))
        room = indexes.budget(connection, self._share_max)
        return IndexProof(
            id=proof.name,
            rows=proof.rows,
            shapes=proof.shapes,
            gain=proof.gain,
            bytes_estimated=proof.bytes,
            build_ms_estimated=proof.build_ms,
            index_bytes=room.index_bytes,
            index_bytes_max=room.index_bytes_max,
        )
