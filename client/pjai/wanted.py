"""Owns what can be watched: how the daemon is asked for it, and how the rows of its answers are read."""

from __future__ import annotations

from typing import Any, Final, Generic, Protocol, TypeVar

from msgspec import Raw

from pjai.exchange import encoded
from pjai.hits import Hit, hit_reader
from pjai.rows import RowReader, reader
from pjai_wire.methods import (
    WATCH,
    WATCH_SEARCH,
    Method,
    Params,
    SearchParams,
    WatchParams,
    WatchSearchParams,
)
from pjai_wire.select import Select

T = TypeVar("T")


class Wanted(Protocol[T]):
    """What somebody wants to watch."""

    @property
    def select(self) -> Select[Any]:
        """The query whose rows it is about."""
        ...

    @property
    def key(self) -> bytes:
        """The same for what is equal, and for nothing else."""
        ...

    def asked(self, label: str) -> tuple[Method[Any, Any], Params]:
        """The method that opens it, and its params."""
        ...

    def reader(self, columns: Raw) -> RowReader[T]:
        """What decodes its rows.

        Raises:
            InvalidQuery: a record cannot be without a column that is not among `columns`.
        """
        ...


class WantedQuery(Generic[T]):
    """The result of a query.

    Args:
        select: the query.

    Raises:
        InvalidValue: it holds what MessagePack cannot.
    """

    def __init__(self, select: Select[T]) -> None:
        self.select: Final = select
        self.key: Final = encoded(select.query)

    def asked(self, label: str) -> tuple[Method[Any, Any], Params]:
        """As `Wanted.asked`."""
        return WATCH, WatchParams(query=self.select.query, label=label)

    def reader(self, columns: Raw) -> RowReader[T]:
        """As `Wanted.reader`."""
        return reader(self.select, columns)


class WantedSearch(Generic[T]):
    """The hits of a search.

    Args:
        select: the query whose rows are searched.
        params: the search.

    Raises:
        InvalidValue: it holds what MessagePack cannot.
    """

    def __init__(self, select: Select[T], params: SearchParams) -> None:
        self.select: Final = select
        self._params: Final = params
        self.key: Final = encoded((WATCH_SEARCH.name, params))

    def asked(self, label: str) -> tuple[Method[Any, Any], Params]:
        """As `Wanted.asked`."""
        return WATCH_SEARCH, WatchSearchParams(search=self._params, label=label)

    def reader(self, columns: Raw) -> RowReader[Hit[T]]:
        """As `Wanted.reader`."""
        return hit_reader(self.select, columns)
