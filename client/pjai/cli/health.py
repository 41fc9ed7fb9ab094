"""Owns `pjai status` and `pjai health`: how the daemon is."""

from __future__ import annotations

import click
import msgspec
from msgspec import to_builtins

from pjai import Database
from pjai.cli.embedder import in_a_line
from pjai.cli.invocation import Invocation, invoked
from pjai.cli.values import duration, size, visible
from pjai.examining import examined
from pjai_wire.errors import ActorFailed, Unavailable, UnknownMethod
from pjai_wire.methods import EmbedderStatusResult, HealthResult

EMBEDDER_TIMEOUT_S = 2.0
"""How the daemon is, is told all the same."""


@click.command()
@invoked
async def status(invocation: Invocation) -> None:
    """How the daemon is, and where it answers."""
    async with invocation.connect() as db:
        found = await db.health()
        embedding = await _embedding(db) if found.status == "ok" else None
    if invocation.output.as_json:
        beside = {} if embedding is None else {"embedder": embedding}
        invocation.output.document({**to_builtins(found), **beside})
    else:
        told = {} if embedding is None else {"embedder": visible(in_a_line(embedding))}
        invocation.output.fields({**_described(found), **told})


@click.command()
@invoked
async def health(invocation: Invocation) -> None:
    """Whether the daemon is well, and what it lacks: exit code 0 unless something is wrong.

    A warning is shown, and is nothing wrong yet.
    """
    async with invocation.connect() as db:
        found = await db.health()
        # One that is stopping answers nothing else.
        lacking = await examined(db) if found.status == "ok" else ()
    is_wrong = found.status != "ok" or any(one.level == "wrong" for one in lacking)
    if invocation.output.as_json:
        invocation.output.document({**to_builtins(found), "findings": lacking})
    else:
        invocation.output.say("wrong" if is_wrong and found.status == "ok" else found.status)
        for one in lacking:
            invocation.output.say(f"{one.level}: {visible(one.reason)}")
            invocation.output.note(f"      {one.hint}")
    if is_wrong:
        raise click.exceptions.Exit(1)


async def _embedding(db: Database) -> EmbedderStatusResult | None:
    """What makes vectors; None where that does not run, or does not answer."""
    try:
        return await db.embedder.status(timeout=EMBEDDER_TIMEOUT_S)
    except (UnknownMethod, ActorFailed, Unavailable):
        return None


def _model(found: HealthResult) -> str:
    """What makes vectors, and what is left to it."""
    if not found.embedding_model:
        return "no embedder yet"
    model = visible(found.embedding_model)
    return f"{model} of {found.embedding_dimension} numbers, {found.embedding_waiting} rows wait"


def _described(found: HealthResult) -> dict[str, object]:
    """What people want to know of it, with units."""
    described: dict[str, object] = {}
    for name, value in msgspec.structs.asdict(found).items():
        words = name.replace("_", " ")
        if name.startswith(("cache_", "codes", "embedding_")) or name == "endpoints":
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
        "vectors": f"{_model(found)}; {found.codes} in memory, {size(found.codes_bytes)}",
        "requests": found.endpoints.requests,
        "changes": found.endpoints.changes,
    }
