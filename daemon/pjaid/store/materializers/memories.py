"""Owns how events of memories, and of the links between them, become rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from msgspec import UNSET, UnsetType

from pjai_wire import limits
from pjai_wire.codec import encode
from pjai_wire.events import v1, v2
from pjai_wire.fields import Document, MemoryTier
from pjai_wire.records import MemoryEntity
from pjai_wire.select import Select, either
from pjai_wire.tables import memories, memory_links, personas
from pjaid.store.materializers.registry import Read, materializes
from pjaid.store.requirements import (
    absent,
    all_of_persona,
    exists,
    not_linked,
    of_one_persona,
    version_follows,
)
from pjaid.store.writes import Write, delete, delete_referring, given, insert, unpack, update

PACKED_BYTES_MIN = 80
"""A shorter content is not worth packing: the event about it would take as much as that saves."""

TOO_SHORT = 0
"""In the place of a dictionary's version."""

_HASHED = ("type", "name", "summary", "content")


@materializes(v1.MemoryEntityCreated, exists(personas, "persona_id"), absent(memories))
def memory_created(event: v1.MemoryEntityCreated, _read: Read) -> Iterator[Write]:
    """A memory begins unconnected, last accessed when it was made unless the event says otherwise."""
    accessed = event.at if event.last_accessed_at is None else event.last_accessed_at
    yield insert(
        memories,
        **given(event, "last_accessed_at"),
        last_accessed_at=accessed,
        created_at=event.at,
        updated_at=event.at,
        compression_applied=False,
        compression_dictionary=_too_short(event.content),
        connection_count=0,
        version=1,
        pinned=False,
    )


@materializes(v1.MemoryEntityUpdated, exists(memories))
def memory_updated(event: v1.MemoryEntityUpdated, _read: Read) -> Iterator[Write]:
    """Version 1 knows no version and no metadata: the one counts up, the other stays."""
    yield update(
        memories.where(id=event.id),
        **given(event, "id"),
        **_lost(event),
        updated_at=event.at,
        version=memories.version + 1,
    )
    yield from _read_often(memories.where(id=event.id), event.memory_tier)


@materializes(v2.MemoryEntityUpdated, exists(memories), version_follows)
def memory_updated_v2(event: v2.MemoryEntityUpdated, _read: Read) -> Iterator[Write]:
    """Version 2 says which version it makes."""
    yield update(memories.where(id=event.id), **given(event, "id"), **_lost(event), updated_at=event.at)
    yield from _read_often(memories.where(id=event.id), event.memory_tier)


@materializes(v1.MemoryEntityAccessed, exists(memories))
def memory_accessed(event: v1.MemoryEntityAccessed, _read: Read) -> Iterator[Write]:
    """To access is not to change."""
    yield update(memories.where(id=event.id), last_accessed_at=event.at)


@materializes(
    v1.MemoryEntityLinked,
    exists(memories, "from_id"),
    exists(memories, "to_id"),
    absent(memory_links),
    of_one_persona,
    not_linked,
)
def memory_linked(event: v1.MemoryEntityLinked, _read: Read) -> Iterator[Write]:
    """A link counts at both of its ends."""
    yield insert(memory_links, **given(event), created_at=event.at)
    ends = memories.where(memories.id.in_([event.from_id, event.to_id]))
    yield update(ends, connection_count=memories.connection_count + 1)


@materializes(v1.MemoryEntityUnlinked, exists(memory_links))
def memory_unlinked(event: v1.MemoryEntityUnlinked, read: Read) -> Iterator[Write]:
    """A link that ends counts no more at either end."""
    for link in read(memory_links.where(id=event.id)):
        ends = memories.where(memories.id.in_([link.from_id, link.to_id]))
        yield update(ends, connection_count=memories.connection_count - 1)
    yield delete(memory_links.where(id=event.id))


@materializes(v1.MemoryEntityDeleted, exists(memories))
def memory_deleted(event: v1.MemoryEntityDeleted, read: Read) -> Iterator[Write]:
    """The row stays, marked as deleted; its links end, and count no more at their other ends."""
    links = memory_links.where(either(memory_links.from_id == event.id, memory_links.to_id == event.id))
    for link in read(links):
        other = link.to_id if link.from_id == event.id else link.from_id
        yield update(memories.where(id=other), connection_count=memories.connection_count - 1)
    yield delete(links)
    yield update(memories.where(id=event.id), deleted_at=event.at, updated_at=event.at, connection_count=0)


@materializes(v1.MemoryPinned, exists(memories))
def memory_pinned(event: v1.MemoryPinned, _read: Read) -> Iterator[Write]:
    """What is pinned is hot, from now on."""
    yield update(memories.where(id=event.id), pinned=True, memory_tier="hot")
    yield from _read_often(memories.where(id=event.id), "hot")


@materializes(v1.MemoryUnpinned, exists(memories))
def memory_unpinned(event: v1.MemoryUnpinned, _read: Read) -> Iterator[Write]:
    """It stays where it is, for now."""
    yield update(memories.where(id=event.id), pinned=False)


@materializes(v1.MemoriesTiered, all_of_persona("deleted_at IS NULL AND (pinned = 0 OR ? = 'hot')", "tier"))
def memories_tiered(event: v1.MemoriesTiered, _read: Read) -> Iterator[Write]:
    """To be kept elsewhere is not to change."""
    yield update(memories.where(memories.id.in_(event.ids)), memory_tier=event.tier)
    yield from _read_often(memories.where(memories.id.in_(event.ids)), event.tier)


@materializes(v1.MemoriesDeleted, all_of_persona("deleted_at IS NULL"))
def memories_deleted(event: v1.MemoriesDeleted, read: Read) -> Iterator[Write]:
    """As if each were deleted by itself."""
    yield from _left(event, read)


@materializes(
    v1.MemoriesExpired,
    all_of_persona("deleted_at IS NULL AND pinned = 0 AND last_accessed_at < ?", "before"),
)
def memories_expired(event: v1.MemoriesExpired, read: Read) -> Iterator[Write]:
    """As if each were deleted by itself."""
    yield from _left(event, read)


def _left(event: v1.MemoriesDeleted | v1.MemoriesExpired, read: Read) -> Iterator[Write]:
    """The rows stay, their links end, and count no more at other ends."""
    links = memory_links.where(either(memory_links.from_id.in_(event.ids), memory_links.to_id.in_(event.ids)))
    lost: Counter[str] = Counter()
    for link in read(links):
        lost.update({link.from_id, link.to_id}.difference(event.ids))
    others: defaultdict[int, list[str]] = defaultdict(list)
    for other, count in sorted(lost.items()):
        others[count].append(other)
    for count, ids in others.items():
        for begin in range(0, len(ids), limits.QUERY_LIST_MAX):
            some = memories.where(memories.id.in_(ids[begin : begin + limits.QUERY_LIST_MAX]))
            yield update(some, connection_count=memories.connection_count - count)
    yield delete(links)
    yield update(
        memories.where(memories.id.in_(event.ids)),
        deleted_at=event.at,
        updated_at=event.at,
        connection_count=0,
    )


@materializes(v1.MemoriesPurged, all_of_persona("deleted_at < ?", "before"))
def memories_purged(event: v1.MemoriesPurged, _read: Read) -> Iterator[Write]:
    """The rows go, and links to them, should there be any yet."""
    gone = memories.where(memories.id.in_(event.ids), memories.deleted_at < event.before)
    yield delete_referring(memory_links, memory_links.from_id, gone)
    yield delete_referring(memory_links, memory_links.to_id, gone)
    yield delete(gone)


def _lost(event: v1.MemoryEntityUpdated) -> dict[str, Any]:
    """A hash is of what was remembered: what has changed has none. A new content is not packed yet."""
    lost: dict[str, Any] = {}
    if any(getattr(event, name) is not UNSET for name in _HASHED):
        lost["content_hash"] = None
    if event.content is not UNSET:
        lost |= {"compression_applied": False, "compression_dictionary": _too_short(event.content)}
    return lost


def _too_short(content: Document) -> int | None:
    """What is as good as tried already."""
    return TOO_SHORT if len(encode(content)) < PACKED_BYTES_MIN else None


def _read_often(rows: Select[MemoryEntity], tier: MemoryTier | UnsetType) -> Iterator[Write]:
    """What is hot from now on is plain."""
    if tier == "hot":
        tried = rows.where(memories.compression_dictionary > TOO_SHORT)
        yield unpack(tried, memories.content)
        yield update(tried, compression_applied=False, compression_dictionary=None)
