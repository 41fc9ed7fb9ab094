"""Owns the methods by which indexes and a cache are judged and made: query_shapes, index_prove and others."""

from __future__ import annotations

from msgspec import Raw

from pjai_wire.codec import Decoder, encode
from pjai_wire.errors import InvalidQuery
from pjai_wire.methods import (
    AnalyzeParams,
    IndexDropParams,
    IndexParams,
    IndexProveParams,
    Nothing,
    PageCacheResizeParams,
)
from pjai_wire.tables import STATE, table_named
from pjaid.methods.clients import Client
from pjaid.methods.router import Handler
from pjaid.store.indexes import Made
from pjaid.store.indexing import Indexing
from pjaid.store.requirements_of_indexes import indexed_columns

_nothing = Decoder(Nothing, "params")
_prove = Decoder(IndexProveParams, "params")
_create = Decoder(IndexParams, "params")
_drop = Decoder(IndexDropParams, "params")
_analyze = Decoder(AnalyzeParams, "params")
_resize = Decoder(PageCacheResizeParams, "params")


class OptimisingMethods:
    """Methods about indexes and the page cache.

    Args:
        indexing: judges and makes them.
    """

    def __init__(self, indexing: Indexing) -> None:
        self._indexing = indexing
        self.handlers: dict[str, Handler] = {
            "query_shapes": self.query_shapes,
            "index_prove": self.prove,
            "index_create": self.create,
            "index_drop": self.drop,
            "analyze": self.analyze,
            "page_cache_resize": self.resize_page_cache,
        }

    async def query_shapes(self, _client: Client, params: Raw) -> bytes:
        """Which queries are asked, and what they take."""
        _nothing.decode(params)
        return encode(await self._indexing.overview())

    async def prove(self, _client: Client, params: Raw) -> bytes:
        """What would come of an index."""
        asked = _prove.decode(params)
        table = table_named(asked.table)
        return encode(await self._indexing.prove(Made(table, indexed_columns(table, asked.columns))))

    async def create(self, client: Client, params: Raw) -> bytes:
        """An index that was proposed is made."""
        return encode(await self._indexing.create(_create.decode(params).id, client.origin))

    async def drop(self, client: Client, params: Raw) -> bytes:
        """An index that was made automatically is dropped."""
        asked = _drop.decode(params)
        return encode(await self._indexing.drop(asked.id, asked.reason, client.origin))

    async def analyze(self, client: Client, params: Raw) -> bytes:
        """The query planner is told of a table's rows."""
        table = table_named(_analyze.decode(params).table)
        if table not in STATE:
            raise InvalidQuery(f"{table.table_name} is not made from the log", hint="it is small")
        return encode(await self._indexing.analyze(table, client.origin))

    async def resize_page_cache(self, client: Client, params: Raw) -> bytes:
        """The page cache may take more or less than before."""
        asked = _resize.decode(params)
        return encode(await self._indexing.resize_page_cache(asked.bytes, asked.reason, client.origin))
