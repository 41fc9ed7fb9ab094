"""Owns `pjai explain` and `pjai live`: how the daemon goes about what it is asked."""

from __future__ import annotations

import click

from pjai.cli.invocation import Invocation, invoked
from pjai.cli.selection import Selection, selecting_live
from pjai.cli.values import span
from pjai_wire.methods import ExplainResult, LiveQueryInfo

_LIVE_COLUMNS = ("label", "client", "table", "mode", "rows", "updates", "time spent", "subscribers")


@click.command()
@invoked
@selecting_live
async def explain(invocation: Invocation, selection: Selection) -> None:
    """How a query is answered, and how a live query of it would be kept; the query is not run."""
    async with invocation.connect() as db:
        found = await db.explain(selection.select)
    if invocation.output.as_json:
        invocation.output.document(found)
    else:
        invocation.output.fields(_described(found))


@click.command()
@invoked
async def live(invocation: Invocation) -> None:
    """The open live queries of all programs, and what each costs the daemon."""
    async with invocation.connect() as db:
        found = await db.live_queries()
    if invocation.output.as_json:
        invocation.output.document(found)
        return
    invocation.output.rows(_LIVE_COLUMNS, [_row(one) for one in found.queries])
    invocation.output.note(f"{len(found.queries)} open, computed as {found.views}; seq {found.seq}")


def _described(found: ExplainResult) -> dict[str, object]:
    return {
        "sql": found.sql,
        "plan": found.plan,
        "indexes": list(found.indexes) or "none",
        "live": f"{found.mode}: {found.why}",
        "found by": list(found.found_by) or "every change of the table",
    }


def _row(one: LiveQueryInfo) -> dict[str, object]:
    return {
        "label": one.label,
        "client": one.client,
        "table": one.table,
        "mode": one.mode,
        "rows": one.rows,
        "updates": one.updates,
        "time spent": span(one.spent_us),
        "subscribers": one.subscribers,
    }
