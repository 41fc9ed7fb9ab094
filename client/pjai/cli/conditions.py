"""Owns the reading of filters, orders and aggregates as they are typed: pure, from text to the contract's.

importance>=50    name = Ada    tags contains bread    type in concept,event    deletedAt is not null
"""

from __future__ import annotations

import re
from typing import Any, get_args

import msgspec

from pjai.cli.values import instant, is_instant
from pjai_wire.columns import Column, Ordering
from pjai_wire.errors import InvalidQuery, InvalidValue, UnknownColumn
from pjai_wire.query import Condition, Function, Operator
from pjai_wire.select import Aggregate
from pjai_wire.tables import Table

_COLUMN = r"\s*(?P<column>\w+)\s*"
_COMPARISON = re.compile(_COLUMN + r"(?P<operator><=|>=|!=|=|<|>)(?P<value>.*)", re.DOTALL)
_WORDS = re.compile(
    _COLUMN + r"\s(?P<operator>not[\s_]+in|in|like|contains|is\s+not\s+null|is\s+null)(?:\s+(?P<value>.*))?",
    re.DOTALL | re.IGNORECASE,
)
_AGGREGATE = re.compile(r"\s*(?P<name>\w+)\s*=\s*(?P<function>\w+)\s*:\s*(?P<column>\w+|\*)\s*")
_FUNCTIONS: tuple[Function, ...] = get_args(Function)
_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def column_named(table: Table[Any], name: str) -> Column:
    """The column called `name`, on the wire or in Python.

    Raises:
        UnknownColumn: the table has no such column.
    """
    for column in table.columns:
        if name in (column.name, column.python_name):
            return column
    known = [column.name for column in table.columns]
    raise UnknownColumn.near(f"{table.table_name} has no column {name!r}", name, known)


def columns_named(table: Table[Any], names: str) -> tuple[Column, ...]:
    """The columns of a list with commas.

    Raises:
        UnknownColumn: the table has not all of them.
    """
    return tuple(column_named(table, name.strip()) for name in names.split(",") if name.strip())


def condition(table: Table[Any], text: str) -> Condition:
    """The condition that a text states.

    Raises:
        UnknownColumn: the table has no such column.
        InvalidQuery: it is no condition.
        InvalidValue: its value is not one of the column's.
    """
    stated = _WORDS.fullmatch(text) or _COMPARISON.fullmatch(text)
    if stated is None:
        raise InvalidQuery(
            f"{text!r} is no condition", hint="such as importance>=50 or 'tags contains bread'"
        )
    column = column_named(table, stated["column"])
    operator = "_".join(stated["operator"].lower().split())
    typed = (stated["value"] or "").strip()
    if operator in ("is_null", "is_not_null"):
        if typed:
            raise InvalidQuery(f"{text!r} is no condition", hint="null is the last word")
        return (column.name, "is_null", operator == "is_null")
    known: Operator = operator  # type: ignore[assignment] # both patterns name operators only
    return (column.name, known, _operand(column, known, typed))


def ordering(table: Table[Any], text: str, also: tuple[str, ...] = ()) -> Ordering:
    """The order that `column` or `column:desc` asks for.

    Args:
        table: whose column it is.
        text: the order.
        also: names other than columns that can be ordered by, as of aggregates.

    Raises:
        UnknownColumn: the table has no such column.
        InvalidQuery: the direction is neither asc nor desc.
    """
    name, _, direction = (part.strip() for part in text.partition(":"))
    if direction not in ("", "asc", "desc"):
        raise InvalidQuery(f"{direction!r} is no direction", hint="asc or desc")
    known = name if name in also else column_named(table, name).name
    return Ordering(known, "desc" if direction == "desc" else "asc")


def aggregate(table: Table[Any], text: str) -> tuple[str, Aggregate]:
    """The name and the aggregate that `mean=avg:importance` or `n=count:*` asks for.

    Raises:
        UnknownColumn: the table has no such column.
        InvalidQuery: it is no aggregate.
    """
    stated = _AGGREGATE.fullmatch(text)
    function = next((one for one in _FUNCTIONS if stated and one == stated["function"]), None)
    if stated is None or function is None:
        functions = ", ".join(_FUNCTIONS)
        raise InvalidQuery(
            f"{text!r} is no aggregate", hint=f"such as mean=avg:importance; one of {functions}"
        )
    name = stated["column"]
    return stated["name"], (function, name if name == "*" else column_named(table, name).name)


def _operand(column: Column, operator: Operator, typed: str) -> object:
    match operator:
        case "in" | "not_in":
            return [_value(column, item) for item in _items(typed)]
        case "like" | "contains":
            return _text(typed)
        case _:
            return None if typed == "null" and column.nullable else _value(column, typed)


def _items(typed: str) -> list[str]:
    if typed.startswith("["):
        items = _json(typed)
        return [item if isinstance(item, str) else msgspec.json.encode(item).decode() for item in items]
    return [item.strip() for item in typed.split(",")]


def _value(column: Column, typed: str) -> object:
    """The typed text as a value of the column.

    Raises:
        InvalidValue: it is not one.
    """
    try:
        match column.kind:
            case "integer":
                return instant(typed) if is_instant(column.name) else int(typed)
            case "real":
                return float(typed)
            case "boolean":
                return _TRUTHS[typed.lower()]
            case "text":
                return _text(typed)
            case _:
                return _json(typed)
    except (ValueError, KeyError):
        raise InvalidValue(f"{column.name} is {column.kind}, and {typed!r} is not") from None


def _text(typed: str) -> str:
    """What was typed, or what it quotes: quotes keep spaces, and tell the word "null" from null."""
    is_quoted = len(typed) > 1 and typed[0] == typed[-1] == '"'
    return str(_json(typed)) if is_quoted else typed


def _json(typed: str) -> Any:
    try:
        return msgspec.json.decode(typed)
    except msgspec.DecodeError:
        raise InvalidValue(f"{typed!r} is not JSON") from None
