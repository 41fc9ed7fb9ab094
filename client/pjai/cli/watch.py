"""Owns `pjai watch`: a query's rows, and again at each change."""

from __future__ import annotations

import click
from rich.live import Live

from pjai.cli.invocation import Invocation, invoked
from pjai.cli.selection import Selection, selecting_live
from pjai.cli.tables import table
from pjai.live_query import LiveQuery


@click.command()
@invoked
@selecting_live
async def watch(invocation: Invocation, selection: Selection) -> None:
    """The rows of a table that meet all conditions, and again at each change, until Ctrl-C.

    At a terminal a table that keeps itself up to date; otherwise a JSON line for each result.
    """
    async with (
        invocation.connect() as db,
        db.watch(selection.select, "pjai watch") as live,
    ):
        if invocation.output.is_terminal:
            await _show(invocation, selection, live)
        async for rows in live:
            invocation.output.line({"seq": live.seq, "rows": [selection.named(row) for row in rows]})
            invocation.output.flush()


async def _show(invocation: Invocation, selection: Selection, live: LiveQuery[dict[str, object]]) -> None:
    console = invocation.output.console
    with Live(console=console, auto_refresh=False) as screen:
        async for rows in live:
            named = [selection.named(row) for row in rows]
            caption = f"{len(rows)} rows at {live.seq}; Ctrl-C ends"
            screen.update(table(selection.names, named, console.width, caption), refresh=True)
