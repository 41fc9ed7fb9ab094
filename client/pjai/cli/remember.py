"""Owns `pjai remember`: what texts say, as a persona's memories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import click
from msgspec import Struct

from pjai.cli.invocation import Invocation, invoked
from pjai.cli.output import Output
from pjai.cli.personas import persona_called
from pjai.cli.remembering import Found, created, found_in, read_source, unknown
from pjai.database import Database
from pjai_wire.errors import NotFound
from pjai_wire.events import Event, v1
from pjai_wire.fields import MemoryType
from pjai_wire.ids import new_id
from pjai_wire.methods import MemoryRememberParams

EVENTS_PER_COMMIT = 50
"""Few enough that whoever watches sees them come, and enough that the disk is not what is waited for."""

STEWARD = "memory"
"""The actor that looks through what is to be remembered."""


class _Owner(Struct, frozen=True):
    """Whose memories they are."""

    id: str
    created: v1.PersonaCreated | None
    """What makes the persona, where it does not exist yet."""


@click.command()
@invoked
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--persona", required=True, metavar="NAME", help="Who remembers; a name or an id.")
@click.option("--create/--no-create", default=True, help="Whether to make the persona where there is none.")
@click.option(
    "--type", "kind", type=click.Choice(get_args(MemoryType)), default="knowledge", show_default=True
)
@click.option("--importance", type=click.IntRange(0, 100), default=50, show_default=True)
async def remember(
    invocation: Invocation,
    files: Sequence[Path],
    persona: str,
    create: bool,
    kind: MemoryType,
    importance: int,
) -> None:
    """Cuts text and Markdown files into memories, by heading and paragraph.

    To remember the same text again adds nothing. The memory steward looks for what is sensitive, as the
    persona has it; where the daemon runs none, the text is remembered as it is.
    """
    sources = [read_source(path) for path in dict.fromkeys(files)]
    async with invocation.connect() as db:
        owner = await _owner(db, persona, create=create)
        found = [one for source in sources for one in found_in(source, owner.id)]
        new = await unknown(db, found)
        telling = _Telling(owner, kind, importance)
        if new and await _has_steward(db):
            done = await _remember(db, new, telling, invocation.output)
        else:
            done = await _commit(db, new, telling, invocation.output)
    new = [one for one in new if one.id in done.new]
    summary = _summary(owner, found, new, done)
    if invocation.output.as_json:
        invocation.output.document(summary)
    else:
        invocation.output.rows(("source", "remembered", "known"), summary["files"])
        made = " (a new persona)" if summary["personaCreated"] else ""
        invocation.output.say(
            f"{persona}{made} remembers {len(new)} more; {len(found) - len(new)} were known; seq {done.seq}"
        )
        if done.redactions:
            invocation.output.note(f"{done.redactions} sensitive parts were taken out")
        if new and not done.is_looked_through:
            invocation.output.note("nobody looked for what is sensitive: the daemon runs no memory steward")


class _Telling(Struct, frozen=True):
    """What is said of every passage."""

    owner: _Owner
    kind: MemoryType
    importance: int

    def of(self, found: Found) -> v1.MemoryEntityCreated:
        """That the persona remembers a passage, now."""
        return created(found, self.owner.id, self.kind, self.importance)


class _Done(Struct, frozen=True):
    """What came of it."""

    seq: int
    new: frozenset[str]
    """The ids of what the persona did not remember by another one."""
    redactions: int = 0
    is_looked_through: bool = False


async def _owner(db: Database, name: str, *, create: bool) -> _Owner:
    known = await persona_called(db, name)
    if known is not None:
        return _Owner(known.id, None)
    if not create:
        raise NotFound(
            f"there is no persona {name!r}", hint="--create makes one; or see: pjai query personas"
        )
    event = v1.PersonaCreated(id=new_id(), name=name)
    return _Owner(event.id, event)


async def _has_steward(db: Database) -> bool:
    return any(actor.name == STEWARD for actor in (await db.actors()).actors)


async def _remember(db: Database, new: Sequence[Found], telling: _Telling, output: Output) -> _Done:
    """Has the memory steward remember the passages; the persona begins before the first of them."""
    seq, redactions = db.hello.seq, 0
    remembered: set[str] = set()
    if telling.owner.created is not None:
        await db.commit(telling.owner.created)
    for batch in _batches(new, output):
        told = await db.memory.remember_all([_wanted(telling.of(one)) for one in batch])
        seq = told.seq
        redactions += sum(one.redactions for one in told.memories)
        remembered |= {one.id for one in told.memories if one.is_new}
    return _Done(seq, frozenset(remembered), redactions, is_looked_through=True)


async def _commit(db: Database, new: Sequence[Found], telling: _Telling, output: Output) -> _Done:
    """Commits the passages as they are, the persona with the first of them."""
    seq = db.hello.seq
    first: list[Event] = [] if telling.owner.created is None else [telling.owner.created]
    for batch in _batches(new, output):
        seq = (await db.commit(*first, *map(telling.of, batch))).seq
        first = []
    return _Done(seq, frozenset(one.id for one in new))


def _batches(new: Sequence[Found], output: Output) -> Iterator[Sequence[Found]]:
    """What is remembered at once; the progress is shown when each is."""
    with output.progress(counted=True) as progress:
        task = progress.add_task("remembering", total=len(new))
        for begin in range(0, len(new), EVENTS_PER_COMMIT):
            batch = new[begin : begin + EVENTS_PER_COMMIT]
            yield batch
            progress.advance(task, len(batch))


def _wanted(event: v1.MemoryEntityCreated) -> MemoryRememberParams:
    """As the memory steward is asked for it."""
    return MemoryRememberParams(
        persona_id=event.persona_id,
        type=event.type,
        name=event.name,
        content=event.content,
        summary=event.summary,
        tags=event.tags,
        importance=event.importance,
        id=event.id,
    )


def _summary(owner: _Owner, found: Sequence[Found], new: Sequence[Found], done: _Done) -> dict[str, Any]:
    in_all = Counter(one.source for one in found)
    remembered = Counter(one.source for one in new)
    return {
        "personaId": owner.id,
        "personaCreated": bool(owner.created and new),
        "remembered": len(new),
        "known": len(found) - len(new),
        "redactions": done.redactions,
        "isLookedThrough": done.is_looked_through,
        "seq": done.seq,
        "files": [
            {"source": source, "remembered": remembered[source], "known": number - remembered[source]}
            for source, number in in_all.items()
        ],
    }
