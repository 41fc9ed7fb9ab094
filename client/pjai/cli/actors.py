"""Owns `pjai actors`: which actors the daemon keeps running, and beginning one of them again."""

from __future__ import annotations

import click
from click.core import ParameterSource

from pjai.cli.invocation import Invocation, invoked
from pjai.cli.values import size
from pjai_wire.methods import ActorInfo

_COLUMNS = ("name", "pid", "state", "restarts", "queue", "calls", "last error", "memory")


@click.group(invoke_without_command=True)
@invoked
async def actors(invocation: Invocation) -> None:
    """The daemon's actors: their processes, what waits for them, and why they fell last."""
    context = click.get_current_context()
    if context.invoked_subcommand is not None:
        if any(context.get_parameter_source(name) is ParameterSource.COMMANDLINE for name in context.params):
            raise click.UsageError(f"options stand behind {context.invoked_subcommand!r}")
        return
    async with invocation.connect() as db:
        found = await db.actors()
    if invocation.output.as_json:
        invocation.output.document(found)
        return
    invocation.output.rows(_COLUMNS, [_row(one) for one in found.actors])


@actors.command()
@invoked
@click.argument("name")
async def restart(invocation: Invocation, name: str) -> None:
    """Ends an actor and begins it again at once, one that is down too."""
    async with invocation.connect() as db:
        await db.restart_actor(name)
    if invocation.output.as_json:
        invocation.output.document({})
    else:
        invocation.output.say(f"{name} is starting again")


def _row(one: ActorInfo) -> dict[str, object]:
    return {
        "name": one.name,
        "pid": one.pid,
        "state": one.state.replace("_", " "),
        "restarts": one.restarts,
        "queue": one.queue,
        "calls": one.calls,
        "last error": one.last_error,
        "memory": size(one.memory_bytes) if one.pid is not None else None,
    }
