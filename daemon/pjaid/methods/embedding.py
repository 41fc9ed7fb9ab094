"""Owns the methods by which an embedder takes texts and puts their vectors: embedding_take, embedding_put."""

from __future__ import annotations

import asyncio

from msgspec import Raw

from pjai_wire.codec import Decoder, encode
from pjai_wire.methods import EmbeddingPutParams, EmbeddingTakeParams
from pjaid.methods.clients import Client
from pjaid.methods.router import Handler
from pjaid.store.embedding import Embedding, Model
from pjaid.store.vectors import EMBEDDED
from pjaid.store.writer import Committed

_take = Decoder(EmbeddingTakeParams, "params")
_put = Decoder(EmbeddingPutParams, "params")


class EmbeddingMethods:
    """Methods for an actor that declares them; the guard refuses everybody else.

    Args:
        embedding: gives out texts and takes in vectors.
    """

    def __init__(self, embedding: Embedding) -> None:
        self._embedding = embedding
        self._changed = asyncio.Event()
        self._is_stopping = False
        self.handlers: dict[str, Handler] = {"embedding_take": self.take, "embedding_put": self.put}

    def committed(self, committed: Committed) -> None:
        """Rows changed: those who wait for texts look again, if they may be among them."""
        changes = committed.changes
        if changes is None or any(change.table in EMBEDDED for change in changes):
            self._wake()

    def stop(self) -> None:
        """Those who wait for texts get none."""
        self._is_stopping = True
        self._wake()

    async def take(self, _client: Client, params: Raw) -> bytes:
        """Texts that wait for a vector, once there are some."""
        asked = _take.decode(params)
        model = Model(asked.model, asked.dimension)
        deadline = asyncio.get_running_loop().time() + asked.wait_ms / 1000
        while True:
            changed = self._changed
            taken = await self._embedding.take(model, asked.limit)
            if taken.items or self._is_stopping:
                return encode(taken)
            try:
                async with asyncio.timeout_at(deadline):
                    await changed.wait()
            except TimeoutError:
                return encode(taken)

    async def put(self, client: Client, params: Raw) -> bytes:
        """Vectors of texts that were taken, in place of those of texts that they had before."""
        asked = _put.decode(params)
        model = Model(asked.model, asked.dimension)
        return encode(await self._embedding.put(model, asked.items, asked.vectors, client.origin))

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
