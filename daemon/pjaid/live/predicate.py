"""Owns the evaluation of conditions on stored rows, as SQLite evaluates the same conditions (pure)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import eq, ge, gt, itemgetter, le, lt
from typing import Any

import msgspec
from msgspec import UNSET

from pjai_wire.columns import Column
from pjai_wire.query import Comparison, Condition, Junction, Operator
from pjai_wire.tables import Table
from pjaid.store.changed import Row, positions
from pjaid.store.values import compared

Predicate = Callable[[Row], bool]

NOT_EVALUATED: frozenset[Operator] = frozenset({"like"})
"""Operators that are left to SQLite."""

_ORDERED: Mapping[Operator, Callable[[Any, Any], bool]] = {"=": eq, "<": lt, "<=": le, ">": gt, ">=": ge}

_members = msgspec.msgpack.Decoder(list[str]).decode


def predicate(table: Table[Any], where: Sequence[Condition]) -> Predicate:
    """Whether a row of `table` meets all conditions, which were found valid.

    NULL takes part in no comparison but `!=` and `not_in`, so a condition is true or false, never unknown.
    Rows that are deleted meet none, unless a condition names `deletedAt`.
    """
    places = positions(table)
    equal: dict[int, object] = {}
    parts: list[Predicate] = []
    for condition in where:
        match condition:
            case (name, "=", value) if value is not None and places[name] not in equal:
                equal[places[name]] = compared(table.column(name), value)
            case _:
                parts.append(_evaluated(table, condition))
    if table.has("deletedAt") and all(name != "deletedAt" for name, _ in comparisons(where)):
        equal[places["deletedAt"]] = None
    return _all([_equals(equal), *parts] if equal else parts)


def comparisons(where: Sequence[Condition]) -> Iterator[tuple[str, Operator]]:
    """The column and the operator of every comparison in some conditions."""
    for condition in where:
        if not isinstance(condition, Junction):
            yield condition[0], condition[1]
            continue
        if condition.none_of is not UNSET:
            yield from comparisons([condition.none_of])
        for members in (condition.all_of, condition.any_of):
            if members is not UNSET:
                yield from comparisons(members)


def _evaluated(table: Table[Any], condition: Condition) -> Predicate:
    if not isinstance(condition, Junction):
        return _comparison(table.column(condition[0]), positions(table)[condition[0]], condition)
    if condition.none_of is not UNSET:
        negated = _evaluated(table, condition.none_of)
        return lambda row: not negated(row)
    if condition.all_of is not UNSET:
        return _all([_evaluated(table, member) for member in condition.all_of])
    assert condition.any_of is not UNSET
    alternatives = [_evaluated(table, member) for member in condition.any_of]
    return lambda row: any(alternative(row) for alternative in alternatives)


def _equals(equal: Mapping[int, object]) -> Predicate:
    """Whether a row has some values, by their positions; all are compared at once, which is the quickest."""
    values = itemgetter(*equal)
    wanted = tuple(equal.values()) if len(equal) > 1 else next(iter(equal.values()))
    return lambda row: bool(values(row) == wanted)


def _all(parts: Sequence[Predicate]) -> Predicate:
    match parts:
        case []:
            return lambda _: True
        case [only]:
            return only
        case [one, other]:
            return lambda row: one(row) and other(row)
        case [first, *others]:
            rest = _all(others)
            return lambda row: first(row) and rest(row)
    raise AssertionError("a sequence is empty or begins with something")


def _comparison(column: Column, at: int, comparison: Comparison) -> Predicate:
    _, operator, value = comparison
    match operator:
        case "is_null":
            return _is_null(at, answer=value)
        case "contains" if column.kind == "list":
            return lambda row: row[at] is not None and value in _members(row[at])  # type: ignore[arg-type] # a list is stored as bytes
        case "contains":
            return lambda row: row[at] is not None and value in row[at]  # type: ignore[operator] # a text is stored as str
        case "in" | "not_in":
            members = frozenset(compared(column, member) for member in value)
            if operator == "in":
                return lambda row: row[at] in members
            return lambda row: row[at] not in members
        case "=" | "!=" if value is None:
            return _is_null(at, answer=operator == "=")
        case "!=":
            other = compared(column, value)
            return lambda row: row[at] != other
    compare, operand = _ORDERED[operator], compared(column, value)
    if operator == "=" or not column.nullable:
        return lambda row: compare(row[at], operand)
    return lambda row: row[at] is not None and compare(row[at], operand)


def _is_null(at: int, *, answer: bool) -> Predicate:
    return (lambda row: row[at] is None) if answer else (lambda row: row[at] is not None)
