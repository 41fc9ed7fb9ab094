"""Owns the events of conversations."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, UnsetType, field

from pjai_wire.events.v1.base import Event
from pjai_wire.fields import (
    Description,
    Document,
    Id,
    Importance,
    Instant,
    MessageText,
    Role,
    Sentiment,
    WordsLike,
)


class ConversationStarted(Event, frozen=True, kw_only=True):
    """A conversation begins, without messages."""

    id: Id
    persona_id: Id
    session_id: Id | None = None
    summary: Description = ""
    sentiment: Sentiment | None = None
    topics: WordsLike = ()
    importance: Importance = 50


class ConversationMessageAdded(Event, frozen=True, kw_only=True):
    """A message is added at the end of a conversation."""

    id: Id
    conversation_id: Id
    role: Role
    content: MessageText
    metadata: Document = field(default_factory=dict)


class ConversationUpdated(Event, frozen=True, kw_only=True):
    """A conversation's fields change."""

    id: Id
    summary: Description | UnsetType = UNSET
    sentiment: Sentiment | UnsetType | None = UNSET
    topics: WordsLike | UnsetType = UNSET
    importance: Importance | UnsetType = UNSET


class ConversationArchived(Event, frozen=True, kw_only=True):
    """A conversation is put away."""

    id: Id
    reason: Literal["untouched"] | None = None
    """Why, where the memory steward says so."""
    before: Instant | None = None
    """It was not touched since; where it was, this event is refused."""


class ConversationUnarchived(Event, frozen=True, kw_only=True):
    """A conversation is taken out again."""

    id: Id


class ConversationDeleted(Event, frozen=True, kw_only=True):
    """A conversation ends, with its messages."""

    id: Id
    reason: Literal["persona_deleted"] | None = None
    """Why, where the persona actor says so."""
