"""Owns the events of workflows."""

from __future__ import annotations

from msgspec import field

from pjai_wire.events.v1.base import Event
from pjai_wire.fields import (
    Description,
    Document,
    Id,
    Name,
    WordsLike,
)


class WorkflowSaved(Event, frozen=True, kw_only=True):
    """A workflow is made, or replaced as a whole."""

    id: Id
    name: Name
    description: Description = ""
    persona_id: Id | None = None
    definition: Document = field(default_factory=dict)
    is_template: bool = False
    is_public: bool = False
    tags: WordsLike = ()


class WorkflowExecuted(Event, frozen=True, kw_only=True):
    """A workflow ran."""

    id: Id


class WorkflowDeleted(Event, frozen=True, kw_only=True):
    """A workflow ends."""

    id: Id
