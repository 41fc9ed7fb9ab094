"""Owns `pjai embedder`: what makes vectors for search by meaning, and how far it is."""

from __future__ import annotations

import click

from pjai.cli.invocation import Invocation, invoked
from pjai_wire.methods import EmbedderStatusResult


@click.command()
@invoked
async def embedder(invocation: Invocation) -> None:
    """What makes vectors for search by meaning: which model, whether it works, and how many texts wait."""
    async with invocation.connect() as db:
        found = await db.embedder.status()
    if invocation.output.as_json:
        invocation.output.document(found)
        return
    invocation.output.fields(described(found))
    if found.kind == "none":
        invocation.output.note("there is no embedder: searches go by words alone")
    if found.leaves_machine:
        invocation.output.note("the texts of memories are sent to another machine")


def described(found: EmbedderStatusResult) -> dict[str, object]:
    """What people want to know of it."""
    described: dict[str, object] = {"embedder": found.kind, "state": found.state}
    if found.model is not None:
        described |= {"model": found.model, "dimension": found.dimension}
    if found.kind != "none":
        described |= {"waiting": found.waiting, "embedded": found.embedded, "refused": found.refused}
    if found.last_error:
        described |= {"last error": found.last_error, "triesAgainAt": found.tries_again_at}
    return described


def in_a_line(found: EmbedderStatusResult) -> str:
    """The same in a few words."""
    if found.kind == "none":
        return "none: searches go by words alone"
    what = f"{found.kind}, {found.state}"
    if found.last_error:
        what += f" ({found.last_error})"
    return f"{what}; {found.waiting} texts wait for their vectors"
