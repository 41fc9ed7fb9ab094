"""Owns `pjai memory`: what people ask of the memory steward."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import get_args

import anyio
import click

from pjai.cli.invocation import Invocation, invoked
from pjai.cli.output import Output
from pjai.cli.personas import existing_persona
from pjai.database import Database
from pjai_wire.fields import MemoryType
from pjai_wire.methods import MemoryCleanResult, MemoryResult, MemoryStatusResult, MemoryTendResult

LOOK_INTERVAL_S = 0.25
TEND_WITHIN_S = 24 * 3600.0


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
        made = await db.memory.remember(
            (await existing_persona(db, persona)).id,
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


@memory.command()
@invoked
async def status(invocation: Invocation) -> None:
    """How far the steward's own work is."""
    async with invocation.connect() as db:
        found = await db.memory.status()
    if invocation.output.as_json:
        invocation.output.document(found)
    else:
        invocation.output.fields(_described(found))


@memory.command()
@invoked
@click.option("--persona", metavar="NAME", help="Whose memories; a name or an id.  [default: all]")
async def tend(invocation: Invocation, persona: str | None) -> None:
    """Looks at all memories now, and moves them to their tiers."""
    async with invocation.connect() as db:
        owner = None if persona is None else (await existing_persona(db, persona)).id
        made = await _tended(db, owner, invocation.output)
    if invocation.output.as_json:
        invocation.output.document(made)
    else:
        invocation.output.say(f"{made.seen} memories looked at one by one, {made.moved} moved")


@memory.command()
@invoked
async def clean(invocation: Invocation) -> None:
    """Cleans up now: what has expired, was deleted long ago, rests for long, or hangs loose."""
    async with invocation.connect() as db:
        with invocation.output.progress(counted=False) as progress:
            progress.add_task("cleaning up", total=None)
            done = await db.memory.clean(timeout=TEND_WITHIN_S)
    if invocation.output.as_json:
        invocation.output.document(done)
    else:
        invocation.output.fields(_cleaned(done))


async def _tended(db: Database, persona_id: str | None, output: Output) -> MemoryTendResult:
    """Has memories looked at, and shows how far that is."""
    with output.progress(counted=False) as progress:
        task = progress.add_task("looking at memories", total=None)

        async def show() -> None:
            while True:
                await anyio.sleep(LOOK_INTERVAL_S)
                found = await db.memory.status()
                progress.update(task, description=f"{found.seen} memories looked at, {found.moved} moved")

        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(show)
                made = await db.memory.tend(persona_id, timeout=TEND_WITHIN_S)
                tasks.cancel_scope.cancel()
        except ExceptionGroup as problems:
            raise problems.exceptions[0] from None
    return made


def _cleaned(done: MemoryCleanResult | MemoryStatusResult) -> dict[str, object]:
    return {
        "expired": f"{done.expired} memories",
        "purged": f"{done.purged} memories",
        "archived": f"{done.archived} conversations",
        "unlinked": f"{done.unlinked} connections",
    }


def _described(found: MemoryStatusResult) -> dict[str, object]:
    return {
        "state": f"looks at the memories of {found.persona_id}" if found.is_at_work else "at rest",
        "passes": found.passes,
        "looked at": f"{found.seen} memories one by one",
        "moved": found.moved,
        "began_at": found.began_at,
        "ended_at": found.ended_at,
        **_cleaned(found),
        "cleaned_at": found.cleaned_at,
        **{name: _setting(found, name) for name in found.settings},
    }


def _setting(found: MemoryStatusResult, name: str) -> str:
    told = str(found.settings[name])
    return f"{told} (by default: its row is not valid)" if name in found.ignored else told


def _tell(invocation: Invocation, said: str, done: MemoryResult) -> None:
    if invocation.output.as_json:
        invocation.output.document(done)
    else:
        invocation.output.say(f"{said}: {done.id}; seq {done.seq}")
