"""Owns what a search means: its mode, filter, words and weights, checked before anything is read."""

from __future__ import annotations

from functools import lru_cache

import msgspec
from msgspec import UNSET, Struct

from pjai_wire import limits
from pjai_wire.codec import encode
from pjai_wire.errors import InvalidSearch
from pjai_wire.methods import SearchMode, SearchParams, SearchWeights
from pjai_wire.query import Comparison, Junction
from pjaid.search.fusion import DEPTH
from pjaid.search.signals import Weights
from pjaid.store.hits import HitRows, compile_hits
from pjaid.store.words.filters import NO_FILTER, Filter, compile_filter
from pjaid.store.words.question import Question, parse, plain

COMPILED_MAX = 1_000
"""Places whose SQL is kept: programs search the same ones again and again."""

_OPERATORS = frozenset(("AND", "OR", "NOT"))


class Asked(Struct, frozen=True):
    """A search, understood."""

    params: SearchParams
    mode: SearchMode
    question: Question
    """What its text asks for by words."""
    which: Filter
    """What it may find."""
    rows: HitRows
    """How its hits are read."""
    around: HitRows
    """How turns around them are, which need not meet its conditions."""
    weights: Weights
    """Of the signals."""

    @property
    def table(self) -> str:
        """Where it searches."""
        return self.params.table

    @property
    def depth(self) -> int:
        """How many candidates are ranked: more than are wanted where their order may change yet."""
        return self.params.limit if self.is_final else DEPTH

    @property
    def is_final(self) -> bool:
        """Whether the order in which candidates are ranked is that of the hits."""
        params = self.params
        return self.mode != "both" and not (self.weights.most or params.links or params.diversity)

    @property
    def shape(self) -> str:
        """What it has in common with other searches, without what is searched for."""
        return f"search {self.table} by {self.mode}{' of a persona' * (self.which.persona_id is not None)}"

    @property
    def is_heavy(self) -> bool:
        """Whether one row that it looks at, or shows, may take long, as its texts may be of any length."""
        return self.mode == "substring" or self.params.snippets or self.which.is_heavy

    @property
    def is_long(self) -> bool:
        """Whether to count its words takes long, however few rows it finds."""
        return len(self.question.terms) > limits.SEARCH_TELLING_MAX

    @property
    def embeds_text(self) -> bool:
        """Whether its vector is made of its text."""
        return self.by_meaning and self.params.vector is UNSET

    @property
    def by_words(self) -> bool:
        """Whether words are looked up."""
        return self.mode in ("words", "both")

    @property
    def by_meaning(self) -> bool:
        """Whether vectors are compared."""
        return self.mode in ("meaning", "both")


def understood(params: SearchParams, weights: Weights, *, is_running_text: bool = False) -> Asked:
    """The search that `params` ask for.

    Args:
        params: as they came.
        weights: of the signals, where the search does not say.
        is_running_text: whether their text is such as people say to each other, and never the query language.

    Raises:
        InvalidSearch: there is nothing to search for, or it is not in the query language.
        RequestError: it names what the contract lacks, or means nothing.
    """
    which, rows, around = _reading(encode((params.table, params.where, params.select, params.omit)))
    if params.vector is not UNSET and params.model is UNSET:
        raise InvalidSearch("a vector needs its model beside it", hint="models have nothing in common")
    has_text, has_vector = bool(params.text.strip()), params.vector is not UNSET
    if not has_text and not has_vector:
        raise InvalidSearch("there is nothing to search for", hint="a search has a text, or a vector")
    is_literal = is_running_text or params.mode in ("meaning", "substring")
    question = plain(params.text) if is_literal else _question(params.text)
    mode = params.mode if params.mode is not UNSET else _mode(question, has_text=has_text)
    if not has_text and mode != "meaning":
        raise InvalidSearch(f"to search by {mode} takes a text", hint="a vector alone has a meaning")
    # Who brings a vector and no text asks for what is nearest to it, and nothing else.
    by_default = weights if has_text else Weights()
    return Asked(params, mode, question, which, rows, around, _weights(params.weights, by_default))


class _Place(Struct, frozen=True, array_like=True):
    """Where is searched, and what is answered of it."""

    table: str
    where: tuple[Comparison | Junction, ...]
    select: tuple[str, ...]
    omit: tuple[str, ...]


_place = msgspec.msgpack.Decoder(_Place).decode


@lru_cache(COMPILED_MAX)
def _reading(encoded: bytes) -> tuple[Filter, HitRows, HitRows]:
    """How a place is read: its filter, its hits, and the turns around them."""
    place = _place(encoded)
    which = compile_filter(place.table, place.where)
    return (
        which,
        compile_hits(place.table, place.select, place.omit, which),
        compile_hits(place.table, place.select, place.omit, NO_FILTER),
    )


def _question(text: str) -> Question:
    """What a text asks for by words.

    In running text a quotation mark that nobody closed, or half of a smiley, is a slip. Who begins with a
    quotation mark, or joins words by operators, means the query language.
    """
    try:
        return parse(text)
    except InvalidSearch:
        if text.lstrip().startswith('"') or _OPERATORS.intersection(text.split()):
            raise
        return plain(text)


def _mode(question: Question, *, has_text: bool) -> SearchMode:
    """By both where nobody says; but who says which words must be there, or must not, means these words."""
    if not has_text:
        return "meaning"
    return "both" if question.is_any or question.whole is None else "words"


def _weights(given: SearchWeights, by_default: Weights) -> Weights:
    def weight(asked: object, default: float) -> float:
        return asked if isinstance(asked, float) else default

    return Weights(
        recency=weight(given.recency, by_default.recency),
        importance=weight(given.importance, by_default.importance),
        tier=weight(given.tier, by_default.tier),
        connections=weight(given.connections, by_default.connections),
    )
