"""Owns an embedder at work: for those who ask, and for the texts in the store that wait for their vectors."""

from __future__ import annotations

import logging
import math
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial

import anyio
import numpy as np

from pjai import Database
from pjai_wire import limits
from pjai_wire.errors import InvalidValue, PjaiError, Unavailable
from pjai_wire.ids import now_ms
from pjai_wire.methods import (
    EMBEDDING_PUT,
    EMBEDDING_TAKE,
    EmbeddedItem,
    EmbedderEmbedResult,
    EmbedderStatusResult,
    EmbeddingPutParams,
    EmbeddingTakeParams,
    EmbeddingTakeResult,
)
from pjaid.actors.embedder.embedding import PROBE, Embedder, EmbedderFails, Model, TextsRefused, Vectors
from pjaid.actors.embedder.patience import Patience
from pjaid.actors.embedder.unlikeness import unlikeness

TAKEN_WITHIN_S = limits.EMBEDDING_WAIT_MS_MAX / 1000 + 30
"""How long a wish for texts may take to be answered, the waiting for one included."""

QUERY_WITHIN_S = 1.5
"""How long a text that is searched for may take. A search waits a little longer: it is told that the embedder
fails, and the embedder knows of it."""

REST_S_MIN, REST_S_MAX = 0.05, 1.0
REST_SHARE = 8
"""Between two writes of vectors there is a rest, so many times as long as the last one took: commits have the
writer nearly for themselves, and what comes meanwhile shares the next write."""

WORDS_STILL_WORK = "searches by words still work"
TOO_LATE = "what is searched for gets no vector in time"

_log = logging.getLogger("pjai.actor")


class Work:
    """Makes vectors.

    Args:
        embedder: how.
        counts: what the actor counts: texts that were `embedded`, and those that were `refused`.
        gauges: what it has at hand: texts that are `waiting`.
    """

    def __init__(
        self, embedder: Embedder, counts: Counter[str] | None = None, gauges: dict[str, int] | None = None
    ) -> None:
        self._embedder = embedder
        self._counts = Counter[str]() if counts is None else counts
        self._gauges = {} if gauges is None else gauges
        self._model: Model | None = None
        self._unlike: dict[str, float] = {}
        """The cosine of texts that have nothing to do with each other, by the name of the model."""
        self._measuring = anyio.Lock()
        self._embedder_patience = Patience()
        self._patience = Patience()
        """With whatever else fails, such as the store."""
        self._taking = anyio.CancelScope()

    async def embed(self, texts: Sequence[str], *, is_query: bool) -> EmbedderEmbedResult:
        """The vectors of texts.

        Raises:
            Unavailable: the embedder fails; until it works again, nobody waits for it.
            InvalidValue: it makes no vectors of these texts.
        """
        if self._embedder_patience.last_error:
            raise Unavailable(self._embedder_patience.last_error, hint=WORDS_STILL_WORK)
        try:
            with anyio.fail_after(QUERY_WITHIN_S * len(texts) if is_query else math.inf):
                model = self._model = await self._embedder.open()
                vectors = await self._vectors(model, texts, is_query=is_query)
            unlike = await self._unlike_by(model)
        except TimeoutError as failure:
            self._embedder_failed(TOO_LATE)
            raise Unavailable(TOO_LATE, hint=WORDS_STILL_WORK) from failure
        except EmbedderFails as failure:
            self._embedder_failed(str(failure))
            raise Unavailable(str(failure), hint=WORDS_STILL_WORK) from failure
        except (TextsRefused, FloatingPointError) as refusal:
            raise InvalidValue("the model makes no vectors of these texts") from refusal
        return EmbedderEmbedResult(
            model=model.name,
            dimension=model.dimension,
            vectors=vectors.astype("<f4", copy=False).tobytes(),
            unlike=unlike,
        )

    async def last(self, db: Database) -> None:
        """Gives texts that wait their vectors, for ever."""
        if self._embedder.leaves_machine:
            _log.warning("the texts of memories are sent to another machine, as embedder_allow_remote has it")
        while True:
            try:
                await self._deal_with_next(db)
                self._patience.succeed()
            except EmbedderFails as failure:
                self._embedder_failed(str(failure))
            except PjaiError as problem:
                _fail(self._patience, f"the store answers {problem.code}")
            except Exception as defect:
                # Its text may quote a memory.
                _fail(self._patience, f"a defect: {type(defect).__name__}")
            now = now_ms()
            await anyio.sleep(max(self._embedder_patience.rest_ms(now), self._patience.rest_ms(now)) / 1000)

    def status(self) -> EmbedderStatusResult:
        """How far it is."""
        failing = self._failing()
        return EmbedderStatusResult(
            kind=self._embedder.kind,
            state="failing" if failing.last_error else "ready",
            model=self._model.name if self._model else None,
            dimension=self._model.dimension if self._model else None,
            leaves_machine=self._embedder.leaves_machine,
            waiting=self._gauges.get("waiting", 0),
            embedded=self._counts["embedded"],
            refused=self._counts["refused"],
            last_error=failing.last_error,
            tries_again_at=failing.tries_again_at,
        )

    def _failing(self) -> Patience:
        """With what fails, the embedder before all else."""
        return self._embedder_patience if self._embedder_patience.last_error else self._patience

    def _embedder_failed(self, why: str) -> None:
        """Where many asked at once it failed once; whoever waits for texts looks whether it works again."""
        if not self._embedder_patience.rest_ms(now_ms()):
            _fail(self._embedder_patience, why)
            self._taking.cancel()

    async def _deal_with_next(self, db: Database) -> None:
        model = self._model = await self._embedder.open()
        await self._unlike_by(model)
        is_failing = bool(self._failing().last_error)
        taken = await self._taken(db, model, wait_ms=0 if is_failing else limits.EMBEDDING_WAIT_MS_MAX)
        if taken is None:
            return
        self._gauges["waiting"] = taken.waiting
        if not taken.items:
            if is_failing:
                await self._vectors(model, [PROBE], is_query=False)
            return
        vectors = await self._all_but_refused(model, [item.text for item in taken.items])
        made = EmbeddingPutParams(
            model=model.name,
            dimension=model.dimension,
            items=tuple(EmbeddedItem(table=one.table, row=one.row, change=one.change) for one in taken.items),
            vectors=vectors.astype("<f2").tobytes(),
        )
        begun = time.monotonic()
        put = await db.call(EMBEDDING_PUT, made)
        took_s = time.monotonic() - begun
        self._counts["embedded"] += put.stored
        self._gauges["waiting"] = max(0, taken.waiting - len(taken.items))
        self._patience.succeed()
        await anyio.sleep(min(max(REST_S_MIN, REST_SHARE * took_s), REST_S_MAX))

    async def _unlike_by(self, model: Model) -> float:
        async with self._measuring:
            if model.name not in self._unlike:
                self._unlike[model.name] = await unlikeness(partial(self._vectors, model))
            return self._unlike[model.name]

    async def _taken(self, db: Database, model: Model, *, wait_ms: int) -> EmbeddingTakeResult | None:
        """The next texts; None where the embedder failed at something else meanwhile."""
        wish = EmbeddingTakeParams(
            model=model.name,
            dimension=model.dimension,
            limit=self._embedder.texts_at_once,
            wait_ms=wait_ms,
        )
        with anyio.CancelScope() as self._taking:
            return await db.call(EMBEDDING_TAKE, wish, timeout=TAKEN_WITHIN_S)
        return None

    async def _all_but_refused(self, model: Model, texts: Sequence[str]) -> Vectors:
        """A vector for each text, in their order; zeros for one that is refused, which the others survive."""
        try:
            return await self._vectors(model, texts, is_query=False)
        except EmbedderFails:
            raise
        except Exception as problem:
            if not isinstance(problem, TextsRefused):
                # A defect: of the text, if it does not show with another one.
                await self._vectors(model, [PROBE], is_query=False)
            if len(texts) == 1:
                self._counts["refused"] += 1
                return np.zeros((1, model.dimension), np.float32)
        half = len(texts) // 2
        return np.concatenate(
            [await self._all_but_refused(model, part) for part in (texts[:half], texts[half:])]
        )

    async def _vectors(self, model: Model, texts: Sequence[str], *, is_query: bool) -> Vectors:
        """A vector for each text; a blank one says nothing, and is refused by some.

        Raises:
            FloatingPointError: the embedder makes numbers of one that are not finite.
        """
        vectors = np.zeros((len(texts), model.dimension), np.float32)
        rows = [row for row, text in enumerate(texts) if text and not text.isspace()]
        if rows:
            vectors[rows] = await self._embedder.embed([texts[row] for row in rows], is_query=is_query)
            self._embedder_patience.succeed()
        if not np.isfinite(vectors).all():
            # The store would refuse them, with those of all other texts.
            raise FloatingPointError
        return vectors


def _fail(patience: Patience, why: str) -> None:
    if why != patience.last_error:
        _log.warning("no vectors are made: %s", why)
    patience.fail(why, now_ms())
