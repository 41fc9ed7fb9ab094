"""Owns what a column stores for a value of the contract, and what a query compares it with."""

from __future__ import annotations

from typing import Any

from pjai_wire import limits
from pjai_wire.codec import encode
from pjai_wire.columns import Column, Kind
from pjai_wire.errors import InvalidValue

SqlValue = None | int | float | str | bytes

ENCODED: frozenset[Kind] = frozenset({"list", "document"})

PACKED = {"memories": "content"}
"""By table the column whose values may be stored packed (`store.packing`)."""


def to_sql(column: Column, value: Any) -> SqlValue:
    """The value that `column` stores for one that is already of its type.

    Lists and documents are stored as the MessagePack in which they travel, so that reading is a copy.
    """
    if value is None and column.nullable:
        return None
    if column.kind in ENCODED:
        return encode(value)
    return int(value) if column.kind == "boolean" else value


def compared(column: Column, value: Any) -> SqlValue:
    """The value that a query compares `column` with.

    Raises:
        InvalidValue: it is not of the column's type.
    """
    match column.kind, value:
        case "boolean", bool():
            return int(value)
        case "integer" | "real", bool():
            pass
        case "integer", float() if value.is_integer():
            return compared(column, int(value))
        case "integer", int() if abs(value) <= limits.INTEGER_MAX:
            return value
        case "real", int() | float() if value == value:  # NaN differs from itself
            return float(value)
        case "text", str() if column.choices and value not in column.choices:
            raise InvalidValue(
                f"{column.name} is never that", hint=f"one of: {', '.join(map(str, column.choices))}"
            )
        case "text", str():
            return value
    raise InvalidValue(
        f"{column.name} is compared with a value of another type", hint=f"{column.name} is {column.kind}"
    )
