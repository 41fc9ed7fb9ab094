"""Owns the queries that most programs ask, ready made; each can be refined like any other.

async with db.watch(queries.memories_of(ada, importance_min=50)) as live:
    async for rows in live:
        print(rows[0].name)
"""

from __future__ import annotations

from pjai.insights import MemoryInsights, memory_insights
from pjai_wire.fields import MemoryTier, MemoryType, Resolution
from pjai_wire.query import Condition
from pjai_wire.records import Conversation, MemoryEntity, Message, MetricPoint, Persona
from pjai_wire.select import Select
from pjai_wire.tables import conversations, memories, messages, metric_points, personas

__all__ = [
    "MemoryInsights",
    "active_persona",
    "active_personas",
    "memories_of",
    "memory_insights",
    "messages_of",
    "metric_series",
    "recent_conversations",
]


def active_personas() -> Select[Persona]:
    """The personas that are active, the one used last first."""
    return personas.where(is_active=True).order_by(personas.last_used_at.desc())


def active_persona() -> Select[Persona]:
    """The persona that is active: one row, or none."""
    return active_personas().limit(1)


def memories_of(
    persona_id: str,
    *,
    type: MemoryType | None = None,  # noqa: A002 # the column's own name
    importance_min: int | None = None,
    tier: MemoryTier | None = None,
    since: int | None = None,
    until: int | None = None,
    limit: int = 100,
) -> Select[MemoryEntity]:
    """What a persona remembers, the most important first, and among these what was last of use.

    Args:
        persona_id: whose memories.
        type: only those of this type.
        importance_min: only those at least so important, of 100.
        tier: only those of this tier.
        since: only those made at or after this instant, in milliseconds since the epoch.
        until: only those made before this instant.
        limit: how many at most.
    """
    conditions: list[Condition] = []
    if type is not None:
        conditions.append(memories.type == type)
    if importance_min is not None:
        conditions.append(memories.importance >= importance_min)
    if tier is not None:
        conditions.append(memories.memory_tier == tier)
    if since is not None:
        conditions.append(memories.created_at >= since)
    if until is not None:
        conditions.append(memories.created_at < until)
    return (
        memories.where(*conditions, persona_id=persona_id)
        .order_by(memories.importance.desc(), memories.last_accessed_at.desc())
        .limit(limit)
    )


def recent_conversations(
    persona_id: str, *, archived: bool = False, page_size: int = 50, after: Conversation | None = None
) -> Select[Conversation]:
    """A page of a persona's conversations, the one begun last first, without their messages.

    Args:
        persona_id: whose conversations.
        archived: those that were put away, in place of those that were not.
        page_size: how many at most.
        after: the last conversation of the page before; None for the first page. Conversations that begin
            meanwhile shift nothing.
    """
    page = (
        conversations.where(persona_id=persona_id, is_archived=archived)
        .order_by(conversations.created_at.desc())
        .omit("messages")
        .limit(page_size)
    )
    return page if after is None else page.after(after.created_at, after.id)


def messages_of(conversation_id: str, *, limit: int = 100) -> Select[Message]:
    """The newest messages of a conversation, the newest first, so that a limit keeps those that are read.

    Args:
        conversation_id: which conversation.
        limit: how many at most; `reversed` puts them in the order in which they were said.
    """
    return messages.where(conversation_id=conversation_id).order_by(messages.position.desc()).limit(limit)


def metric_series(
    resolution: Resolution = "1s", *, since: int | None = None, limit: int = 60
) -> Select[MetricPoint]:
    """What the daemon measured, the newest second, minute or hour first; the metrics actor keeps it.

    Args:
        resolution: points of a second are kept for an hour, those of a minute for a day, those of an hour
            for a year.
        since: only those that begin at or after this instant, in milliseconds since the epoch.
        limit: how many at most.
    """
    points = metric_points.where(resolution=resolution)
    if since is not None:
        points = points.where(metric_points.at >= since)
    return points.order_by(metric_points.at.desc()).limit(limit)
