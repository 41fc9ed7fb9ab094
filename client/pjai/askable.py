"""Owns what can be asked for: a query, or a table, which stands for the query for its rows."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, Protocol, TypeVar

import msgspec
from msgspec import NODEFAULT

from pjai_wire.errors import InvalidQuery
from pjai_wire.query import Condition
from pjai_wire.select import Select
from pjai_wire.tables import Table

T = TypeVar("T")


class Askable(Protocol[T]):
    """A `Select` or a `Table`."""

    def where(self, *conditions: Condition, **equal: object) -> Select[T]:
        """The query, with more conditions."""
        ...


def query_of(asked: Askable[T]) -> Select[T]:
    """The query that `asked` is or stands for.

    Raises:
        InvalidQuery: it is neither query nor table, or a record cannot be without a column that it omits.
    """
    if not isinstance(asked, Select | Table):
        raise InvalidQuery(
            f"{type(asked).__name__} is no query", hint="such as pjai.memories.where(memory_tier='hot')"
        )
    select = asked.where()
    query = select.query
    if query.omit and not (query.select or query.group_by or query.aggregates):
        check_omitted(select.table, query.omit)
    return select


def check_omitted(table: Table[Any], names: Iterable[str]) -> None:
    """Checks that the records of a table can be without some columns.

    Args:
        table: the table.
        names: the columns, as they are called on the wire.

    Raises:
        InvalidQuery: they cannot.
    """
    optional = _optional(table)
    needed = [one for one in names if table.has(one) and one not in optional]
    if needed:
        which = " and ".join(optional.values()) or "no column"
        raise InvalidQuery(
            f"{table.record.__name__} cannot be without {', '.join(map(repr, needed))}",
            hint=f"of {table.table_name} {which} may be omitted; select() names columns, and answers dicts",
        )


@cache
def _optional(table: Table[Any]) -> dict[str, str]:
    """The fields that a record can be without: their names on the wire, and in Python."""
    return {
        field.encode_name: field.name
        for field in msgspec.structs.fields(table.record)
        if field.default is not NODEFAULT
    }
