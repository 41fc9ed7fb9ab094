"""Owns `pjai rebuild`: the state built anew from the log, beside the live one."""

from __future__ import annotations

import math

import click
import msgspec

from pjai.cli.invocation import Invocation, invoked


@click.command()
@invoked
@click.option("--replace", is_flag=True, help="Put what the log says in the place of the live state.")
async def rebuild(invocation: Invocation, replace: bool) -> None:
    """Builds the state from the log beside the live one: exit code 0 where they are identical."""
    output = invocation.output
    async with invocation.connect() as db:
        with output.progress(counted=False) as progress:
            progress.add_task("replaying the log", total=None)
            found = await db.rebuild(replace=replace, timeout=math.inf)
    if output.as_json:
        output.document(found)
    else:
        tables = [{"table": name, **msgspec.to_builtins(one)} for name, one in found.tables.items()]
        output.rows(("table", "rows", "differences"), tables)
        verdict = "identical" if found.identical else "not identical"
        replaced = "; the live state was replaced" if found.replaced else ""
        output.say(f"{found.events} events replayed, up to seq {found.seq}: {verdict}{replaced}")
    if not found.identical:
        raise click.exceptions.Exit(1)
