"""Owns the methods by which an embedder takes texts and puts their vectors: embedding_take, embedding_put."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec import Raw

from pjai_wire.codec import Decoder, encode
from pjai_wire.methods import EmbeddingPutParams, EmbeddingTakeParams
from pjai_wire.tables import table_named
from pjaid.methods.clients import Client
from pjaid.methods.router import Handler
from pjaid.store.changed import RowChange
from pjaid.store.embedding import Embedding
from pjaid.store.schema import stored_columns
from pjaid.store.unembedded import Model
from pjaid.store.vectors import EMBEDDED
from pjaid.store.writer import Committed

_take = Decoder(EmbeddingTakeParams, "params")
_put = Decoder(EmbeddingPutParams, "params")

_TEXT_AT = {
    name: [
        place
        for place, column in enumerate(stored_columns(table_named(name)))
        if column.python_name in embedded.columns
    ]
    for name, embedded in EMBEDDED.items()
}
"""By table, where in a row the columns stand by whose change the row waits for another vector."""


class EmbeddingMethods:
    """Methods for an actor that declares them; the guard refuses everybody else.

    Args:
        embedding: gives out texts and takes in vectors.
        on_taking: called whenever an embedder wishes for texts, which it does once it has opened its model.
    """

    def __init__(self, embedding: Embedding, on_taking: Callable[[], None] = lambda: None) -> None:
        self._embedding = embedding
        self._on_taking = on_taking
        self._changed = asyncio.Event()
        self._is_stopping = False
        self.handlers: dict[str, Handler] = {"embedding_take": self.take, "embedding_put": self.put}

    def committed(self, committed: Committed) -> None:
        """Rows changed: those who wait for texts look again, if there may be new ones."""
        if committed.changes is None or committed.is_anew or any(map(_has_new_text, committed.changes)):
            self.wake()

    def wake(self) -> None:
        """Those who wait for texts look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    def stop(self) -> None:
        """Those who wait for texts get none."""
        self._is_stopping = True
        self.wake()

    async def take(self, _client: Client, params: Raw) -> bytes:
        """Texts that wait for a vector, once there are some."""
        asked = _take.decode(params)
        self._on_taking()
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


def _has_new_text(change: RowChange) -> bool:
    """Whether a row came, or is as no other change than one of its text leaves it."""
    if change.after is None or change.table not in _TEXT_AT:
        return False
    if change.before is None:
        return True
    return any(change.before[place] != change.after[place] for place in _TEXT_AT[change.table])
