"""Owns rows: from arrays in the order of the answer's columns to what a query asks for, records or dicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from types import GenericAlias
from typing import Any, Generic, TypeVar, cast

import msgspec
from msgspec import NODEFAULT, Raw

from pjai.exchange import decoded, misfit
from pjai_wire.errors import InvalidQuery
from pjai_wire.methods import MeaningState, Result
from pjai_wire.records import Record
from pjai_wire.select import Select
from pjai_wire.tables import Table

T = TypeVar("T")

Fit = Callable[[list[Any]], T]
"""Makes a row of its values."""

READERS_MAX = 256
"""Column lists whose readers are kept."""


class RowsAnswer(Result, frozen=True, kw_only=True):
    """A `RowsResult` whose rows are still encoded."""

    seq: int
    columns: Raw
    rows: Raw


class RowAnswer(Result, frozen=True, kw_only=True):
    """A `GetResult` whose row is still encoded."""

    seq: int
    columns: Raw
    row: Raw


class WatchAnswer(Result, frozen=True, kw_only=True):
    """A `WatchResult` or `WatchSearchResult` whose rows are still encoded."""

    topic: str
    pulse: str
    seq: int
    columns: Raw
    rows: Raw
    meaning: MeaningState | None = None
    """None of a query, and of a result that was asked for anew."""
    why: str = ""


class RowReader(Generic[T]):
    """Decodes rows that all have the same columns.

    Args:
        kind: what MessagePack is decoded to.
        fit: makes the row of that, unless it is the row already.
    """

    def __init__(self, kind: object, fit: Callable[[Any], T] | None = None) -> None:
        self._row = cast("type[Any]", kind)
        self._rows = cast("type[list[Any]]", GenericAlias(list, (kind,)))
        self._fit = fit

    def one(self, row: Raw) -> T:
        """The row that `row` encodes.

        Raises:
            InternalError: it does not fit the contract.
        """
        value = decoded(self._row, row)
        return cast("T", value) if self._fit is None else self._fit(value)

    def many(self, rows: Raw) -> list[T]:
        """The rows that the array `rows` encodes.

        Raises:
            InternalError: one does not fit the contract.
        """
        values = decoded(self._rows, rows)
        return values if self._fit is None else [self._fit(value) for value in values]


def reader(select: Select[T], columns: Raw) -> RowReader[T]:
    """What decodes the rows that answer `select`.

    Args:
        select: the query.
        columns: the answered columns, encoded.

    Raises:
        InvalidQuery: a record cannot be without a column that the answer lacks.
    """
    query = select.query
    is_partial = bool(query.select or query.group_by or query.aggregates)
    return cast("RowReader[T]", _reader(select.table, is_partial, bytes(columns)))


def fitting(table: Table[Any], is_partial: bool, names: Sequence[str]) -> Fit[Any]:
    """What makes a row of values in the order of columns.

    Args:
        table: of which table.
        is_partial: whether rows are dicts of some columns, or else records.
        names: the columns.

    Raises:
        InvalidQuery: a record cannot be without a column that is not there.
    """
    return _dict_of(table, names) if is_partial else _record_of(table.record, names)


@lru_cache(READERS_MAX)
def _reader(table: Table[Any], is_partial: bool, columns: bytes) -> RowReader[Any]:
    names = msgspec.msgpack.decode(columns, type=tuple[str, ...])
    if is_partial:
        return RowReader(list[Any], _dict_of(table, names))
    if names == tuple(column.name for column in table.default_columns):
        return RowReader(table.record)
    return RowReader(list[Any], _record_of(table.record, names))


def _dict_of(table: Table[Any], names: Sequence[str]) -> Callable[[list[Any]], dict[str, Any]]:
    keys = [table.column(name).python_name if table.has(name) else name for name in names]
    return lambda values: dict(zip(keys, values, strict=True))


def _record_of(record: type[Record], names: Sequence[str]) -> Callable[[list[Any]], Record]:
    """Maps columns by name: a daemon of another version, or `omit`, answers others than the record has."""
    places: list[int | None] = []
    defaults: list[Any] = []
    for field in msgspec.structs.fields(record):
        places.append(names.index(field.encode_name) if field.encode_name in names else None)
        defaults.append(field.default)
        if places[-1] is None and field.default is NODEFAULT:
            raise InvalidQuery(
                f"the answer lacks {field.encode_name!r}, and {record.__name__} cannot be without it",
                hint="name the columns with select(), which answers dicts",
            )

    def fit(values: list[Any]) -> Record:
        row = [
            default if place is None else values[place]
            for place, default in zip(places, defaults, strict=True)
        ]
        try:
            return msgspec.convert(row, record)
        except msgspec.ValidationError as problem:
            raise misfit(problem) from None

    return fit
