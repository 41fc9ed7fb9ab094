"""Owns how events of conversations and their messages become rows."""

from __future__ import annotations

from collections.abc import Iterator

from pjai_wire.events import v1
from pjai_wire.tables import conversations, messages, personas
from pjaid.store.materializers.registry import Read, materializes
from pjaid.store.requirements import absent, exists, untouched
from pjaid.store.writes import Write, delete, given, insert, update


@materializes(v1.ConversationStarted, exists(personas, "persona_id"), absent(conversations))
def conversation_started(event: v1.ConversationStarted, _read: Read) -> Iterator[Write]:
    """A conversation begins without messages."""
    yield insert(
        conversations,
        **given(event),
        is_archived=False,
        archived_at=None,
        message_count=0,
        created_at=event.at,
        updated_at=event.at,
    )


@materializes(v1.ConversationMessageAdded, exists(conversations, "conversation_id"), absent(messages))
def message_added(event: v1.ConversationMessageAdded, read: Read) -> Iterator[Write]:
    """A message is a row of its own, at the conversation's end."""
    for conversation in read(conversations.where(id=event.conversation_id).omit("messages")):
        yield insert(messages, **given(event), position=conversation.message_count, sent_at=event.at)
    yield update(
        conversations.where(id=event.conversation_id),
        message_count=conversations.message_count + 1,
        updated_at=event.at,
    )


@materializes(v1.ConversationUpdated, exists(conversations))
def conversation_updated(event: v1.ConversationUpdated, _read: Read) -> Iterator[Write]:
    """The fields that the event has replace the row's."""
    yield update(conversations.where(id=event.id), **given(event, "id"), updated_at=event.at)


@materializes(v1.ConversationArchived, exists(conversations), untouched)
def conversation_archived(event: v1.ConversationArchived, _read: Read) -> Iterator[Write]:
    """An archived conversation says since when."""
    yield update(
        conversations.where(id=event.id), is_archived=True, archived_at=event.at, updated_at=event.at
    )


@materializes(v1.ConversationUnarchived, exists(conversations))
def conversation_unarchived(event: v1.ConversationUnarchived, _read: Read) -> Iterator[Write]:
    """It is as if it had not been archived."""
    yield update(conversations.where(id=event.id), is_archived=False, archived_at=None, updated_at=event.at)


@materializes(v1.ConversationDeleted, exists(conversations))
def conversation_deleted(event: v1.ConversationDeleted, _read: Read) -> Iterator[Write]:
    """Its messages go with it."""
    yield delete(messages.where(conversation_id=event.id))
    yield delete(conversations.where(id=event.id))
