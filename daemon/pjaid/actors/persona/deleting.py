"""Owns the end of a persona: delete.

What it owns goes in small commits with rests between, so that the commits of others need not wait for all of
it. A persona that takes several is marked until it is gone; where a mark is found when the actor begins, the
deleting goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import anyio

from pjai import Database, Event, v1
from pjai_wire import limits
from pjai_wire.errors import Conflict, NotFound
from pjai_wire.methods import PersonaChanged, PersonaParams
from pjai_wire.select import Select
from pjai_wire.tables import conversations, memories
from pjaid.actors.pace import batch
from pjaid.actors.persona.declaration import changed, existing, persona
from pjaid.actors.persona.marks import Mark

ROWS_AT_ONCE = 100
"""Memories, or conversations and messages, in one commit."""

LOOKED_AFTER_S = 3600.0

DELETING = Mark("persona.deleting.")

_one_at_a_time = anyio.Lock()


@persona.serves_long
async def delete(db: Database, params: PersonaParams) -> PersonaChanged:
    """It goes, with all that it owns; once that has begun it is done whether its caller waits or not."""
    await existing(db, params.id)
    if await _owns_little(db, params.id):
        return await changed(db, params.id, v1.PersonaDeleted(id=params.id))
    await db.commit(DELETING.begun(params.id))
    with anyio.CancelScope(shield=True):
        done = await _end(db, params.id)
    return done  # noqa: RET504 # mypy holds that the scope may take an exception


@persona.every(LOOKED_AFTER_S)
async def end_unfinished(db: Database) -> None:
    """Deletes what this process's predecessor was at when it ended."""
    for persona_id in await DELETING.marked(db):
        with suppress(NotFound):
            await _end(db, persona_id)


async def delete_in_batches(db: Database, persona_id: str) -> PersonaChanged:
    """Deletes a persona after most of what it owns.

    Raises:
        NotFound: somebody else has deleted it.
    """
    async for rows in db.pages(
        memories.where(persona_id=persona_id).select("id").limit(limits.QUERY_ROWS_MAX)
    ):
        for begin in range(0, len(rows), ROWS_AT_ONCE):
            ids = tuple(row["id"] for row in rows[begin : begin + ROWS_AT_ONCE])
            await _commit(db, v1.MemoriesDeleted(id=persona_id, ids=ids, reason="persona_deleted"))
    async for talks in db.pages(_talks_of(persona_id).limit(limits.QUERY_ROWS_MAX)):
        for some in _of_few_messages(talks):
            await _commit(db, *(v1.ConversationDeleted(id=talk, reason="persona_deleted") for talk in some))
    return await changed(db, persona_id, v1.PersonaDeleted(id=persona_id))


async def _end(db: Database, persona_id: str) -> PersonaChanged:
    async with _one_at_a_time:
        try:
            done = await delete_in_batches(db, persona_id)
        except NotFound:
            await DELETING.remove(db, persona_id)
            raise
        await DELETING.remove(db, persona_id)
        return done


async def _owns_little(db: Database, persona_id: str) -> bool:
    """Whether one commit may take all of it."""
    kept = await db.query(memories.where(persona_id=persona_id).select("id").limit(ROWS_AT_ONCE + 1))
    talks = await db.query(_talks_of(persona_id).limit(ROWS_AT_ONCE + 1))
    return len(kept) <= ROWS_AT_ONCE and sum(map(_rows_of, talks)) <= ROWS_AT_ONCE


def _talks_of(persona_id: str) -> Select[dict[str, Any]]:
    return conversations.where(persona_id=persona_id).select("id", "message_count")


def _of_few_messages(talks: Sequence[dict[str, Any]]) -> Iterator[list[str]]:
    """The ids of conversations, those together that make no more than a batch; a longer one is by itself."""
    some: list[str] = []
    rows = 0
    for talk in talks:
        if some and rows + _rows_of(talk) > ROWS_AT_ONCE:
            yield some
            some, rows = [], 0
        some.append(talk["id"])
        rows += _rows_of(talk)
    if some:
        yield some


def _rows_of(talk: dict[str, Any]) -> int:
    return 1 + int(talk["message_count"])


async def _commit(db: Database, *events: Event) -> None:
    """Commits a batch, and rests. One of which something went meanwhile is left to the last commit."""
    async with batch(is_awaited=True):
        with suppress(Conflict, NotFound):
            await db.commit(*events)
