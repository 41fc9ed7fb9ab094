"""Owns how many rows a read looked at, which is more than it answered where no index leads to them."""

from __future__ import annotations

import re
from typing import Any

import apsw

from pjai_wire.query import Comparison
from pjaid.store.conditions import Conditions
from pjaid.store.explain import Explained
from pjaid.store.statements import Statement
from pjaid.store.wanted import ABOVE, BELOW, EQUAL, required

STEPS_PER_ROW_MIN = 3
"""Of SQLite's virtual machine: to go to a row, to look at it, to go on."""

STEPS = "SQLITE_STMTSTATUS_VM_STEP"
_STEPS_OF_SCANS = "SQLITE_STMTSTATUS_FULLSCAN_STEP"

_SEARCH = re.compile(r"SEARCH \w+ USING (?:COVERING )?INDEX \w+ \((.+)\)")
_TERM = re.compile(r"(\w+)([=<>])\?")


def rows_scanned(
    connection: apsw.Connection, statement: Statement, plan: Explained, status: dict[str, int]
) -> int:
    """How many rows a run of `statement` looked at; at most so many.

    SQLite counts them only where it reads a whole table. Where it searches an index, they are counted here:
    the rows that fit what it searches for, without the conditions that it then checks on each. A read that a
    limit ended early looked at fewer, so the steps that it took bound the count, and what it costs.

    Args:
        connection: where it ran; in no transaction.
        statement: what ran.
        plan: how.
        status: its counters, as SQLite has them.
    """
    most = status.get(STEPS, 0) // STEPS_PER_ROW_MIN
    if scans := status.get(_STEPS_OF_SCANS, 0):
        return min(scans + 1, most)
    conditions = _searched(statement, plan)
    if conditions is None:
        return most
    compiled = Conditions(statement.table)
    where = " AND ".join(compiled.parts(conditions))
    sql = f"SELECT count(*) FROM (SELECT 1 FROM {statement.table.table_name} WHERE {where} LIMIT {most})"
    found: int = connection.execute(sql, compiled.bindings).get
    return found


def _searched(statement: Statement, plan: Explained) -> list[Comparison] | None:
    """The comparisons by which the index is searched; None where it is not one search by the query's own."""
    searches = [step for step in plan.plan if step.lstrip().startswith("SEARCH")]
    found = _SEARCH.search(searches[0]) if len(searches) == 1 else None
    if found is None or statement.query is None or "ANY(" in found[1]:
        return None
    terms = set(_TERM.findall(found[1]))
    known = [*required(statement.query.where)]
    if ("deleted_at", "=") in terms and not any(name == "deletedAt" for name, _, _ in known):
        known.append(("deletedAt", "is_null", True))
    conditions = [one for one in known if _term(statement, one) in terms]
    return conditions if {_term(statement, one) for one in conditions} == terms else None


def _term(statement: Statement, comparison: Comparison) -> tuple[str, str] | None:
    """A comparison as a plan shows it."""
    name, operator, value = comparison
    column: Any = statement.table.column(name)
    for sign, operators in (("=", EQUAL), ("<", BELOW), (">", ABOVE)):
        if operator in operators:
            return (column.python_name, sign)
    return (column.python_name, "=") if operator == "is_null" and value is True else None
