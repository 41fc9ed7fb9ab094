"""Owns `pjai query`, `pjai count` and `pjai get`: rows as they are now."""

from __future__ import annotations

import click

from pjai.cli.invocation import Invocation, invoked
from pjai.cli.rows import by_wire_name, read
from pjai.cli.selection import Selection, conditions, selecting, table_argument, where_option
from pjai_wire.errors import NotFound
from pjai_wire.tables import table_named


@click.command()
@invoked
@selecting
async def query(invocation: Invocation, selection: Selection) -> None:
    """The rows of a table that meet all conditions."""
    async with invocation.connect() as db:
        rows = [selection.named(row) for row in await read(db, selection.select)]
    if invocation.output.as_json:
        invocation.output.document(rows)
        return
    invocation.output.rows(selection.names, rows)
    if len(rows) == selection.select.query.limit:
        invocation.output.note(f"the first {len(rows)} rows; more with --limit")


@click.command()
@invoked
@table_argument
@where_option("deletedAt is not null")
async def count(invocation: Invocation, table: str, where: tuple[str, ...]) -> None:
    """How many rows of a table meet all conditions."""
    asked = table_named(table)
    select = asked.where(*conditions(asked, where))
    async with invocation.connect() as db:
        found = await db.count(select)
    if invocation.output.as_json:
        invocation.output.document({"count": found})
    else:
        invocation.output.say(str(found))


@click.command()
@invoked
@table_argument
@click.argument("row_id", metavar="ID")
async def get(invocation: Invocation, table: str, row_id: str) -> None:
    """One row, by its id."""
    asked = table_named(table)
    columns = asked.default_columns
    async with invocation.connect() as db:
        row = await db.first(asked.select(*columns).where(id=row_id))
    if row is None:
        raise NotFound(f"{table} has no row {row_id!r}", hint=f"list them with: pjai query {table}")
    if invocation.output.as_json:
        invocation.output.document(by_wire_name(columns, row))
    else:
        invocation.output.fields(by_wire_name(columns, row))
