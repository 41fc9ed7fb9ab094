"""Owns the compilation of conditions into SQL; values are always bound parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET

from pjai_wire import limits
from pjai_wire.columns import Column, Kind
from pjai_wire.errors import InvalidQuery, InvalidValue, LimitExceeded
from pjai_wire.query import Comparison, Condition, Junction
from pjai_wire.tables import Table
from pjaid.store.values import SqlValue, compared

COMPARABLE: frozenset[Kind] = frozenset({"text", "integer", "real", "boolean"})
_ORDERED = ("<", "<=", ">", ">=")


class Conditions:
    """Compiles the conditions of one query, and collects the values to bind.

    Args:
        table: what the query reads.
    """

    def __init__(self, table: Table[Any]) -> None:
        self.bindings: list[SqlValue] = []
        self.is_heavy = False
        """Whether texts of any length are searched: one such row may take long."""
        self._table = table
        self._seen = 0
        self._named: set[str] = set()

    def where(self, conditions: Sequence[Condition]) -> str:
        """The SQL of a WHERE clause, or nothing where every row fits.

        Rows that are deleted, but not yet cleaned up, are left out unless a condition names `deletedAt`.
        """
        parts = self.parts(conditions)
        if self._table.has("deletedAt") and "deletedAt" not in self._named:
            parts.append("deleted_at IS NULL")
        return f" WHERE {' AND '.join(parts)}" if parts else ""

    def parts(self, conditions: Sequence[Condition]) -> list[str]:
        """The SQL of each condition, and of nothing else."""
        return [self._condition(condition, 1) for condition in conditions]

    def _condition(self, condition: Condition, depth: int) -> str:
        self._seen += 1
        if self._seen > limits.QUERY_CONDITIONS_MAX:
            raise LimitExceeded(f"a query has at most {limits.QUERY_CONDITIONS_MAX} conditions")
        if depth > limits.QUERY_DEPTH_MAX:
            raise LimitExceeded(f"conditions nest at most {limits.QUERY_DEPTH_MAX} deep")
        if isinstance(condition, Junction):
            return self._junction(condition, depth)
        return self._comparison(condition)

    def _junction(self, junction: Junction, depth: int) -> str:
        given = [part for part in (junction.all_of, junction.any_of, junction.none_of) if part is not UNSET]
        if len(given) != 1:
            raise InvalidQuery("a junction has exactly one of 'and', 'or' and 'not'")
        if junction.none_of is not UNSET:
            # IS NOT TRUE, not NOT: a comparison with a missing value is simply false, also when negated.
            return f"({self._condition(junction.none_of, depth + 1)}) IS NOT TRUE"
        all_of = junction.all_of is not UNSET
        members = junction.all_of if junction.all_of is not UNSET else junction.any_of
        assert members is not UNSET
        parts = [self._condition(member, depth + 1) for member in members]
        if not parts:
            return "TRUE" if all_of else "FALSE"
        return f"({(' AND ' if all_of else ' OR ').join(parts)})"

    def _comparison(self, comparison: Comparison) -> str:
        name, operator, value = comparison
        column = self._table.column(name)
        self._named.add(name)
        if column.kind == "gathered":
            raise InvalidQuery(f"{name} are rows of another table", hint=f"ask the table {name}")
        sql = f'"{column.python_name}"'
        match operator:
            case "is_null":
                if not isinstance(value, bool):
                    raise InvalidValue("is_null takes true or false")
                return f"{sql} IS NULL" if value else f"{sql} IS NOT NULL"
            case "contains":
                return self._contains(column, sql, value)
            case "like":
                return self._like(column, sql, value)
        if column.kind not in COMPARABLE:
            raise InvalidQuery(f"{name} is a {column.kind}, which knows is_null{_and_contains(column)} only")
        if operator in ("in", "not_in"):
            return self._membership(column, sql, value, within=operator == "in")
        if value is None:
            if operator in _ORDERED:
                raise InvalidValue(f"{name} {operator} null means nothing", hint="use is_null")
            return f"{sql} IS NULL" if operator == "=" else f"{sql} IS NOT NULL"
        self.bindings.append(compared(column, value))
        if operator == "!=" and column.nullable:
            return f"{sql} IS NOT ?"
        return f"{sql} {operator} ?"

    def _membership(self, column: Column, sql: str, values: Any, *, within: bool) -> str:
        if not isinstance(values, list | tuple):
            raise InvalidValue(f"{column.name}: in and not_in take a list")
        if len(values) > limits.QUERY_LIST_MAX:
            raise LimitExceeded(f"a list in a query has at most {limits.QUERY_LIST_MAX} members")
        self.bindings.extend(compared(column, value) for value in values)
        if len(self.bindings) > limits.QUERY_VALUES_MAX:
            raise LimitExceeded(f"a query has at most {limits.QUERY_VALUES_MAX} values")
        places = ", ".join("?" * len(values))
        if within:
            return f"{sql} IN ({places})"
        return f"({sql} NOT IN ({places}) OR {sql} IS NULL)"

    def _contains(self, column: Column, sql: str, part: Any) -> str:
        if column.kind not in ("text", "list"):
            raise InvalidQuery(f"contains is for texts and lists, and {column.name} is a {column.kind}")
        if not isinstance(part, str):
            raise InvalidValue(f"{column.name} contains a text")
        self._require_short(part)
        self.is_heavy = self.is_heavy or column.is_bulky
        self.bindings.append(part)
        return f"instr({sql}, ?) > 0" if column.kind == "text" else f"list_contains({sql}, ?)"

    def _like(self, column: Column, sql: str, pattern: Any) -> str:
        if column.kind != "text":
            raise InvalidQuery(f"like is for texts, and {column.name} is a {column.kind}")
        if not isinstance(pattern, str):
            raise InvalidValue(f"{column.name} is like a text")
        self._require_short(pattern)
        if "\0" in pattern:
            raise InvalidValue("a pattern has no NUL character", hint="use contains")
        self.is_heavy = self.is_heavy or column.is_bulky
        self.bindings.append(pattern)
        return f"{sql} LIKE ?"

    def _require_short(self, sought: str) -> None:
        if len(sought) > limits.NAME_CHARACTERS_MAX:
            raise LimitExceeded(f"what is searched for has at most {limits.NAME_CHARACTERS_MAX} characters")


def _and_contains(column: Column) -> str:
    return " and contains" if column.kind == "list" else ""
