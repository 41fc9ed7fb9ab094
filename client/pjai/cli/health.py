"""Owns `pjai status` and `pjai health`: how the daemon is."""

from __future__ import annotations

import click
import msgspec

from pjai.cli.invocation import Invocation, invoked
from pjai.cli.values import duration, size
from pjai_wire.methods import HealthResult


@click.command()
@invoked
async def status(invocation: Invocation) -> None:
    """How the daemon is, and where it answers."""
    async with invocation.connect() as db:
        found = await db.health()
    if invocation.output.as_json:
        invocation.output.document(found)
    else:
        invocation.output.fields(_described(found))


@click.command()
@invoked
async def health(invocation: Invocation) -> None:
    """Whether the daemon is well: exit code 0 only then."""
    async with invocation.connect() as db:
        found = await db.health()
    if invocation.output.as_json:
        invocation.output.document(found)
    else:
        invocation.output.say(found.status)
    if found.status != "ok":
        raise click.exceptions.Exit(1)


def _described(found: HealthResult) -> dict[str, object]:
    """What people want to know of it, with units."""
    described: dict[str, object] = {}
    for name, value in msgspec.structs.asdict(found).items():
        words = name.replace("_", " ")
        if name.startswith("cache_") or name == "endpoints":
            # Told below, in fewer words than there are numbers.
            continue
        if name.endswith("_ms"):
            described[words.removesuffix(" ms")] = duration(value)
        elif name.endswith("_bytes"):
            described[words.removesuffix(" bytes")] = size(value)
        else:
            described[words] = value
    asked = found.cache_hits + found.cache_misses
    return {
        **described,
        "cache": f"{found.cache_entries} kept, {size(found.cache_bytes)}",
        "cache hits": f"{found.cache_hits / asked:.0%} of {asked} queries" if asked else "no query yet",
        "requests": found.endpoints.requests,
        "changes": found.endpoints.changes,
    }
