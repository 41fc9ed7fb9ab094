"""Owns the query's syntax tree as it travels: what to read, never how."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from pjai_wire import limits

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "in", "not_in", "like", "contains", "is_null"]
"""`like` knows `%` and `_` and ignores the case of ASCII letters. `contains` finds a part of a text,
its case regarded, or a member of a list. `is_null` takes true or false. `=` and `!=` with null mean what
`is_null` means, and a null is never equal to, and always different from, a value."""

Direction = Literal["asc", "desc"]
Function = Literal["count", "sum", "avg", "min", "max"]

Identifier = Annotated[str, Meta(max_length=limits.IDENTIFIER_CHARACTERS_MAX)]
"""A name of the contract's."""

Comparison = tuple[Identifier, Operator, Any]
"""A column, an operator and a value: `["importance", ">=", 50]`."""


class Junction(
    Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    rename={"all_of": "and", "any_of": "or", "none_of": "not"},
):
    """Conditions joined: exactly one of `and`, `or` and `not`."""

    all_of: tuple[Comparison | Junction, ...] | UnsetType = UNSET
    any_of: tuple[Comparison | Junction, ...] | UnsetType = UNSET
    none_of: Comparison | Junction | UnsetType = UNSET

    def __bool__(self) -> bool:
        raise TypeError("a condition is neither true nor false: join conditions with both() or either()")


Condition = Comparison | Junction


class Query(
    Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True
):
    """What to read from one table.

    Rows come in the order of `orderBy`, ties broken by id, so that the order is always total. NULLs come
    first in ascending order. A row with `deletedAt` is left out unless a condition names that column.
    """

    table: Identifier
    where: tuple[Comparison | Junction, ...] = ()
    """Conditions that must all hold."""
    order_by: Annotated[tuple[tuple[Identifier, Direction], ...], Meta(max_length=8)] = ()
    limit: Annotated[int, Meta(ge=0, le=limits.QUERY_ROWS_MAX)] = limits.QUERY_ROWS_DEFAULT
    offset: Annotated[int, Meta(ge=0, le=limits.QUERY_OFFSET_MAX)] = 0
    after: tuple[Any, ...] | None = None
    """Keyset cursor: the values of the `orderBy` columns and then the id of the last row seen."""
    select: Annotated[tuple[Identifier, ...], Meta(max_length=limits.QUERY_COLUMNS_MAX)] = ()
    """Columns to answer; empty means all but those answered on request only."""
    omit: Annotated[tuple[Identifier, ...], Meta(max_length=limits.QUERY_COLUMNS_MAX)] = ()
    """Columns to leave out of all."""
    group_by: Annotated[tuple[Identifier, ...], Meta(max_length=8)] = ()
    aggregates: Annotated[dict[Identifier, tuple[Function, Identifier]], Meta(max_length=16)] = field(
        default_factory=dict
    )
    """Name in the answer -> function and column: `{"mean": ["avg", "importance"], "n": ["count", "*"]}`."""
