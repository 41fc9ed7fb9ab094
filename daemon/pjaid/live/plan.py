"""Owns the plan of a live query: whether it is kept from changed rows or run anew, and why (pure)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, Final, Literal, TypeVar

from msgspec import UNSET, Struct
from msgspec.structs import replace

from pjai_wire.codec import encode
from pjai_wire.query import Comparison, Condition, Junction, Query
from pjai_wire.tables import Table
from pjaid.live.footprint import Footprint, footprint
from pjaid.live.predicate import NOT_EVALUATED, comparisons
from pjaid.store.changed import positions
from pjaid.store.statements import Statement, compile_query

T = TypeVar("T")

Mode = Literal["incremental", "rerun"]

WINDOW_ROWS_MAX: Final = 20_000
"""Rows from a result's first to the last that is asked for; with more, keeping them costs more than a run."""


class Plan(Struct, frozen=True):
    """How a live query is kept."""

    query: Query
    """In the form that all queries of the same meaning share."""
    statement: Statement
    mode: Mode
    why: str
    footprint: Footprint

    @property
    def identity(self) -> Hashable:
        """Equal for queries that always have the same result, its columns of the same names."""
        return (self.statement.sql, self.statement.columns, tuple(self.statement.bindings))

    @property
    def table(self) -> Table[Any]:
        """What it reads."""
        return self.statement.table

    @property
    def columns(self) -> tuple[str, ...]:
        """What stands where in a row of its result."""
        return self.statement.columns

    @property
    def shape(self) -> str:
        """What it has in common with others of its kind, without its values."""
        return self.statement.sql

    @property
    def found_by(self) -> tuple[str, ...]:
        """By which columns a changed row finds the query, such as `personaId =` and `importance >=`."""
        names = list(positions(self.statement.table))
        parts: dict[str, None] = {}
        for one in self.footprint.rows[0][1]:
            parts |= dict.fromkeys(f"{names[position]} =" for position in one.equal)
            for position, interval in one.between.items():
                ends = (interval.low is None, interval.high is None)
                operator = {(False, True): ">=", (True, False): "<="}.get(ends, "between")
                parts[f"{names[position]} {operator}"] = None
        return tuple(parts)


def plan(query: Query) -> Plan:
    """The plan for a query.

    Raises:
        RequestError: it names what the contract lacks, or means nothing.
    """
    statement = compile_query(query)  # which finds errors, in the order in which the client wrote
    normal = replace(query, where=normal_conditions(query.where))
    statement = compile_query(normal)
    obstacle = _obstacle(normal, statement)
    return Plan(
        query=normal,
        statement=statement,
        mode="rerun" if obstacle else "incremental",
        why=obstacle or _kept_how(normal),
        footprint=footprint(normal, statement),
    )


def rerun(plan: Plan, why: str) -> Plan:
    """The same query, to be run anew after all."""
    return replace(plan, mode="rerun", why=why)


def normal_conditions(where: Sequence[Condition]) -> tuple[Condition, ...]:
    """The conditions, each once, in a form and an order that do not depend on how they were written."""
    return tuple(_each_once(map(_normal_condition, where)))


def _normal_condition(condition: Condition) -> Condition:
    if not isinstance(condition, Junction):
        return _normal_comparison(condition)
    if condition.all_of is not UNSET:
        return replace(condition, all_of=normal_conditions(condition.all_of))
    if condition.any_of is not UNSET:
        return replace(condition, any_of=normal_conditions(condition.any_of))
    assert condition.none_of is not UNSET
    return replace(condition, none_of=_normal_condition(condition.none_of))


def _normal_comparison(comparison: Comparison) -> Comparison:
    name, operator, value = comparison
    if operator not in ("in", "not_in"):
        return comparison
    members = _each_once(value)
    return (name, "=", members[0]) if operator == "in" and len(members) == 1 else (name, operator, members)


def _each_once(some: Iterable[T]) -> list[T]:
    by_encoding = {encode(one): one for one in some}
    return [by_encoding[encoding] for encoding in sorted(by_encoding)]


def _kept_how(query: Query) -> str:
    if query.aggregates or query.group_by:
        return "every group is known; a changed row changes its group"
    return "the rows are kept in order, with some beyond the limit"


def _obstacle(query: Query, statement: Statement) -> str:
    """Why the result can't be kept from changed rows alone; nothing where it can."""
    table = statement.table
    if statement.gathers:
        return f"its {statement.columns[-1]} are gathered from another table"
    left_to_sqlite = sorted({operator for _, operator in comparisons(query.where)} & NOT_EVALUATED)
    if left_to_sqlite:
        return f"only SQLite matches {' and '.join(left_to_sqlite)}"
    if query.offset + query.limit > WINDOW_ROWS_MAX:
        return f"it reaches beyond row {WINDOW_ROWS_MAX}"
    for function, argument in query.aggregates.values():
        if function in ("sum", "avg") and table.column(argument).kind == "real":
            return f"the {function} of {argument} depends on the order of its additions"
    return ""
