"""Owns what a search found, as a program reads it: hits, each with its row and with why it is one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from types import GenericAlias
from typing import Any, Generic, TypeVar, cast

import msgspec
from msgspec import Raw, Struct

from pjai.rows import READERS_MAX, Fit, RowReader, fitting
from pjai_wire.methods import HIT_COLUMNS, MeaningState, Result, SearchMode
from pjai_wire.select import Select
from pjai_wire.tables import Table

T = TypeVar("T")


class SearchAnswer(Result, frozen=True, kw_only=True):
    """A `SearchResult` whose rows are still encoded."""

    seq: int
    columns: Raw
    rows: Raw
    mode: SearchMode
    meaning: MeaningState
    why: str = ""
    model: str | None = None


class Snippet(tuple[str, ...]):
    """A part of a text that shows what matched: its first piece did not, the second did, and so on."""

    __slots__ = ()

    def __str__(self) -> str:
        return "".join(self)

    def marked(self, before: str, after: str) -> str:
        """The text with something before and after each match, such as `<b>` and `</b>`."""
        return "".join(f"{before}{piece}{after}" if at % 2 else piece for at, piece in enumerate(self))


class Hit(Struct, Generic[T], frozen=True, kw_only=True):
    """A row that was found."""

    row: T
    score: float
    """By which hits are ordered, the greatest first."""
    words: float | None
    """How well the words fit, as a share of the best that there is; None where they do not."""
    meaning: float | None
    """The cosine of the vectors; None where none was compared."""
    signals: dict[str, float]
    """What recency, importance, tier and connections added to the score."""
    linked_from: str | None
    """The id of the hit by whose link the row came; None where it was found itself."""
    snippet: Snippet | None
    """None where not asked for; where nothing in the texts matches, the beginning of one."""
    before: T | None
    """The turn before in its conversation, where asked for."""
    after: T | None
    """The turn after."""


class Hits(list[Hit[T]]):
    """Hits, the best first, and how they were found."""

    def __init__(self, hits: Iterable[Hit[T]], answer: SearchAnswer) -> None:
        super().__init__(hits)
        self.seq = answer.seq
        """The state that the rows show."""
        self.mode = answer.mode
        """How was searched: `words` where `both` was to be had and meaning was not."""
        self.meaning = answer.meaning
        """Whether vectors had a part in it: `used`, `not_asked` or `unavailable`."""
        self.why = answer.why
        """Why meaning was not to be had."""
        self.model = answer.model
        """Whose vectors were compared."""


def hits_in(select: Select[T], answer: SearchAnswer) -> Hits[T]:
    """What the daemon answered to a search.

    Raises:
        InvalidQuery: a record cannot be without a column that the answer lacks.
        InternalError: a row does not fit the contract.
    """
    return Hits(hit_reader(select, answer.columns).many(answer.rows), answer)


def hit_reader(select: Select[T], columns: Raw) -> RowReader[Hit[T]]:
    """What decodes the rows that answer a search.

    Args:
        select: the query whose rows are searched.
        columns: the answered columns, encoded.

    Raises:
        InvalidQuery: a record cannot be without a column that the answer lacks.
    """
    return cast("RowReader[Hit[T]]", _reader(select.table, bool(select.query.select), bytes(columns)))


@lru_cache(READERS_MAX)
def _reader(table: Table[Any], is_partial: bool, columns: bytes) -> RowReader[Hit[Any]]:
    names = msgspec.msgpack.decode(columns, type=tuple[str, ...])
    in_full = tuple(column.name for column in table.default_columns)
    if not is_partial and names == (*in_full, *HIT_COLUMNS):
        fields = msgspec.structs.fields(table.record)[: len(in_full)]
        turn = table.record | None
        row = GenericAlias(tuple, (*(field.type for field in fields), *_TYPES, turn, turn))
        return RowReader(row, partial(_typed, table.record, [field.name for field in fields]))
    width = names.index(HIT_COLUMNS[0])
    places = [names.index(name) for name in HIT_COLUMNS]
    return RowReader(list[Any], partial(_fitted, fitting(table, is_partial, names[:width]), width, places))


_TYPES = (float, float | None, float | None, dict[str, float], str | None, tuple[str, ...] | None)
"""Of `HIT_COLUMNS`, without the turns around."""


def _typed(record: Callable[..., Any], fields: Sequence[str], values: Sequence[Any]) -> Hit[Any]:
    """A hit of values that are of their types already: of all columns, in the order of this contract."""
    width = len(fields)
    return _hit(record(**dict(zip(fields, values[:width], strict=True))), *values[width:])


def _fitted(fit: Fit[Any], width: int, places: Sequence[int], values: list[Any]) -> Hit[Any]:
    """A hit of values that are found by the names of their columns."""
    *parts, before, after = (values[at] for at in places)
    turns = (None if turn is None else fit(turn) for turn in (before, after))
    return _hit(fit(values[:width]), *parts, *turns)


def _hit(
    row: T,
    score: float,
    words: float | None,
    meaning: float | None,
    signals: dict[str, float],
    linked_from: str | None,
    snippet: Sequence[str] | None,
    before: T | None,
    after: T | None,
) -> Hit[T]:
    return Hit(
        row=row,
        score=score,
        words=words,
        meaning=meaning,
        signals=signals,
        linked_from=linked_from,
        snippet=None if snippet is None else Snippet(snippet),
        before=before,
        after=after,
    )
