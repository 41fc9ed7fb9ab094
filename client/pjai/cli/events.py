"""Owns `pjai events`: the audit trail, as it is and as it grows, and whether it was tampered with."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import cast

import click

from pjai.cli.event_filter import EventChoice, choosing_events
from pjai.cli.invocation import Invocation, invoked
from pjai.cli.logged import HEADER, as_json, as_line, as_text
from pjai.cli.output import Output
from pjai.trail import BrokenTrail
from pjai_wire.methods import LoggedEvent


@click.command()
@invoked
@choosing_events
@click.option("--limit", type=click.IntRange(min=1), metavar="EVENTS", help="At most so many.")
@click.option("--reverse", is_flag=True, help="Newest first.")
@click.option("--follow", is_flag=True, help="Only new events, or those after --after; until Ctrl-C.")
@click.option(
    "--verify", is_flag=True, help="Compute the hash chain anew; names the first event that is wrong."
)
async def events(
    invocation: Invocation,
    choice: EventChoice,
    *,
    limit: int | None,
    reverse: bool,
    follow: bool,
    verify: bool,
) -> None:
    """The audit trail: every change, oldest first."""
    if verify:
        if choice or limit or reverse or follow:
            raise click.UsageError("--verify reads the whole trail and takes no filter")
        await _verify(invocation)
        return
    if follow and (reverse or "before" in choice.which):
        raise click.UsageError("--follow goes forward: without --reverse and --before")
    async with invocation.connect() as db:
        which = await choice.filter(db)
        if reverse:
            which["order"] = "desc"
        chosen = db.follow_events(**which) if follow else db.audit(limit=limit, **which)
        # What both return is a generator, which can be closed before its end, as their type does not say.
        async with aclosing(cast("AsyncGenerator[LoggedEvent]", chosen)) as found:
            await _print(invocation.output, found, limit, is_live=follow)


async def _print(
    output: Output, found: AsyncGenerator[LoggedEvent], limit: int | None, *, is_live: bool
) -> None:
    count = 0
    with output.paged(wanted=not is_live):
        if not output.as_json and not output.is_terminal:
            output.say("\t".join(HEADER))
        async for event in found:
            _print_one(output, event)
            if is_live:
                output.flush()
            count += 1
            if count == limit:
                return


def _print_one(output: Output, event: LoggedEvent) -> None:
    if output.as_json:
        output.line(as_json(event))
    elif output.is_terminal:
        output.console.print(as_text(event), no_wrap=True, overflow="ellipsis", soft_wrap=False)
    else:
        output.say(as_line(event))


async def _verify(invocation: Invocation) -> None:
    output = invocation.output
    async with invocation.connect() as db:
        with output.progress(counted=True) as progress:
            task = progress.add_task("verifying", total=db.hello.seq)
            try:
                found = await db.verify(lambda count: progress.update(task, completed=count))
            except BrokenTrail as broken:
                if not output.as_json:
                    raise
                output.document({"intact": False, "seq": broken.seq, "message": broken.message})
                raise click.exceptions.Exit(1) from None
    if output.as_json:
        chain = found.hash.hex()
        counted = {"events": found.events, "erased": found.erased, "withheld": found.withheld}
        output.document({"intact": True, **counted, "hash": chain})
    else:
        hidden = f"{found.erased} of them erased, {found.withheld} withheld"
        output.say(f"the chain holds: {found.events} events, {hidden}")
