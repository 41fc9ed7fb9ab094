"""Owns the methods by which texts are given vectors: embedding_take, embedding_put.

They are the embedder's: it takes texts that wait, and puts what its model makes of them. What waits is in the
store, so nothing is lost when it falls.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from pjai_wire import limits
from pjai_wire.fields import Count, Word
from pjai_wire.methods.method import Method, Params, Result, Scope
from pjai_wire.query import Identifier

Dimension = Annotated[int, Meta(ge=1, le=limits.VECTOR_DIMENSIONS_MAX)]

Halves = Annotated[
    bytes,
    Meta(
        min_length=2,
        max_length=limits.PARAMS_BYTES_MAX,
        description="little-endian float16, one vector after the other, every number finite",
    ),
]


class EmbeddingTakeParams(Params, frozen=True, kw_only=True):
    """Which model the embedder has, and how much it can take."""

    model: Word
    dimension: Dimension
    limit: Annotated[int, Meta(ge=1, le=limits.EMBEDDING_ITEMS_MAX)] = limits.EMBEDDING_ITEMS_MAX
    wait_ms: Annotated[int, Meta(ge=0, le=limits.EMBEDDING_WAIT_MS_MAX)] = 0
    """How long to wait for a text where none is there."""


class EmbeddingItem(Struct, frozen=True, kw_only=True, rename="camel"):
    """A text that waits for its vector."""

    table: str
    row: Count
    """Its number in the database, which is not its id."""
    change: Count
    """Which of the row's changes gave it this text."""
    text: str


class EmbeddingTakeResult(Result, frozen=True, kw_only=True):
    """Texts of rows; none where none came in time."""

    items: list[EmbeddingItem]
    waiting: Count
    """How many rows wait, these among them."""


class EmbeddedItem(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A row that was taken."""

    table: Identifier
    row: Count
    change: Count


class EmbeddingPutParams(Params, frozen=True, kw_only=True):
    """What a model made of texts that were taken."""

    model: Word
    dimension: Dimension
    items: Annotated[tuple[EmbeddedItem, ...], Meta(min_length=1, max_length=limits.EMBEDDING_ITEMS_MAX)]
    vectors: Halves
    """One for each item, in their order. One of zeros says that the text means nothing to the model."""


class EmbeddingPutResult(Result, frozen=True, kw_only=True):
    """What became of them, once it is on disk."""

    seq: Count
    stored: Count
    """How many were kept; a row whose text has changed meanwhile waits again."""


EMBEDDING_TAKE = Method("embedding_take", EmbeddingTakeParams, EmbeddingTakeResult, needs=Scope.WRITE)
EMBEDDING_PUT = Method("embedding_put", EmbeddingPutParams, EmbeddingPutResult, needs=Scope.WRITE)
