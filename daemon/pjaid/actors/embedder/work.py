"""Owns an embedder at work: for those who ask, and for the store."""

from __future__ import annotations

from collections.abc import Sequence

from pjai_wire.errors import InvalidValue, Unavailable
from pjai_wire.ids import now_ms
from pjai_wire.methods import EmbedderEmbedResult, EmbedderStatusResult
from pjaid.actors.embedder.embedding import Embedder, EmbedderFails, Model, TextsRefused
from pjaid.actors.embedder.patience import Patience


class Work:
    """Makes vectors.

    Args:
        embedder: how.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._model: Model | None = None
        self._patience = Patience()
        self._waiting = 0
        self._embedded = 0
        self._refused = 0

    async def embed(self, texts: Sequence[str], *, is_query: bool) -> EmbedderEmbedResult:
        """The vectors of texts.

        Raises:
            Unavailable: the embedder fails; while it waits to try again, nobody waits with it.
            InvalidValue: it makes no vectors of these texts.
        """
        if self._patience.is_waiting(now_ms()):
            raise Unavailable(self._patience.last_error, hint="words still work")
        try:
            model = await self._embedder.open()
            vectors = await self._embedder.embed(texts, is_query=is_query)
        except EmbedderFails as failure:
            raise Unavailable(str(failure), hint="words still work") from failure
        except TextsRefused as refusal:
            raise InvalidValue("the model makes no vectors of these texts") from refusal
        self._model = model
        return EmbedderEmbedResult(
            model=model.name,
            dimension=model.dimension,
            vectors=vectors.astype("<f4", copy=False).tobytes(),
            weight=self._embedder.weight,
        )

    def status(self) -> EmbedderStatusResult:
        """How far it is."""
        return EmbedderStatusResult(
            kind=self._embedder.kind,
            state="failing" if self._patience.last_error else "ready",
            model=self._model.name if self._model else None,
            dimension=self._model.dimension if self._model else None,
            leaves_machine=self._embedder.leaves_machine,
            waiting=self._waiting,
            embedded=self._embedded,
            refused=self._refused,
            last_error=self._patience.last_error,
            tries_again_at=self._patience.tries_again_at,
        )
