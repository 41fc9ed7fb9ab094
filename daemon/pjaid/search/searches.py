"""Owns the running of searches: words and vectors are looked up, ranked together, chosen from and shown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from typing import Final, TypeVar

import apsw
from msgspec import UNSET, Struct, structs

from pjai_wire import limits
from pjai_wire.envelope import Row
from pjai_wire.errors import PjaiError, UnknownModel
from pjai_wire.ids import now_ms
from pjai_wire.methods import HIT_COLUMNS, MeaningState, SearchMode, SearchParams
from pjaid.search.asked import Asked, understood
from pjaid.search.choosing import chosen
from pjaid.search.codes.codes import Codes
from pjaid.search.dense_query import RARE_SHARE, Telling, are_enough, telling, words_of
from pjaid.search.fusion import MEANING_WEIGHT, Candidate, Ranking, by_both, by_meaning, by_words
from pjaid.search.meaning import Embedded, QueryVectors, passes
from pjaid.search.showing import passages, shown
from pjaid.search.signals import DAY_MS, Weights
from pjaid.store.generation import generation
from pjaid.store.hits import check_model, meeting, vectors_of
from pjaid.store.reads import head, snapshot
from pjaid.store.store import Store
from pjaid.store.words.frequencies import Frequencies
from pjaid.store.words.hits import word_hits
from pjaid.store.words.index import indexed
from pjaid.store.words.question import STOP_WORDS
from pjaid.store.words.snippets import Parts
from pjaid.store.words.substring import substring_hits

T = TypeVar("T")

SPARE = 32
"""Vectors that are looked for beyond those that are wanted, where rows of some were deleted just now."""


class Ready(Struct, frozen=True):
    """A search whose text has its vector, where it is to be had."""

    asked: Asked
    sought: Embedded | None
    why: str = ""
    """Why it is not to be had."""
    may_come: bool = False
    """Whether it is to be had again before long."""
    seq: int = 0
    """Its text was looked at in this state, or in a later one."""
    steady_for: int | None = None
    """Until so many rows of the table have come, changed or left, it stays the vector; None where it always
    does."""

    @property
    def mode(self) -> SearchMode:
        """How is searched."""
        return "words" if self.asked.mode == "both" and self.sought is None else self.asked.mode

    @property
    def meaning(self) -> MeaningState:
        """Whether vectors have a part in it."""
        if not self.asked.by_meaning:
            return "not_asked"
        return "unavailable" if self.sought is None else "used"

    @property
    def model(self) -> str | None:
        """Whose vectors are compared."""
        return None if self.sought is None else self.sought.model


class Near(Struct, frozen=True):
    """What is nearest to a vector."""

    model: int | None
    """The model's number in the store; None where there are no vectors of it."""
    hits: Ranking
    compared: int
    """Vectors of which these are the nearest; rows of some may be gone."""


class Found(Struct, frozen=True):
    """What a search found."""

    seq: int
    """The oldest state of which something was read."""
    latest: int
    """The state that the rows show."""
    columns: tuple[str, ...]
    rows: list[Row]
    ranked: Sequence[Candidate]
    """What the hits were chosen from."""
    near: Near | None
    """None where no vectors were compared."""


class _Looked(Struct, frozen=True):
    """What is to be known before vectors are compared."""

    seq: int
    words: Ranking
    allowed: Sequence[int] | None
    """The rows that the search may find; None where the persona says it."""


class Searches:
    """Searches over a store.

    Args:
        store: where to search.
        codes: of the vectors in it.
        vectors: of what is searched for.
        weights: of the signals, where a search does not say.
    """

    def __init__(self, store: Store, codes: Codes, vectors: QueryVectors, weights: Weights) -> None:
        self._store: Final = store
        self._codes: Final = codes
        self._vectors: Final = vectors
        self._weights: Final = weights

    @property
    def seq(self) -> int:
        """The last commit that was told of."""
        return self._store.seq

    async def ready(self, params: SearchParams, *, is_running_text: bool = False) -> Ready:
        """What `params` ask for, with the vector of their text; as in `understood`.

        Raises:
            RequestError: they mean nothing.
            PjaiError: it is by meaning alone, and nobody embeds texts now.
        """
        asked = understood(params, self._weights, is_running_text=is_running_text)
        if not asked.by_meaning:
            return Ready(asked, None)
        if params.vector is not UNSET:
            assert params.model is not UNSET
            return Ready(asked, Embedded(params.model, params.vector, is_brought=True))
        seq = self.seq
        try:
            words = await self._telling(asked)
            sought = await self._vectors.of(words.text)
            if params.model is not UNSET and params.model != sought.model:
                raise UnknownModel(
                    "texts are embedded by another model", hint="bring the vector, or name no model"
                )
            return Ready(asked, sought, seq=seq, steady_for=words.steady_for)
        except PjaiError as problem:
            if asked.mode == "meaning":
                raise
            return Ready(asked, None, problem.message, may_come=passes(problem), seq=seq)

    async def run(self, ready: Ready) -> Found:
        """What is found now.

        Args:
            ready: the search.

        Raises:
            PjaiError: the dimension is not the model's, or the answer is too large.
        """
        asked = ready.asked
        if ready.sought is None:
            return await self._read(
                asked,
                lambda connection, most: _by_words(connection, asked, most),
                is_heavy=asked.is_heavy or asked.is_long,
            )
        while isinstance(found := await self._by_vector(asked, ready.sought), int):
            await self._store.until_generation(found)
        return found

    async def _by_vector(self, asked: Asked, sought: Embedded, spare: int = 0) -> Found | int:
        """What is found with a vector; the state's generation where another one began meanwhile.

        Rows may have other numbers in it, so what one read found means nothing to the next. Where the last
        read sees the generation that was announced before the first, so did all, and the codes are of it.
        Where another was announced since, whoever follows rows has left this one behind.

        Args:
            asked: the search.
            sought: the vector.
            spare: how many more vectors are looked for than are wanted.
        """
        announced = self._store.generation
        looked: _Looked | None = None
        if asked.by_words or asked.which.sql:
            looked = await self._read(
                asked,
                lambda connection, _: _look(connection, asked),
                is_heavy=asked.which.is_heavy or asked.is_long,
            )
        # Codes follow what was told of; commits that a read sees may be yet to be told.
        told = self.seq
        near = await self._near(asked, sought, None if looked is None else looked.allowed, spare)
        words = looked.words if asked.by_words and looked is not None else None
        seen, found = await self._read(
            asked,
            lambda connection, most: _shown(connection, asked, sought, words, near, most),
            is_heavy=asked.is_heavy,
        )
        if not seen == announced == self._store.generation:
            return seen
        if not spare and len(found.rows) < min(asked.params.limit, near.compared):
            return await self._by_vector(asked, sought, SPARE)
        return structs.replace(found, seq=min(told, found.seq, found.seq if looked is None else looked.seq))

    async def passages(self, ready: Ready, ids: Collection[str]) -> Mapping[str, Parts]:
        """Where rows match that a search found, by their ids; of those that are there no more, nothing."""
        asked = ready.asked
        return await self._read(asked, lambda connection, _: passages(connection, asked, ids), is_heavy=True)

    async def _near(self, asked: Asked, sought: Embedded, allowed: Sequence[int] | None, spare: int) -> Near:
        """What is nearest to the vector of a search.

        Raises:
            UnknownModel: the client brought a vector of a model of which there are none.
            InvalidValue: it has another dimension, or is no direction.
        """
        if not sought.is_brought and not any(sought.vector):
            # The text says nothing to the model.
            return Near(None, [], 0)
        found = self._codes.nearest(
            asked.table,
            sought.model,
            sought.vector,
            asked.depth + spare,
            persona_id=asked.which.persona_id,
            rows=allowed,
        )
        near = await found if isinstance(found, Coroutine) else found
        if sought.is_brought and not near.rows:
            await self._read(
                asked, lambda connection, _: check_model(connection, sought.model, sought.dimension)
            )
        return Near(near.model, list(zip(near.rows, near.cosines, strict=True)), near.compared)

    async def _telling(self, asked: Asked) -> Telling:
        """The text of a search, without what a large part of the searched rows has."""
        text = asked.params.text
        words = [word for word in words_of(text) if word.casefold() not in STOP_WORDS]
        if not words:
            return Telling(text)
        first = words[: limits.SEARCH_WORDS_MAX]
        return await self._read(
            asked, lambda connection, _: _telling(connection, asked, first), is_heavy=asked.is_long
        )

    async def _read(
        self, asked: Asked, work: Callable[[apsw.Connection, int], T], *, is_heavy: bool = False
    ) -> T:
        found = self._store.read_search(asked.shape, work, is_heavy=is_heavy)
        return await found if isinstance(found, Coroutine) else found


def _found(
    connection: apsw.Connection, asked: Asked, ranked: Sequence[Candidate], near: Near | None, bytes_max: int
) -> Found:
    """The hits among what was ranked, and their rows."""
    model = None if near is None else near.model
    hits = chosen(connection, asked, ranked, model, now_ms() // DAY_MS)
    rows = shown(connection, asked, hits, bytes_max)
    seq = head(connection)
    return Found(seq, seq, (*asked.rows.columns, *HIT_COLUMNS), rows, ranked, near)


def _by_words(connection: apsw.Connection, asked: Asked, bytes_max: int) -> Found:
    """What is found without vectors."""
    with snapshot(connection):
        return _found(connection, asked, by_words(_words(connection, asked)), None, bytes_max)


def _shown(
    connection: apsw.Connection,
    asked: Asked,
    sought: Embedded,
    words: Ranking | None,
    near: Near,
    bytes_max: int,
) -> tuple[int, Found]:
    """The state's generation, and what is found in it by what is near, and by words where there are any."""
    with snapshot(connection):
        if words is None:
            ranked = by_meaning(near.hits)
        else:
            cosines = dict(near.hits)
            further = [row for row, _ in words if row not in cosines]
            cosines |= _cosines(connection, asked, sought, near, further)
            weight = asked.params.weights.meaning
            weight = MEANING_WEIGHT if weight is UNSET else weight
            ranked = by_both(words, cosines, weight, unlike=sought.unlike)
        return generation(connection), _found(connection, asked, ranked, near, bytes_max)


def _cosines(
    connection: apsw.Connection, asked: Asked, sought: Embedded, near: Near, rows: Sequence[int]
) -> Mapping[int, float]:
    """How like some rows are that are not among the nearest; of those that have a vector."""
    stored = vectors_of(connection, asked.table, near.model, rows) if near.model is not None else {}
    if not stored:
        return {}
    # Only now, as it takes numpy along.
    from pjaid.search.codes.quantising import Query, ordered

    return dict(zip(*ordered(Query(sought.vector), list(stored.items()), len(stored)), strict=True))


def _look(connection: apsw.Connection, asked: Asked) -> _Looked:
    with snapshot(connection):
        words = _words(connection, asked) if asked.by_words else []
        allowed = meeting(connection, asked.table, asked.which) if asked.which.sql else None
        return _Looked(head(connection), words, allowed)


def _words(connection: apsw.Connection, asked: Asked) -> Ranking:
    if asked.mode == "substring":
        return substring_hits(connection, asked.table, asked.params.text, asked.which, depth=asked.depth)
    return word_hits(connection, asked.table, asked.question, asked.which, depth=asked.depth)


def _telling(connection: apsw.Connection, asked: Asked, words: Sequence[str]) -> Telling:
    """The text of a search, without those words that a large part of the searched rows has."""
    with snapshot(connection):
        counted = Frequencies(connection, indexed(asked.table), asked.which.persona_id)
        shares = counted.shares(words, exact_from=RARE_SHARE) if are_enough(counted.rows) else {}
    return telling(asked.params.text, counted.rows, shares)
