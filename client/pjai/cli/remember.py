"""Owns `pjai remember`: what texts say, as a persona's memories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
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

EVENTS_PER_COMMIT = 50
"""Few enough that whoever watches sees them come, and enough that the disk is not what is waited for."""


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

    To remember the same text again adds nothing.
    """
    sources = [read_source(path) for path in dict.fromkeys(files)]
    async with invocation.connect() as db:
        owner = await _owner(db, persona, create=create)
        found = [one for source in sources for one in found_in(source, owner.id)]
        new = await unknown(db, found)
        events = _Events(owner, kind, importance)
        seq = await _commit(db, new, events, invocation.output)
    summary = _summary(owner, found, new, seq)
    if invocation.output.as_json:
        invocation.output.document(summary)
    else:
        invocation.output.rows(("source", "remembered", "known"), summary["files"])
        made = " (a new persona)" if summary["personaCreated"] else ""
        invocation.output.say(
            f"{persona}{made} remembers {len(new)} more; {len(found) - len(new)} were known; seq {seq}"
        )


class _Events(Struct, frozen=True):
    """What makes the events of a commit."""

    owner: _Owner
    kind: MemoryType
    importance: int

    def of(self, found: Sequence[Found]) -> list[Event]:
        """That the persona remembers these, now."""
        return [created(one, self.owner.id, self.kind, self.importance) for one in found]


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


async def _commit(db: Database, new: Sequence[Found], events: _Events, output: Output) -> int:
    """Commits the memories, the persona with the first of them; returns the last seq."""
    seq = db.hello.seq
    with output.progress(counted=True) as progress:
        task = progress.add_task("remembering", total=len(new))
        for begin in range(0, len(new), EVENTS_PER_COMMIT):
            batch = new[begin : begin + EVENTS_PER_COMMIT]
            first = [events.owner.created] if events.owner.created and not begin else []
            seq = (await db.commit(*first, *events.of(batch))).seq
            progress.advance(task, len(batch))
    return seq


def _summary(owner: _Owner, found: Sequence[Found], new: Sequence[Found], seq: int) -> dict[str, Any]:
    in_all = Counter(one.source for one in found)
    remembered = Counter(one.source for one in new)
    return {
        "personaId": owner.id,
        "personaCreated": bool(owner.created and new),
        "remembered": len(new),
        "known": len(found) - len(new),
        "seq": seq,
        "files": [
            {"source": source, "remembered": remembered[source], "known": number - remembered[source]}
            for source, number in in_all.items()
        ],
    }
