"""Owns the embedder behind a URL: any server that makes vectors as OpenAI's API does.

https://platform.openai.com/docs/api-reference/embeddings; Ollama, llama.cpp and LM Studio answer it too.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from hashlib import blake2b
from http import HTTPStatus
from pathlib import Path

import anyio
import msgspec
import numpy as np
from msgspec import Struct

from pjai_wire import limits
from pjai_wire.http_place import HttpPlace
from pjai_wire.methods.embedder import EMBEDDED_CHARACTERS, EmbedderKind
from pjaid.actors.embedder import http
from pjaid.actors.embedder.api_key import api_key
from pjaid.actors.embedder.embedding import (
    PROBE,
    EmbedderFails,
    Model,
    TextsRefused,
    Vectors,
    of_unit_length,
)

REQUESTS_AT_ONCE = 4
MARK_BYTES = 4
SUSPECT = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.INTERNAL_SERVER_ERROR,
)
"""What servers answer to a text that they can't take; and to many another thing."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What to ask for, and how."""

    place: HttpPlace
    model: str
    key_file: Path | None = None
    """Where an API key is; see `api_key`."""
    query_prefix: str = ""
    text_prefix: str = ""
    characters_max: int
    """Of a text; what comes after them is left out."""
    timeout_s: float

    @property
    def name(self) -> str:
        """By which name vectors are kept: that of the model, and a mark of what it is given of texts.

        Vectors of a text with another prefix, or of another part of it, are no more comparable than another
        model's.
        """
        if (self.text_prefix, self.characters_max) == ("", EMBEDDED_CHARACTERS):
            return self.model
        given = msgspec.json.encode((self.model, self.text_prefix, self.characters_max))
        mark = f"#{blake2b(given, digest_size=MARK_BYTES).hexdigest()}"
        return self.model[: limits.TAG_CHARACTERS_MAX - len(mark)] + mark


class _Ask(Struct, frozen=True):
    model: str
    input: list[str]
    encoding_format: str = "float"


class _Made(Struct, frozen=True):
    index: int
    embedding: list[float]


class _Answer(Struct, frozen=True):
    data: list[_Made]


class EndpointEmbedder:
    """Asks a server.

    Args:
        wanted: what for.
    """

    kind: EmbedderKind = "endpoint"
    texts_at_once = 64

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self.leaves_machine = not wanted.place.is_of_this_machine
        self._dimension: int | None = None
        self._limit = anyio.CapacityLimiter(REQUESTS_AT_ONCE)

    async def open(self) -> Model:
        """As `Embedder`; it asks for a vector, to know its dimension."""
        if self._dimension is None:
            vectors = await self._made_of([PROBE])
            if vectors is None:
                raise EmbedderFails(f"{self._wanted.place.name} has no vectors of this model")
            self._dimension = vectors.shape[1]
        return Model(self._wanted.name, self._dimension)

    async def embed(self, texts: Sequence[str], *, is_query: bool) -> Vectors:
        """As `Embedder`."""
        model = await self.open()
        prefix = self._wanted.query_prefix if is_query else self._wanted.text_prefix
        vectors = await self._made_of([prefix + text[: self._wanted.characters_max] for text in texts])
        if vectors is None:
            # It may refuse everything, as where the model has gone.
            if await self._made_of([PROBE]) is None:
                raise EmbedderFails(f"{self._wanted.place.name} refuses whatever is asked")
            raise TextsRefused
        if vectors.shape[1] != model.dimension:
            raise EmbedderFails(
                f"{self._wanted.place.name} has vectors of {vectors.shape[1]} dimensions now,"
                f" and had of {model.dimension}"
            )
        return of_unit_length(vectors)

    async def _made_of(self, texts: list[str]) -> Vectors | None:
        """The vectors of texts; None where they may be why it did not answer with any.

        Raises:
            EmbedderFails: it did not for another reason.
        """
        wanted = self._wanted
        key = api_key(wanted.key_file)
        body = msgspec.json.encode(_Ask(wanted.model, texts))
        try:
            with anyio.fail_after(wanted.timeout_s):
                status, answer = await anyio.to_thread.run_sync(
                    partial(http.post, wanted.place, body, key, wanted.timeout_s),
                    abandon_on_cancel=True,
                    limiter=self._limit,
                )
        except (TimeoutError, http.NoAnswer) as problem:
            raise EmbedderFails(f"{wanted.place.name} does not answer: {problem or 'too late'}") from problem
        if status in SUSPECT:
            return None
        if status != HTTPStatus.OK:
            raise EmbedderFails(f"{wanted.place.name} answers {status}")
        return self._read(answer, len(texts))

    def _read(self, answer: bytes, count: int) -> Vectors:
        """The vectors in an answer, in the order of their texts."""
        try:
            made = sorted(msgspec.json.decode(answer, type=_Answer).data, key=lambda one: one.index)
        except msgspec.DecodeError as problem:
            raise EmbedderFails(f"{self._wanted.place.name} answers something else than vectors") from problem
        dimensions = {len(one.embedding) for one in made}
        if [one.index for one in made] != list(range(count)) or len(dimensions) != 1:
            raise EmbedderFails(f"{self._wanted.place.name} does not answer with a vector for each text")
        if not 0 < dimensions.pop() <= limits.VECTOR_DIMENSIONS_MAX:
            raise EmbedderFails(f"{self._wanted.place.name} has vectors of too many dimensions, or none")
        with np.errstate(over="ignore"):
            vectors = np.array([one.embedding for one in made], np.float32)
        if not np.isfinite(vectors).all():
            raise EmbedderFails(f"{self._wanted.place.name} answers with numbers that are not finite")
        return vectors
