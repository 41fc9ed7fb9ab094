"""Owns examples of texts that wait for vectors, and of vectors that come."""

from __future__ import annotations

from struct import pack

from pjai_wire import methods
from pjai_wire.examples.exchange import Reply, Request

EMBEDDING_REQUESTS = (
    Request(
        "whatever waits",
        methods.EMBEDDING_TAKE,
        methods.EmbeddingTakeParams(model="example-3", dimension=3),
    ),
    Request(
        "a few, and patience",
        methods.EMBEDDING_TAKE,
        methods.EmbeddingTakeParams(model="example-3", dimension=3, limit=8, wait_ms=30_000),
    ),
    Request(
        "two vectors",
        methods.EMBEDDING_PUT,
        methods.EmbeddingPutParams(
            model="example-3",
            dimension=3,
            items=(
                methods.EmbeddedItem(table="memories", row=7, change=41),
                methods.EmbeddedItem(table="messages", row=7, change=42),
            ),
            vectors=pack("<6e", 0.6, -0.8, 0.0, 0.0, 0.0, 0.0),
        ),
    ),
)

EMBEDDING_REPLIES = (
    Reply(
        "a text",
        methods.EMBEDDING_TAKE,
        methods.EmbeddingTakeResult(
            items=[methods.EmbeddingItem(table="memories", row=7, change=41, text="Sourdough")], waiting=1
        ),
    ),
    Reply("nothing came", methods.EMBEDDING_TAKE, methods.EmbeddingTakeResult(items=[], waiting=0)),
    Reply("stored", methods.EMBEDDING_PUT, methods.EmbeddingPutResult(seq=45, stored=1)),
)
