"""Owns the options that choose rows: the same for every command that queries or watches a table."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from pjai.cli.conditions import aggregate, columns_named, condition, ordering
from pjai.cli.invocation import Body, Invocation
from pjai.cli.rows import by_wire_name, columns_for_people
from pjai.cli.tables import Row
from pjai_wire import limits
from pjai_wire.columns import Column
from pjai_wire.errors import InvalidQuery
from pjai_wire.query import Condition, Query
from pjai_wire.select import Select
from pjai_wire.tables import Table, table_named

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


@dataclass(frozen=True)
class Selection:
    """Which rows, and what of them."""

    select: Select[dict[str, Any]]
    columns: tuple[Column, ...]
    """Those of the table that are shown; none where rows are grouped."""
    groups: tuple[str, ...] = ()
    """The names of what is shown of each group."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of what is shown."""
        return self.groups or tuple(column.name for column in self.columns)

    def named(self, row: Row) -> dict[str, Any]:
        """A row of the answer, under these names."""
        if self.groups:
            return dict(zip(self.groups, row.values(), strict=True))
        return by_wire_name(self.columns, row)


def table_argument(function: FunctionT) -> FunctionT:
    """The argument TABLE."""
    return click.argument("table", metavar="TABLE")(function)


def where_option(last_example: str) -> Callable[[FunctionT], FunctionT]:
    """The option --where, of which all must hold.

    Args:
        last_example: a condition that some of the command's rows meet, and others do not.
    """
    return click.option(
        "--where",
        multiple=True,
        metavar="CONDITION",
        help="Only rows such as importance>=50, 'tags contains bread', 'type in concept,event', "
        f"'{last_example}'; may be repeated.",
    )


def selecting(body: Body) -> Body:
    """Gives a command that asks once the options that choose rows, and what they choose."""
    help_text = f"Past {limits.QUERY_ROWS_MAX:,} they are read page by page."
    return _selecting(body, click.IntRange(min=0), help_text)


def selecting_live(body: Body) -> Body:
    """Gives a command that watches the options that choose rows, and what they choose."""
    help_text = f"At most {limits.QUERY_ROWS_MAX:,}: each result comes whole."
    return _selecting(body, click.IntRange(0, limits.QUERY_ROWS_MAX), help_text)


def _selecting(body: Body, rows: click.IntRange, rows_help: str) -> Body:
    @table_argument
    @where_option("deletedAt is not null")
    @click.option("--order-by", multiple=True, metavar="COLUMN[:desc]", help="May be repeated.")
    @click.option(
        "--limit",
        type=rows,
        default=limits.QUERY_ROWS_DEFAULT,
        show_default=True,
        metavar="ROWS",
        help=rows_help,
    )
    @click.option(
        "--offset", type=click.IntRange(min=0), default=0, metavar="ROWS", help="Leave out the first."
    )
    @click.option("--select", "columns", metavar="COLUMNS", help="Only these, with commas between them.")
    @click.option("--omit", metavar="COLUMNS", help="All but these.")
    @click.option("--group-by", metavar="COLUMNS", help="One row for each of their values.")
    @click.option(
        "--aggregate",
        "aggregates",
        multiple=True,
        metavar="NAME=FUNCTION:COLUMN",
        help="Such as n=count:* or mean=avg:importance; may be repeated.",
    )
    @functools.wraps(body)
    async def run(
        invocation: Invocation,
        *,
        table: str,
        where: tuple[str, ...],
        order_by: tuple[str, ...],
        limit: int,
        offset: int,
        columns: str | None,
        omit: str | None,
        group_by: str | None,
        aggregates: tuple[str, ...],
        **options: object,
    ) -> None:
        asked = table_named(table)
        _require_one_way(columns, omit, group_by or aggregates)
        if group_by or aggregates:
            if limit > limits.QUERY_ROWS_MAX:
                hint = f"a limit of at most {limits.QUERY_ROWS_MAX:,}"
                raise InvalidQuery("groups come in one answer", hint=hint)
            selection = _grouped(asked, group_by or "", aggregates)
        else:
            is_brief = not invocation.output.as_json
            selection = _chosen(asked, columns or "", omit or "", is_brief=is_brief)
        orders = [ordering(asked, text, selection.groups) for text in order_by]
        select = selection.select.where(*conditions(asked, where)).order_by(*orders)
        bounded = select.limit(limit).offset(offset)
        await body(invocation, Selection(bounded, selection.columns, selection.groups), **options)

    return run


def conditions(table: Table[Any], texts: tuple[str, ...]) -> list[Condition]:
    """What all the --where options state.

    Raises:
        RequestError: one cannot be understood.
    """
    return [condition(table, text) for text in texts]


def _require_one_way(*ways: object) -> None:
    """Raises UsageError where columns are chosen in more than one way."""
    if sum(map(bool, ways)) > 1:
        raise click.UsageError("choose columns by --select, by --omit, or by --group-by and --aggregate")


def _grouped(table: Table[Any], columns: str, aggregates: tuple[str, ...]) -> Selection:
    groups = columns_named(table, columns)
    made = dict(aggregate(table, text) for text in aggregates)
    names = (*(column.name for column in groups), *made)
    grouped = Query(table=table.table_name, group_by=names[: len(groups)], aggregates=made)
    return Selection(Select(table, grouped), (), names)


def _chosen(table: Table[Any], columns: str, omit: str, *, is_brief: bool) -> Selection:
    left_out = {column.name for column in columns_named(table, omit)}
    shown = columns_named(table, columns) or tuple(
        column
        for column in (columns_for_people(table) if is_brief and not omit else table.default_columns)
        if column.name not in left_out
    )
    return Selection(table.select(*shown), shown)
