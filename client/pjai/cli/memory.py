"""Owns `pjai memory`: what people ask of the memory steward."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import get_args

import click

from pjai.cli.invocation import Invocation, invoked
from pjai.cli.personas import persona_called
from pjai.database import Database
from pjai_wire.errors import NotFound
from pjai_wire.fields import MemoryType
from pjai_wire.methods import MemoryResult


@click.group()
def memory() -> None:
    """Remembers with the help of the memory steward: sanitised, and the same thing once."""


@memory.command()
@invoked
@click.argument("name")
@click.argument("text", default="")
@click.option("--persona", required=True, metavar="NAME", help="Who remembers; a name or an id.")
@click.option(
    "--type", "kind", type=click.Choice(get_args(MemoryType)), default="knowledge", show_default=True
)
@click.option("--summary", default="")
@click.option("--tag", "tags", multiple=True, help="May be given several times.")
@click.option("--importance", type=click.IntRange(0, 100), default=50, show_default=True)
@click.option("--message", metavar="ID", help="The message that it comes from.")
async def remember(
    invocation: Invocation,
    name: str,
    text: str,
    persona: str,
    kind: MemoryType,
    summary: str,
    tags: tuple[str, ...],
    importance: int,
    message: str | None,
) -> None:
    """A persona remembers NAME, and TEXT as its content. For files see: pjai remember."""
    async with invocation.connect() as db:
        owner = await persona_called(db, persona)
        if owner is None:
            raise NotFound(f"there is no persona {persona!r}", hint="see: pjai query personas")
        made = await db.memory.remember(
            owner.id,
            kind,
            name,
            content={"text": text} if text else {},
            summary=summary,
            tags=tags,
            importance=importance,
            source=None if message is None else ("message", message),
        )
    if invocation.output.as_json:
        invocation.output.document(made)
        return
    what = "remembered" if made.is_new else "remembered already"
    taken_out = f", {made.redactions} redacted" if made.redactions else ""
    invocation.output.say(f"{what}{taken_out}: {made.id}; seq {made.seq}")


@memory.command()
@invoked
@click.argument("from_id", metavar="FROM")
@click.argument("to_id", metavar="TO")
@click.option("--kind", default="related", show_default=True)
@click.option("--weight", type=click.FloatRange(0, 1), default=1.0, show_default=True)
async def connect(invocation: Invocation, from_id: str, to_id: str, kind: str, weight: float) -> None:
    """Connects two memories of one persona."""
    async with invocation.connect() as db:
        made = await db.memory.connect(from_id, to_id, kind=kind, weight=weight)
    _tell(invocation, "connected", made)


Call = Callable[[Database, str], Awaitable[MemoryResult]]


def _about_one(name: str, help_text: str, said: str, call: Call) -> None:
    """A command about one memory."""

    @memory.command(name, help=help_text)
    @invoked
    @click.argument("memory_id", metavar="ID")
    async def command(invocation: Invocation, memory_id: str) -> None:
        async with invocation.connect() as db:
            done = await call(db, memory_id)
        _tell(invocation, said, done)


_about_one("touch", "Says that a memory was of use.", "touched", lambda db, one: db.memory.touch(one))
_about_one("pin", "Keeps a memory hot, and from expiring.", "pinned", lambda db, one: db.memory.pin(one))
_about_one("unpin", "Ends what pin began.", "unpinned", lambda db, one: db.memory.unpin(one))
_about_one("forget", "Deletes a memory.", "forgotten", lambda db, one: db.memory.forget(one))


def _tell(invocation: Invocation, said: str, done: MemoryResult) -> None:
    if invocation.output.as_json:
        invocation.output.document(done)
    else:
        invocation.output.say(f"{said}: {done.id}; seq {done.seq}")
