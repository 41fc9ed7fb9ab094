"""Owns what clients ask of the memory steward: remember, remember_all, touch, connect, pin, unpin, forget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Any, NamedTuple

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
from pjai_wire.methods.memory import MemoryRememberAllParams, MemoryRememberAllResult, MemoryRemembered
from pjaid.actors.memory_steward.hashing import content_hash
from pjaid.actors.memory_steward.sanitiser import Sanitised, policy_of, sanitised

LOCKS = 64
"""Equal memories are remembered one after the other; of others only so many share a lock."""

BYTES_AT_ONCE = 100_000
"""What is longer is sanitised in a thread, so that calls and signs of life do not wait for it."""

TRIES = 3
"""How often it is looked what is known, where some of that goes before it can be touched."""

_locks = tuple(anyio.Lock() for _ in range(LOCKS))


class _Looked(NamedTuple):
    """What is to be remembered, looked through."""

    event: v1.MemoryEntityCreated
    redactions: int


async def remember(db: Database, params: MemoryRememberParams) -> MemoryRememberResult:
    """A persona remembers something: sanitised by its policy, and once.

    Raises:
        NotFound: there is no such persona, or no such message.
        InvalidValue: the message is in a conversation of another persona, or a free map has a key that is not
            text.
        LimitExceeded: a free map nests too deeply.
        AlreadyExists: another memory has the id.
    """
    seq, (made,) = await _remember(db, [params])
    return MemoryRememberResult(id=made.id, seq=seq, is_new=made.is_new, redactions=made.redactions)


async def remember_all(db: Database, params: MemoryRememberAllParams) -> MemoryRememberAllResult:
    """Personas remember many things, all of them or nothing.

    Raises:
        PjaiError: as `remember`.
    """
    seq, made = await _remember(db, params.memories)
    return MemoryRememberAllResult(seq=seq, memories=tuple(made))


async def _remember(
    db: Database, asked: Sequence[MemoryRememberParams]
) -> tuple[int, list[MemoryRemembered]]:
    owners = {one.persona_id for one in asked}
    known = await db.query(personas.where(personas.id.in_(owners)).limit(len(owners)))
    policies = {persona.id: policy_of(persona.settings) for persona in known}
    if policies.keys() != owners:
        raise NotFound("there is no such persona", hint="see: pjai query personas")
    for one in asked:
        if one.source is not UNSET:
            await _check_source(db, one.source, one.persona_id)
    if len(encode(asked)) <= BYTES_AT_ONCE:
        looked = _looked_through(asked, policies)
    else:
        looked = await anyio.to_thread.run_sync(_looked_through, asked, policies)
    async with AsyncExitStack() as held:
        # Always in the same order, so that no two wait for each other.
        for number in sorted({int(digest[:4], 16) % LOCKS for _, digest in map(_identity, looked)}):
            await held.enter_async_context(_locks[number])
        for _ in range(TRIES - 1):
            # One that is forgotten in the same moment is remembered anew.
            with suppress(NotFound):
                return await _commit(db, looked)
        return await _commit(db, looked)


async def _commit(db: Database, looked: Sequence[_Looked]) -> tuple[int, list[MemoryRemembered]]:
    """Commits what is new, and that what is known was of use; the seq, and what became of each."""
    # Of any persona: with a condition on that too SQLite would look at all of its memories.
    equal = memories.where(memories.content_hash.in_({digest for _, digest in map(_identity, looked)}))
    rows = equal.select("id", "persona_id", "content_hash").limit(limits.QUERY_ROWS_MAX)
    ids = {(row["persona_id"], row["content_hash"]): row["id"] for row in await db.query(rows)}
    events: list[Event] = []
    made: list[MemoryRemembered] = []
    for one in looked:
        is_new = _identity(one) not in ids
        memory_id = ids.setdefault(_identity(one), one.event.id)
        events.append(one.event if is_new else v1.MemoryEntityAccessed(id=memory_id))
        made.append(MemoryRemembered(id=memory_id, is_new=is_new, redactions=one.redactions))
    return (await db.commit(*events)).seq, made


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


def _identity(looked: _Looked) -> tuple[str, str]:
    """By which it is told from others: whose it is, and the hash of what it holds."""
    assert looked.event.content_hash is not None
    return looked.event.persona_id, looked.event.content_hash


def _looked_through(
    asked: Sequence[MemoryRememberParams], policies: Mapping[str, SanitiserPolicy]
) -> list[_Looked]:
    """What is to be remembered, sanitised; maps in it may have come with anything that MessagePack holds."""
    looked: list[_Looked] = []
    for one in asked:
        check_free(one.content)
        check_free(one.metadata)
        policy = policies[one.persona_id]
        told = sanitised([one.name, one.summary, one.tags, one.content, one.metadata], policy)
        redactions = sum(told.found.values()) if policy == "redact" else 0
        looked.append(_Looked(_created(one, told, is_redacted=policy == "redact"), redactions))
    return looked


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
