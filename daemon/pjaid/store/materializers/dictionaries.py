"""Owns how events of dictionaries, and of the packing of contents with them, become rows."""

from __future__ import annotations

from collections.abc import Iterator

from pjai_wire.events import v1
from pjai_wire.tables import dictionaries, memories
from pjaid.store.materializers.registry import Read, materializes
from pjaid.store.requirements import absent, all_of_persona, dictionary_known, dictionary_new
from pjaid.store.writes import Write, given, insert, pack, update

UNTRIED = "deleted_at IS NULL AND memory_tier <> 'hot' AND compression_dictionary IS NULL"


@materializes(v1.DictionaryTrained, absent(dictionaries), dictionary_new)
def dictionary_trained(event: v1.DictionaryTrained, _read: Read) -> Iterator[Write]:
    """What was packed with an earlier one stays so, and that one stays with it."""
    values = given(event, "reason")
    yield insert(dictionaries, **values, size=len(event.data), trained_at=event.at)


@materializes(v1.MemoriesPacked, dictionary_known, all_of_persona(UNTRIED))
def memories_packed(event: v1.MemoriesPacked, _read: Read) -> Iterator[Write]:
    """To be stored in another form is not to change."""
    rows = memories.where(memories.id.in_(event.ids))
    yield pack(rows, memories.content, event.dictionary)
    yield update(rows, compression_applied=True, compression_dictionary=event.dictionary)


@materializes(v1.MemoriesLeftPlain, dictionary_known, all_of_persona(UNTRIED))
def memories_left_plain(event: v1.MemoriesLeftPlain, _read: Read) -> Iterator[Write]:
    """What would not shrink is not tried again."""
    rows = memories.where(memories.id.in_(event.ids))
    yield update(rows, compression_dictionary=event.dictionary)
