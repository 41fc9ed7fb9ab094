"""Owns the methods of the actor that makes vectors of texts: embedder.embed, embedder.status."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pjai_wire import limits
from pjai_wire.fields import Instant
from pjai_wire.methods.method import Method, Nothing, Params, Result, Scope

EmbedderKind = Literal["static", "onnx", "endpoint", "none"]
"""A table of word vectors, a model on this machine, one behind a URL, or none."""

EmbedderState = Literal["ready", "failing", "none"]
"""`failing`: it waits, and tries again."""

EMBEDDED_CHARACTERS = 2_000
"""How much of a text an endpoint is given, where nobody says otherwise."""

EmbedText = Annotated[str, Meta(max_length=limits.EMBED_CHARACTERS_MAX)]


class EmbedderEmbedParams(Params, frozen=True, kw_only=True):
    """Texts whose meaning is asked for."""

    texts: Annotated[tuple[EmbedText, ...], Meta(min_length=1, max_length=limits.EMBED_TEXTS_MAX)]
    is_query: bool = False
    """Whether they are searched for, and not searched in: some models tell the two apart."""


class EmbedderEmbedResult(Result, frozen=True, kw_only=True):
    """A vector for each text."""

    model: str
    dimension: int
    vectors: bytes
    """One after the other, each of so many little-endian float32 and of unit length; all zeros for a text
    that says nothing to the model."""
    unlike: float
    """The cosine of texts that have nothing to do with each other, by this model: 0 or more."""


class EmbedderStatusResult(Result, frozen=True, kw_only=True):
    """What makes vectors, and how far it is."""

    kind: EmbedderKind
    state: EmbedderState
    model: str | None
    """None where it is not known yet, or there is none."""
    dimension: int | None
    leaves_machine: bool
    """Whether texts are sent to another machine."""
    waiting: int
    """Texts that have no vector of this model yet."""
    embedded: int
    """Texts that got one since the embedder started."""
    refused: int
    """Texts of which the model made none since then."""
    last_error: str
    """What went wrong last; empty where nothing did, or it went well since."""
    tries_again_at: Instant | None
    """When it does, where it is failing."""


EMBEDDER_EMBED = Method(
    "embedder.embed", EmbedderEmbedParams, EmbedderEmbedResult, needs=Scope.READ, repeatable=True
)
EMBEDDER_STATUS = Method("embedder.status", Nothing, EmbedderStatusResult, needs=Scope.READ, repeatable=True)
