"""Owns `pjai memory`: what people ask of the memory steward."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar, get_args

import anyio
import click

from pjai.cli.invocation import Invocation, invoked
from pjai.cli.output import Output
from pjai.cli.personas import existing_persona
from pjai.database import Database
from pjai_wire.fields import MemoryType
from pjai_wire.methods import MemoryCleanResult, MemoryResult, MemoryStatusResult

LOOK_INTERVAL_S = 0.25
LONG_WITHIN_S = 24 * 3600.0

Result = TypeVar("Result")


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
        made = await _shown(
            db.memory.tend(owner, timeout=LONG_WITHIN_S),
            db,
            invocation.output,
            "looking at memories",
            lambda found: f"{found.seen} memories looked at, {found.moved} moved",
        )
    if invocation.output.as_json:
        invocation.output.document(made)
    else:
        invocation.output.say(f"{made.seen} memories looked at one by one, {made.moved} moved")


@memory.command()
@invoked
async def clean(invocation: Invocation) -> None:
    """Cleans up now: what has expired, was deleted long ago, rests for long, or hangs loose."""
    async with invocation.connect() as db:
        before = await db.memory.status()
        done = await _shown(
            db.memory.clean(timeout=LONG_WITHIN_S),
            db,
            invocation.output,
            "cleaning up",
            lambda found: (
                f"{found.expired - before.expired} memories expired, {found.purged - before.purged} purged"
            ),
        )
    if invocation.output.as_json:
        invocation.output.document(done)
    else:
        invocation.output.fields(_cleaned(done))


async def _shown(
    work: Awaitable[Result],
    db: Database,
    output: Output,
    begun: str,
    describe: Callable[[MemoryStatusResult], str],
) -> Result:
    """Waits for work of the steward, and shows how far it is."""
    with output.progress(counted=False) as progress:
        task = progress.add_task(begun, total=None)

        async def show() -> None:
            while True:
                await anyio.sleep(LOOK_INTERVAL_S)
                progress.update(task, description=describe(await db.memory.status()))

        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(show)
                made = await work
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
        "state": ", ".join(_at_work(found)) or "at rest",
        "passes": found.passes,
        "looked at": f"{found.seen} memories one by one",
        "moved": found.moved,
        "began_at": found.began_at,
        "ended_at": found.ended_at,
        **_cleaned(found),
        "cleaned_at": found.cleaned_at,
        "compressed": f"{found.packed} contents",
        "left plain": f"{found.left_plain} contents",
        **{name: _setting(found, name) for name in found.settings},
    }


def _at_work(found: MemoryStatusResult) -> Iterator[str]:
    if found.is_at_work:
        yield f"looks at the memories of {found.persona_id}"
    if found.to_pack:
        yield f"compresses {found.to_pack} more"
    if found.is_cleaning:
        yield "cleans up"


def _setting(found: MemoryStatusResult, name: str) -> str:
    told = str(found.settings[name])
    return f"{told} (by default: its row is not valid)" if name in found.ignored else told


def _tell(invocation: Invocation, said: str, done: MemoryResult) -> None:
    if invocation.output.as_json:
        invocation.output.document(done)
    else:
        invocation.output.say(f"{said}: {done.id}; seq {done.seq}")
