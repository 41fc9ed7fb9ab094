"""Owns how events of personas become rows."""

from __future__ import annotations

from collections.abc import Iterator

from pjai_wire.events import v1
from pjai_wire.tables import (
    conversations,
    memories,
    memory_links,
    messages,
    persona_secrets,
    personas,
    warnings,
    workflows,
)
from pjaid.store.materializers.registry import Read, materializes
from pjaid.store.requirements import absent, exists, name_free
from pjaid.store.writes import Write, delete, delete_referring, given, insert, put, update


@materializes(v1.PersonaCreated, absent(personas), name_free)
def persona_created(event: v1.PersonaCreated, _read: Read) -> Iterator[Write]:
    """A persona begins inactive and unused."""
    yield insert(
        personas,
        **given(event),
        is_active=False,
        last_used_at=None,
        usage_count=0,
        created_at=event.at,
        updated_at=event.at,
        version=1,
    )


@materializes(v1.PersonaUpdated, exists(personas), name_free)
def persona_updated(event: v1.PersonaUpdated, _read: Read) -> Iterator[Write]:
    """The fields that the event has replace the row's."""
    yield update(
        personas.where(id=event.id),
        **given(event, "id"),
        updated_at=event.at,
        version=personas.version + 1,
    )


@materializes(v1.PersonaActivated, exists(personas))
def persona_activated(event: v1.PersonaActivated, _read: Read) -> Iterator[Write]:
    """At most one persona is active."""
    yield update(personas.where(personas.id != event.id, is_active=True), is_active=False)
    yield update(personas.where(id=event.id), is_active=True, last_used_at=event.at)


@materializes(v1.PersonaDeactivated, exists(personas))
def persona_deactivated(event: v1.PersonaDeactivated, _read: Read) -> Iterator[Write]:
    """No persona needs to be active."""
    yield update(personas.where(id=event.id), is_active=False)


@materializes(v1.PersonaUsed, exists(personas))
def persona_used(event: v1.PersonaUsed, _read: Read) -> Iterator[Write]:
    """Uses are counted."""
    yield update(personas.where(id=event.id), last_used_at=event.at, usage_count=personas.usage_count + 1)


@materializes(v1.PersonaDeleted, exists(personas))
def persona_deleted(event: v1.PersonaDeleted, _read: Read) -> Iterator[Write]:
    """What the persona owned goes with it; its memories stay, deleted, until they are cleaned up."""
    owned = memories.where(persona_id=event.id)
    yield delete_referring(memory_links, memory_links.from_id, owned)
    yield delete_referring(memory_links, memory_links.to_id, owned)
    yield update(owned, deleted_at=event.at, updated_at=event.at, connection_count=0)
    held = conversations.where(persona_id=event.id)
    yield delete_referring(messages, messages.conversation_id, held)
    yield delete(held)
    yield delete(workflows.where(persona_id=event.id))
    yield delete(warnings.where(persona_id=event.id))
    yield delete(persona_secrets.where(id=event.id))
    yield delete(personas.where(id=event.id))


@materializes(v1.PersonaSecretsSet, exists(personas))
def persona_secrets_set(event: v1.PersonaSecretsSet, _read: Read) -> Iterator[Write]:
    """They come sealed, and stand apart from what can be queried; one that is left out stays."""
    none = {"private_memory": None, "api_keys": None}
    yield put(persona_secrets, none, **given(event), updated_at=event.at)


@materializes(v1.PersonaSecretRevealed, exists(personas))
def persona_secret_revealed(_event: v1.PersonaSecretRevealed, _read: Read) -> Iterator[Write]:
    """It is for the audit trail alone."""
    yield from ()
