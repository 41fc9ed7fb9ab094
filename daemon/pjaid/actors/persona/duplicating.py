"""Owns the making of another persona like one: duplicate.

A copy that takes several commits is marked, by a row of `system_config`, until the last of them. Where a mark
is found and nobody is at it, the process that was has ended: the half of a copy is deleted.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any

import anyio
from msgspec import UNSET, structs

from pjai import Database, v1
from pjai_wire import limits
from pjai_wire.errors import LimitExceeded, NotFound, PjaiError
from pjai_wire.ids import new_id
from pjai_wire.methods import PersonaDuplicated, PersonaDuplicateParams
from pjai_wire.records import MemoryLink
from pjai_wire.tables import memories, memory_links, personas
from pjaid.actors.persona import names
from pjaid.actors.persona.commits import Commits
from pjaid.actors.persona.declaration import existing, persona
from pjaid.actors.persona.deleting import delete_in_batches
from pjaid.actors.persona.marks import Mark

ROWS_READ_AT_ONCE = 500
"""Memories."""

UNDONE_WITHIN_S = 300.0
"""What is not deleted by then, the next look finds."""

COPYING = Mark("persona.duplicating.")

LOOKED_AFTER_S = 3600.0

_under_way: set[str] = set()
"""The ids of copies that this process is at."""

_OWN = ("at", "id", "persona_id")
_COPIED = tuple(
    field.name
    for field in structs.fields(v1.MemoryEntityCreated)
    if field.name not in _OWN and memories.has(field.encode_name)
)


@persona.serves_long
async def duplicate(db: Database, params: PersonaDuplicateParams) -> PersonaDuplicated:
    """Another persona begins, like the first but for its id, its name and its secrets."""
    first = await existing(db, params.id)
    name = names.free_name(first.name, await _taken(db)) if params.name is UNSET else names.name(params.name)
    other = v1.PersonaCreated(
        id=new_id(),
        name=name,
        description=first.description,
        avatar=first.avatar,
        personality=first.personality,
        settings=first.settings,
        memory_config=first.memory_config,
    )
    commits = Commits(db, COPYING.begun(other.id), COPYING.over(other.id))
    copies: dict[str, str] = {}
    links = 0
    _under_way.add(other.id)
    try:
        await commits.add(other)
        if params.with_memories:
            async for memory in _memories_of(db, first.id):
                copies[memory["id"]] = new_id()
                for event in _copied(memory, copies[memory["id"]], other.id):
                    await commits.add(event)
            async for link in _links_among(db, copies):
                links += 1
                await commits.add(_linked(link, copies))
        await commits.finish()
    except BaseException:
        if commits.has_begun:
            with anyio.move_on_after(UNDONE_WITHIN_S, shield=True), suppress(PjaiError):
                await _undo(db, other.id)
        raise
    finally:
        _under_way.discard(other.id)
    return PersonaDuplicated(id=other.id, name=name, memories=len(copies), links=links, seq=commits.seq)


@persona.every(LOOKED_AFTER_S)
async def undo_unfinished(db: Database) -> None:
    """Deletes the halves of copies that were under way when this process's predecessor ended."""
    for copy in await COPYING.marked(db):
        if copy not in _under_way:
            await _undo(db, copy)


async def _undo(db: Database, copy: str) -> None:
    """Deletes a copy, as far as it came to be, and its mark."""
    with suppress(NotFound):
        await delete_in_batches(db, copy)
    await COPYING.remove(db, copy)


async def _taken(db: Database) -> set[str]:
    pages = db.pages(personas.select("id", "name").limit(limits.QUERY_ROWS_MAX))
    return {row["name"] async for rows in pages for row in rows}


async def _memories_of(db: Database, persona_id: str) -> AsyncIterator[dict[str, Any]]:
    """What a persona remembers, embeddings too.

    Which memories there are is asked first: pages of whole ones would each look at all that come after.
    """
    asked = memories.where(persona_id=persona_id).select("id").limit(limits.QUERY_ROWS_MAX)
    ids = [row["id"] async for rows in db.pages(asked) for row in rows]
    for begin in range(0, len(ids), ROWS_READ_AT_ONCE):
        async for memory in _whole(db, ids[begin : begin + ROWS_READ_AT_ONCE]):
            yield memory


async def _whole(db: Database, ids: Sequence[str]) -> AsyncIterator[dict[str, Any]]:
    """The memories with these ids, as far as they are there; fewer at once where they are too large."""
    asked = memories.where(memories.id.in_(ids)).select("id", "created_at", "pinned", *_COPIED)
    try:
        rows = await db.query(asked.limit(len(ids)))
    except LimitExceeded:
        if len(ids) == 1:
            raise
        half = len(ids) // 2
        for some in (ids[:half], ids[half:]):
            async for memory in _whole(db, some):
                yield memory
        return
    for memory in rows:
        yield memory


def _copied(memory: dict[str, Any], copy_id: str, persona_id: str) -> list[v1.Event]:
    """What makes a memory once more, for another persona and as old as it is."""
    made = v1.MemoryEntityCreated(
        at=memory["created_at"],
        id=copy_id,
        persona_id=persona_id,
        **{name: memory[name] for name in _COPIED},
    )
    return [made, v1.MemoryPinned(id=copy_id)] if memory["pinned"] else [made]


async def _links_among(db: Database, copies: dict[str, str]) -> AsyncIterator[MemoryLink]:
    """The links that begin and end at memories that were copied."""
    ids = list(copies)
    for begin in range(0, len(ids), limits.QUERY_LIST_MAX):
        some = ids[begin : begin + limits.QUERY_LIST_MAX]
        beginning = memory_links.where(memory_links.from_id.in_(some)).limit(limits.QUERY_ROWS_MAX)
        async for links in db.pages(beginning):
            for link in links:
                if link.to_id in copies:
                    yield link


def _linked(link: MemoryLink, copies: dict[str, str]) -> v1.MemoryEntityLinked:
    return v1.MemoryEntityLinked(
        at=link.created_at,
        id=new_id(),
        from_id=copies[link.from_id],
        to_id=copies[link.to_id],
        kind=link.kind,
        weight=link.weight,
    )
