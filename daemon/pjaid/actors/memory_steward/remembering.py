"""Owns what clients ask of the memory steward: remember, touch, connect, pin, unpin, forget."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import anyio
import anyio.to_thread
from msgspec import UNSET

from pjai import Database, conversations, memories, messages, new_id, personas, v1
from pjai_wire import limits
from pjai_wire.codec import encode
from pjai_wire.errors import InvalidValue, NotFound
from pjai_wire.events import Event
from pjai_wire.fields import SanitiserPolicy
from pjai_wire.free import check_free
from pjai_wire.methods import (
    MemoryConnectParams,
    MemoryParams,
    MemoryRememberParams,
    MemoryRememberResult,
    MemoryResult,
    MemorySource,
)
from pjaid.actors.memory_steward.hashing import content_hash
from pjaid.actors.memory_steward.sanitiser import Sanitised, policy_of, sanitised

LOCKS = 64
"""Equal memories are remembered one after the other; of others only so many share a lock."""

BYTES_AT_ONCE = 100_000
"""What is longer is sanitised in a thread, so that calls and signs of life do not wait for it."""

_locks = tuple(anyio.Lock() for _ in range(LOCKS))


async def remember(db: Database, params: MemoryRememberParams) -> MemoryRememberResult:
    """A persona remembers something: sanitised by its policy, and once.

    Raises:
        NotFound: there is no such persona, or no such message.
        InvalidValue: the message is in a conversation of another persona, or a free map has a key that is not
            text.
        LimitExceeded: a free map nests too deeply.
        AlreadyExists: another memory has the id.
    """
    persona = await db.first(personas.where(id=params.persona_id))
    if persona is None:
        raise NotFound("there is no such persona", hint="see: pjai query personas")
    if params.source is not UNSET:
        await _check_source(db, params.source, persona.id)
    policy = policy_of(persona.settings)
    asked = [params.name, params.summary, params.tags, params.content, params.metadata]
    if len(encode(asked)) <= BYTES_AT_ONCE:
        told = _looked_through(asked, policy)
    else:
        told = await anyio.to_thread.run_sync(_looked_through, asked, policy)
    redactions = sum(told.found.values()) if policy == "redact" else 0
    event = _created(params, told, is_redacted=policy == "redact")
    assert event.content_hash is not None
    async with _locks[int(event.content_hash[:4], 16) % LOCKS]:
        known = memories.where(persona_id=persona.id, content_hash=event.content_hash).limit(1)
        for row in await db.query(known.select("id")):
            # One that is forgotten in the same moment is remembered anew.
            with suppress(NotFound):
                seq = (await db.commit(v1.MemoryEntityAccessed(id=row["id"]))).seq
                return MemoryRememberResult(id=row["id"], seq=seq, is_new=False, redactions=redactions)
        receipt = await db.commit(event)
    return MemoryRememberResult(id=event.id, seq=receipt.seq, is_new=True, redactions=redactions)


async def touch(db: Database, params: MemoryParams) -> MemoryResult:
    """A memory was of use."""
    return await _done(db, params.id, v1.MemoryEntityAccessed(id=params.id))


async def connect(db: Database, params: MemoryConnectParams) -> MemoryResult:
    """Two memories of one persona are connected."""
    link = v1.MemoryEntityLinked(
        id=new_id(), from_id=params.from_id, to_id=params.to_id, kind=params.kind, weight=params.weight
    )
    return await _done(db, link.id, link)


async def pin(db: Database, params: MemoryParams) -> MemoryResult:
    """A memory is hot, stays so, and never expires."""
    return await _done(db, params.id, v1.MemoryPinned(id=params.id))


async def unpin(db: Database, params: MemoryParams) -> MemoryResult:
    """A memory is like others again."""
    return await _done(db, params.id, v1.MemoryUnpinned(id=params.id))


async def forget(db: Database, params: MemoryParams) -> MemoryResult:
    """A memory is deleted; its row goes with a later clean-up."""
    return await _done(db, params.id, v1.MemoryEntityDeleted(id=params.id))


async def _done(db: Database, row_id: str, event: Event) -> MemoryResult:
    return MemoryResult(id=row_id, seq=(await db.commit(event)).seq)


async def _check_source(db: Database, source: MemorySource, persona_id: str) -> None:
    """Checks that a message is there, and the persona's. Events cannot be asked for by their id."""
    if source.kind != "message":
        return
    for row in await db.query(messages.where(id=source.id).select("conversation_id")):
        if not await db.count(conversations.where(id=row["conversation_id"], persona_id=persona_id)):
            raise InvalidValue("the source is a message of another persona", hint="name one of its own")
        return
    raise NotFound("there is no such message", hint="source.id is that of a row of messages")


def _looked_through(asked: list[Any], policy: SanitiserPolicy) -> Sanitised:
    """What is to be remembered, sanitised; maps in it may have come with anything that MessagePack holds."""
    for value in asked:
        if isinstance(value, dict):
            check_free(value)
    return sanitised(asked, policy)


def _created(params: MemoryRememberParams, told: Sanitised, *, is_redacted: bool) -> v1.MemoryEntityCreated:
    name, summary, tags, content, metadata = told.value
    # What stands in the place of something short may be longer than there is room for.
    name, summary = name[: limits.NAME_CHARACTERS_MAX], summary[: limits.DESCRIPTION_CHARACTERS_MAX]
    return v1.MemoryEntityCreated(
        id=new_id() if params.id is UNSET else params.id,
        persona_id=params.persona_id,
        type=params.type,
        name=name,
        content=content,
        summary=summary,
        tags=tuple(tag[: limits.TAG_CHARACTERS_MAX] for tag in tags),
        importance=params.importance,
        embedding=params.embedding,
        embedding_model=params.embedding_model,
        metadata={**metadata, **_about(params, told.found, is_redacted=is_redacted)},
        content_hash=content_hash(params.type, name, summary, content),
    )


def _about(params: MemoryRememberParams, found: dict[str, int], *, is_redacted: bool) -> dict[str, Any]:
    """What the steward notes of a memory: where it comes from, and what was found in it, never the text."""
    about: dict[str, Any] = {}
    if params.source is not UNSET:
        about["source"] = {"kind": params.source.kind, "id": params.source.id}
    if found:
        about["redactions" if is_redacted else "sensitive"] = found
    return about
